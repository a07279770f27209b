/**
 * @import { ShownReceiver } from "../pageState.ts"
 * @import { State } from "./main.js"
 */
import { byId, element, fill, plural } from "./dom.js";
import { act } from "./server.js";

/** Which receiver's deletion is to be confirmed, if any. */
let deleting = "";
/** What is being typed as a receiver's description, by its id. */
const drafts = /** @type {Map<string, string>} */ (new Map());

/**
 * Shows the details of the receiver that is selected; its secrets stay hidden until asked for, and are hidden again when
 * it changes.
 * @param {State} state
 */
export function showReceiver(state) {
  const section = byId("receiver");
  const receiver = state.receivers.get(state.selected ?? "");
  section.hidden = !receiver;
  if (!receiver) return fill(section);
  const again = () => showReceiver(state);
  const { id, name, active, contentType, expectedResponseCode, headers } = receiver;
  const changed = new Set(state.burst?.properties[id]);

  const flip = () =>
    act(
      "updateReceiver",
      { id, active: !active },
      `${name} is ${active ? "off: nothing is delivered to it" : "on"} now.`,
    );
  fill(
    section,
    element(
      "div",
      { class: "head" },
      element("h2", {}, name),
      element("span", { class: "quiet" }, `id ${id}`),
      element(
        "button",
        { type: "button", role: "switch", "aria-checked": String(active), "data-key": "active", click: flip },
        "active",
      ),
    ),
    element(
      "dl",
      {},
      ...row("description", changed, ...description(receiver, again)),
      ...row("webhookUri", changed, ...secret("webhookUri", { id, of: "webhookUri" })),
      ...row("sharedSecret", changed, ...secret("sharedSecret", { id, of: "sharedSecret" })),
      ...row("contentType", changed, contentType),
      ...row("expectedResponseCode", changed, String(expectedResponseCode)),
      ...headers.flatMap((header) =>
        row(
          header.key,
          changed.has("headers") ? new Set([header.key]) : changed,
          ...secret(header.key, { id: header.id, of: "header" }),
        ),
      ),
    ),
    deletion(receiver, again),
  );
}

/**
 * @param {string} name
 * @param {ReadonlySet<string>} changed
 * @param {...(Node | string)} value
 */
function row(name, changed, ...value) {
  const mark = changed.has(name) ? element("span", { class: "tag", "data-mark": "changed" }, "changed") : null;
  return [element("dt", {}, name, mark), element("dd", {}, ...value)];
}

/**
 * @param {string} name
 * @param {{ readonly id: string, readonly of: string }} which
 */
function secret(name, which) {
  const value = element("span", { class: "secret", "data-hidden": true }, "••••••••");
  const show = async () => {
    if (value.hasAttribute("data-hidden")) {
      const answer = await act("show", which);
      if (typeof answer?.value !== "string") return;
      value.textContent = answer.value;
    } else value.textContent = "••••••••";
    value.toggleAttribute("data-hidden");
    const hidden = value.hasAttribute("data-hidden");
    button.textContent = hidden ? "Show" : "Hide";
    button.setAttribute("aria-label", `${hidden ? "Show" : "Hide"} ${name}`);
  };
  const button = element(
    "button",
    {
      type: "button",
      class: "small",
      "aria-label": `Show ${name}`,
      "data-key": `secret ${which.of} ${which.id}`,
      click: show,
    },
    "Show",
  );
  return [value, button];
}

/**
 * @param {ShownReceiver} receiver
 * @param {() => void} again
 */
function description({ id, name, description }, again) {
  const draft = drafts.get(id);
  if (draft === undefined) {
    const edit = () => {
      drafts.set(id, description ?? "");
      again();
      document.getElementById("description")?.focus();
    };
    const text = description === null ? element("span", { class: "quiet" }, "none") : description;
    return [
      element("span", {}, text),
      element(
        "button",
        { type: "button", class: "small", "aria-label": "Edit description", "data-key": "edit", click: edit },
        "Edit",
      ),
    ];
  }
  const input = element("input", {
    id: "description",
    "data-key": "description",
    value: draft,
    "aria-label": "description",
  });
  input.addEventListener("input", () => drafts.set(id, input.value));
  const end = () => {
    drafts.delete(id);
    again();
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const change = { id, description: input.value === "" ? null : input.value };
    if (await act("updateReceiver", change, `The description of ${name} is another one now.`)) end();
  };
  return [
    element(
      "form",
      { class: "inline", submit: save },
      input,
      element("button", { class: "small", "data-key": "save" }, "Save"),
      element("button", { type: "button", class: "small", "data-key": "cancel", click: end }, "Cancel"),
    ),
  ];
}

/**
 * @param {ShownReceiver} receiver
 * @param {() => void} again
 */
function deletion({ id, name, subscriptions }, again) {
  const ask = (/** @type {string} */ which) => () => {
    deleting = which;
    again();
  };
  if (deleting !== id) {
    return element(
      "footer",
      {},
      element("button", { type: "button", class: "danger", "data-key": "delete", click: ask(id) }, "Delete receiver…"),
    );
  }
  const go = () => act("deleteReceiver", { id }, `${name} is gone. “pulumi preview” says what it will make again.`);
  return element(
    "footer",
    {},
    element("span", {}, `Delete it and ${plural(subscriptions.length, "subscription")}?`),
    element("button", { type: "button", class: "danger", "data-key": "really", click: go }, "Delete"),
    element("button", { type: "button", "data-key": "delete", click: ask("") }, "Keep"),
  );
}
