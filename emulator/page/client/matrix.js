/**
 * @import { PageSnapshot, Setup, ShownReceiver } from "../pageState.ts"
 * @import { ChangeSummary, Mark } from "../recentChanges.ts"
 */
import { act } from "./api.js";
import { byId, element, fill, plural, setAttribute, time } from "./dom.js";

/** The columns and rows of the current table, as JSON. As long as they stay the same, its cells are kept. */
let builtFor = "";
const cells = /** @type {Map<string, HTMLButtonElement>} */ (new Map());

/**
 * Shows the matrix: one row per resource, and for each receiver one column per action.
 * @param {PageSnapshot} snapshot
 * @param {string} selected - the id of the selected receiver
 * @param {(id: string) => void} select - called with the id of a receiver whose heading is clicked
 */
export function showMatrix(snapshot, selected, select) {
  const { setup, receivers, receiverCount, subscriptionCount, recentChanges } = snapshot;
  byId("counts").textContent =
    receiverCount === 0 ? "" : `${plural(subscriptionCount, "subscription")} · ${plural(receiverCount, "receiver")}`;
  if (recentChanges) showRecentChanges(recentChanges);

  const rows = rowsOf(setup, receivers);
  const tableKey = JSON.stringify([rows, receivers.map(({ id, name, active }) => [id, name, active]), receiverCount]);
  if (tableKey !== builtFor) {
    builtFor = tableKey;
    cells.clear();
    const limit = `Only the first ${receivers.length} of ${receiverCount} receivers are shown.`;
    fill(
      byId("table"),
      ...(receivers.length === 0 ? [instructions(setup)] : table(receivers, rows, select)),
      ...(receiverCount > receivers.length ? [element("p", { class: "quiet" }, limit)] : []),
    );
  }
  for (const button of byId("table").querySelectorAll("thead button")) {
    const id = button.getAttribute("data-receiver") ?? "";
    setAttribute(button, "aria-pressed", String(id === selected));
    setAttribute(button, "data-mark", recentChanges?.receivers[id]);
  }
  for (const receiver of receivers) showCells(receiver, rows, recentChanges?.cells ?? {});
}

/** @typedef {{ readonly resources: readonly string[], readonly others: number, readonly actions: readonly string[] }} Rows */

/**
 * The resources of Violet's guide first, then the others; with those of subscriptions that the schema does not have.
 * @param {Setup} setup
 * @param {readonly ShownReceiver[]} receivers
 * @returns {Rows}
 */
function rowsOf({ resources, guideResources, actions }, receivers) {
  const subscriptions = receivers.flatMap(({ subscriptions }) => subscriptions);
  return {
    resources: [...new Set([...guideResources, ...resources, ...subscriptions.map(({ resource }) => resource)])],
    others: guideResources.length,
    actions: [...new Set([...actions, ...subscriptions.map(({ action }) => action)])],
  };
}

/**
 * @param {ShownReceiver} receiver
 * @param {Rows} rows
 * @param {Readonly<Record<string, Mark>>} marks
 */
function showCells({ id, name, subscriptions }, { resources, actions }, marks) {
  const idsByCell = /** @type {Map<string, string[]>} */ (new Map());
  for (const subscription of subscriptions) {
    const key = `${id} ${subscription.resource} ${subscription.action}`;
    idsByCell.set(key, [...(idsByCell.get(key) ?? []), subscription.id]);
  }
  for (const resource of resources) {
    for (const action of actions) {
      const key = `${id} ${resource} ${action}`;
      const button = cells.get(key);
      if (button) showCell(button, `${resource} ${action}, ${name}`, idsByCell.get(key) ?? [], marks[key]);
    }
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} label
 * @param {readonly string[]} ids - of the cell's subscriptions
 * @param {Mark | undefined} mark
 */
function showCell(button, label, ids, mark) {
  const count = ids.length;
  const state = count > 1 ? `subscribed ${count} times` : count === 1 ? "subscribed" : "not subscribed";
  const tooltip = count > 1 ? `Every event is delivered ${count} times` : count === 1 ? `Subscription ${ids[0]}` : null;
  const symbol = count > 1 ? `×${count}` : count === 1 ? "✓" : mark === "deleted" ? "−" : "";
  setAttribute(button, "aria-pressed", String(count > 0));
  setAttribute(button, "data-mark", mark);
  setAttribute(button, "data-id", ids.at(-1));
  setAttribute(button, "data-duplicate", count > 1);
  setAttribute(button, "aria-label", `${label}: ${state}${mark ? `, ${mark} in the last change` : ""}`);
  setAttribute(button, "title", tooltip);
  if (button.textContent !== symbol) button.textContent = symbol;
}

/**
 * @param {readonly ShownReceiver[]} receivers
 * @param {Rows} rows
 * @param {(id: string) => void} select
 */
function table(receivers, { resources, others, actions }, select) {
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      element("td"),
      ...receivers.map(({ id, name, active }) =>
        element(
          "th",
          { scope: "colgroup", colspan: actions.length, class: "group" },
          element(
            "button",
            { type: "button", "data-receiver": id, "data-key": `receiver ${id}`, title: name, click: () => select(id) },
            element("span", { class: "dot", "data-active": String(active) }),
            element("span", { class: "name" }, name),
            active ? null : element("span", { class: "tag" }, "inactive"),
          ),
        ),
      ),
    ),
    element(
      "tr",
      {},
      element("th", { scope: "col", class: "resource" }, "Resource"),
      ...receivers.flatMap(() => actions.map((action) => element("th", { scope: "col" }, action))),
    ),
  );
  const rows = resources.map((resource, index) =>
    element(
      "tr",
      { class: index === others ? "others" : null },
      element("th", { scope: "row", class: "resource" }, resource),
      ...receivers.flatMap(({ id, name }) =>
        actions.map((action, column) => {
          const key = `${id} ${resource} ${action}`;
          const click = () => toggle(key, `${resource} ${action}`, name, { receiverId: id, resource, action });
          const button = element("button", { type: "button", class: "cell", "data-key": key, click });
          cells.set(key, button);
          return element("td", { class: column === 0 ? "first" : null }, button);
        }),
      ),
    ),
  );
  const scroll = element(
    "div",
    { class: "scroll", role: "region", "aria-label": "Matrix of subscriptions" },
    element("table", { keydown: moveFocus }, head, element("tbody", {}, ...rows)),
  );
  const hint = element("p", { class: "scroll-hint quiet", hidden: true }, "Scroll sideways to see all receivers →");
  new ResizeObserver(() => {
    hint.hidden = scroll.scrollWidth <= scroll.clientWidth;
  }).observe(scroll);
  return [hint, scroll, legend(others)];
}

