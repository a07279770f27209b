/**
 * @import { Mark } from "../recentChanges.ts"
 * @import { ShownReceiver } from "../pageState.ts"
 * @import { State } from "./main.js"
 */
import { byId, element, fill, plural, set, time } from "./dom.js";
import { act } from "./server.js";

/** More cells than these columns have are no longer an overview. */
const mostReceivers = 25;

/** What the table was last built for; its cells are kept while that stays the same. */
let built = "";
/** @type {Map<string, HTMLButtonElement>} */
const cells = new Map();

/**
 * Shows the matrix: a row a resource, and for each receiver a column an action.
 * @param {State} state
 * @param {(id: string) => void} select - called with the id of the receiver whose heading is pressed
 */
export function showMatrix(state, select) {
  const receivers = state.order.flatMap((id) => state.receivers.get(id) ?? []);
  const count = receivers.reduce((sum, { subscriptions }) => sum + subscriptions.length, 0);
  byId("counts").textContent =
    receivers.length === 0 ? "" : `${plural(count, "subscription")} · ${plural(receivers.length, "receiver")}`;
  showBurst(state);

  const shown = receivers.slice(0, mostReceivers);
  const { resources, actions } = names(state, shown);
  const wanted = JSON.stringify([resources, actions, shown.map(({ id, name, active }) => [id, name, active])]);
  if (wanted !== built) {
    built = wanted;
    cells.clear();
    fill(byId("table"), ...(shown.length === 0 ? [invitation(state)] : table(shown, resources, actions, select)));
    if (receivers.length > shown.length) {
      byId("table").append(
        element("p", { class: "quiet" }, `The first ${mostReceivers} of ${receivers.length} receivers.`),
      );
    }
  }
  for (const button of byId("table").querySelectorAll("thead button")) {
    const id = button.getAttribute("data-receiver") ?? "";
    set(button, "aria-pressed", String(id === state.selected));
    set(button, "data-mark", state.burst?.receivers[id]);
  }
  for (const receiver of shown) showCells(receiver, resources, actions, state.burst?.cells ?? {});
}

/**
 * @param {ShownReceiver} receiver
 * @param {readonly string[]} resources
 * @param {readonly string[]} actions
 * @param {Readonly<Record<string, Mark>>} marks
 */
function showCells({ id, name, subscriptions }, resources, actions, marks) {
  /** @type {Map<string, string[]>} */
  const ids = new Map();
  for (const one of subscriptions) {
    const key = `${id} ${one.resource} ${one.action}`;
    ids.set(key, [...(ids.get(key) ?? []), one.id]);
  }
  for (const resource of resources) {
    for (const action of actions) {
      const key = `${id} ${resource} ${action}`;
      const button = cells.get(key);
      if (!button) continue;
      const own = ids.get(key) ?? [];
      const on = own.length > 0;
      const mark = marks[key] === "removed" && on ? "changed" : marks[key];
      set(button, "aria-pressed", String(on));
      set(button, "data-mark", mark);
      set(button, "data-id", own.at(-1));
      set(button, "data-twins", own.length > 1);
      const what = own.length > 1 ? `subscribed ${own.length} times` : on ? "subscribed" : "not subscribed";
      const label = `${resource} ${action}, ${name}: ${what}${mark ? `, ${mark} in the last change` : ""}`;
      set(button, "aria-label", label);
      set(
        button,
        "title",
        own.length > 1 ? `Every event is delivered ${own.length} times` : on ? `Subscription ${own[0]}` : null,
      );
      const text = own.length > 1 ? `×${own.length}` : on ? "✓" : mark === "removed" ? "−" : "";
      if (button.textContent !== text) button.textContent = text;
    }
  }
}

/**
 * @param {readonly ShownReceiver[]} receivers
 * @param {readonly string[]} resources
 * @param {readonly string[]} actions
 * @param {(id: string) => void} select
 */
