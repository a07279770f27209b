/**
 * Makes an element. Whatever is text becomes a text node, so nothing that comes from elsewhere is ever markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>} [attributes]
 *   Attributes as in HTML; a function hears the event of its name; true stands for an empty attribute, false, null and
 *   undefined for none.
 * @param {...(Node | string | number | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else set(made, name, value);
  }
  made.append(
    ...children.flatMap((child) => (child == null ? [] : [typeof child === "number" ? String(child) : child])),
  );
  return made;
}

/**
 * Sets an attribute, or takes it away.
 * @param {Element} of
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function set(of, name, value) {
  const text = value === true ? "" : value === false || value == null ? null : String(value);
  if (text === of.getAttribute(name)) return;
  if (text === null) of.removeAttribute(name);
  else of.setAttribute(name, text);
}

/**
 * The element of the page with this id.
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/**
 * Gives a container other content; what had the focus keeps it, known by its `data-key`, and its caret.
 * @param {Element} container
 * @param {...(Node | string)} content
 */
export function fill(container, ...content) {
  const active = document.activeElement;
  const key = active && container.contains(active) ? active.getAttribute("data-key") : null;
  const caret = active instanceof HTMLInputElement ? active.selectionStart : null;
  container.replaceChildren(...content);
  if (key === null) return;
  const again = container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  if (again instanceof HTMLInputElement && caret !== null) again.setSelectionRange(caret, caret);
}

/**
 * "1 receiver", "2 receivers".
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : noun.replace(/y$/, "ie").concat("s")}`;
}

const clock = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });

/**
 * The time of day.
 * @param {number} at - in milliseconds since 1970
 */
export function time(at) {
  return element("time", { datetime: new Date(at).toISOString() }, clock.format(at));
}
