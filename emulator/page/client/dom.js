/**
 * Creates an element. Strings become text nodes, so data is never interpreted as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>} [attributes]
 *   Attributes as in HTML. A function is a listener for the event of its name; true sets an empty attribute; false, null
 *   and undefined set none.
 * @param {...(Node | string | number | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") created.addEventListener(name, value);
    else setAttribute(created, name, value);
  }
  created.append(
    ...children.flatMap((child) => (child == null ? [] : [typeof child === "number" ? String(child) : child])),
  );
  return created;
}

/**
 * Sets or removes an attribute.
 * @param {Element} target
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function setAttribute(target, name, value) {
  const attribute = value === true ? "" : value === false || value == null ? null : String(value);
  if (attribute === target.getAttribute(name)) return;
  if (attribute === null) target.removeAttribute(name);
  else target.setAttribute(name, attribute);
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
 * Replaces the content of a container. The element with the focus, identified by its `data-key`, keeps it and its caret.
 * @param {Element} container
 * @param {...(Node | string)} content
 */
export function fill(container, ...content) {
  const active = document.activeElement;
  const key = active && container.contains(active) ? active.getAttribute("data-key") : null;
  const caret = active instanceof HTMLInputElement ? active.selectionStart : null;
  container.replaceChildren(...content);
  if (key === null) return;
  const replacement = container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (replacement instanceof HTMLElement) replacement.focus({ preventScroll: true });
  if (replacement instanceof HTMLInputElement && caret !== null) replacement.setSelectionRange(caret, caret);
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