function table(receivers, resources, actions, select) {
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
            active ? null : element("span", { class: "tag" }, "off"),
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
  const rows = resources.map((resource) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", class: "resource" }, resource),
      ...receivers.flatMap(({ id, name }) =>
        actions.map((action, index) => {
          const key = `${id} ${resource} ${action}`;
          const press = () => toggle(key, `${resource} ${action}`, name, { receiverId: id, resource, action });
          const button = element("button", { type: "button", class: "cell", "data-key": key, click: press });
          cells.set(key, button);
          return element("td", { class: index === 0 ? "first" : null }, button);
        }),
      ),
    ),
  );
  const whole = element("table", { keydown: move }, head, element("tbody", {}, ...rows));
  return [
    element("div", { class: "scroll", role: "region", "aria-label": "Matrix of subscriptions" }, whole),
    element(
      "p",
      { class: "legend quiet" },
      "Press a cell to subscribe or unsubscribe behind Pulumi’s back. Arrow keys move between cells.",
    ),
  ];
}

/**
 * @param {string} key
 * @param {string} pair
 * @param {string} name
 * @param {object} subscription
 */
function toggle(key, pair, name, subscription) {
  const id = cells.get(key)?.getAttribute("data-id");
  if (id) act("unsubscribe", { id }, `${name} no longer hears of ${pair}. “pulumi preview” shows it as drift.`);
  else act("subscribe", subscription, `${name} now hears of ${pair}, which no program declared.`);
}

/** @param {Event} event */
function move(event) {
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

/** @param {State} state */
function showBurst({ burst }) {
  const shown = byId("burst");
  if (!burst) return;
  const parts = /** @type {const} */ (["added", "changed", "removed"]).flatMap((mark) => {
    const receivers = Object.values(burst.receivers).filter((one) => one === mark).length;
    const counts = /** @type {const} */ ([
      [receivers, "receiver"],
      [burst.subscriptions[mark], "subscription"],
    ]);
    const words = counts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
    return words.length === 0
      ? []
      : [element("span", { class: "tag", "data-mark": mark }, `${words.join(", ")} ${mark}`)];
  });
  const who = burst.byHand ? "Last change, by hand, " : "Last change, through the API, ";
  const nothing = parts.length === 0 ? [element("span", { class: "tag" }, "nothing is left of it")] : [];
  shown.replaceChildren(element("span", {}, who, time(burst.at)), ...parts, ...nothing);
}

/**
 * All of the schema's, and whatever else there is a subscription to.
 * @param {State} state
 * @param {readonly ShownReceiver[]} receivers
 */
function names({ setup }, receivers) {
  const all = receivers.flatMap(({ subscriptions }) => subscriptions);
  return {
    resources: [...new Set([...(setup?.resources ?? []), ...all.map(({ resource }) => resource)])],
    actions: [...new Set([...(setup?.actions ?? []), ...all.map(({ action }) => action)])],
  };
}

/** @param {State} state */
function invitation({ setup }) {
  const lines = [
    `export ION_API_URI=${location.origin}/graphql`,
    `export ION_AUTH_SERVER=${location.origin}/realms/api-keys/protocol/openid-connect/token`,
    `export ION_CLIENT_ID=${quoted(setup?.clientId ?? "")}`,
    setup?.clientSecret == null
      ? "export ION_CLIENT_SECRET=...  # the one you gave this emulator"
      : `export ION_CLIENT_SECRET=${quoted(setup.clientSecret)}`,
  ].join("\n");
  const copy = () => navigator.clipboard.writeText(`${lines}\n`).then(() => button.replaceChildren("Copied"));
  const button = element("button", { type: "button", click: copy }, "Copy");
  return element(
    "div",
    { class: "empty" },
    element("h3", {}, "No receiver yet"),
    element("p", {}, "In the terminal where you run Pulumi, export this:"),
    element("pre", {}, element("code", {}, lines)),
    button,
    element("p", {}, "Then run ", element("code", {}, "pulumi up"), ". What it makes appears here as it happens."),
  );
}

/** @param {string} text */
function quoted(text) {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