/** @param {number} guideResourceCount */
function legend(guideResourceCount) {
  const sample = (/** @type {string} */ text, /** @type {Record<string, string | boolean>} */ attributes) =>
    element("span", { class: "sample", "aria-hidden": "true", ...attributes }, text);
  const dot = (/** @type {boolean} */ active) => element("span", { class: "dot", "data-active": String(active) });
  const entries = /** @type {[HTMLElement, string][]} */ ([
    [sample("✓", { "aria-pressed": "true" }), "subscribed"],
    [sample("✓", { "data-mark": "created" }), "created in the last change"],
    [sample("✓", { "data-mark": "changed" }), "changed or recreated in the last change"],
    [sample("−", { "data-mark": "deleted" }), "deleted in the last change"],
    [sample("×2", { "data-duplicate": true }), "duplicate: every event is delivered twice"],
    [dot(true), "active receiver"],
    [dot(false), "inactive receiver: gets no events"],
  ]);
  return element(
    "div",
    { class: "legend quiet" },
    element("ul", {}, ...entries.map(([symbol, text]) => element("li", {}, symbol, text))),
    element("p", {}, `Above the line: the ${guideResourceCount} resources of Violet’s guide.`),
    element(
      "p",
      {},
      "Click a cell to subscribe or unsubscribe, like a change by hand in ION. Arrow keys move between cells.",
    ),
  );
}

/**
 * @param {string} key
 * @param {string} event
 * @param {string} name
 * @param {object} subscription
 */
function toggle(key, event, name, subscription) {
  const id = cells.get(key)?.getAttribute("data-id");
  if (id) act("unsubscribe", { id }, `${name} is no longer subscribed to ${event}. “pulumi preview” shows the drift.`);
  else act("subscribe", subscription, `${name} is subscribed to ${event}. No program declares this subscription.`);
}

/** @param {Event} event */
function moveFocus(event) {
  if (!(event instanceof KeyboardEvent) || !(event.target instanceof HTMLButtonElement)) return;
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const [down, right] = steps[/** @type {keyof typeof steps} */ (event.key)] ?? [];
  const cell = event.target.closest("td");
  const row = cell?.closest("tr");
  if (down === undefined || right === undefined || !cell || !row) return;
  event.preventDefault();
  const next = down === 0 ? row : row.parentElement?.children[row.sectionRowIndex + down];
  next?.children[cell.cellIndex + right]?.querySelector("button")?.focus();
}

/** @param {ChangeSummary} changes */
function showRecentChanges({ byHand, at, receivers, subscriptions }) {
  const chips = /** @type {const} */ (["created", "changed", "deleted"]).flatMap((mark) => {
    const counts = /** @type {const} */ ([
      [Object.values(receivers).filter((one) => one === mark).length, "receiver"],
      [subscriptions[mark], "subscription"],
    ]);
    const parts = counts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
    return parts.length === 0
      ? []
      : [element("span", { class: "tag", "data-mark": mark }, `${parts.join(", ")} ${mark}`)];
  });
  byId("changes").replaceChildren(
    element("span", {}, `Last change, ${byHand ? "by hand" : "through the API"}, `, time(at)),
    ...(chips.length > 0 ? chips : [element("span", { class: "tag" }, "no difference")]),
  );
}

/** @param {Setup} setup */
function instructions({ clientId, clientSecret }) {
  const commands = [
    `export ION_API_URI=${location.origin}/graphql`,
    `export ION_AUTH_SERVER=${location.origin}/realms/api-keys/protocol/openid-connect/token`,
    `export ION_CLIENT_ID=${quote(clientId)}`,
    clientSecret === null
      ? "export ION_CLIENT_SECRET=...  # the secret that you started the emulator with"
      : `export ION_CLIENT_SECRET=${quote(clientSecret)}`,
  ].join("\n");
  const copy = () => navigator.clipboard.writeText(`${commands}\n`).then(() => button.replaceChildren("Copied"));
  const button = element("button", { type: "button", click: copy }, "Copy");
  return element(
    "div",
    { class: "empty" },
    element("h3", {}, "No receiver yet"),
    element("p", {}, "Run this in the terminal where you run Pulumi:"),
    element("pre", {}, element("code", {}, commands)),
    button,
    element("p", {}, "Then run ", element("code", {}, "pulumi up"), ". Everything that it creates appears here."),
  );
}

/** @param {string} value */
function quote(value) {
  return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
