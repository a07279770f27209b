/** @import { ShownReceiver } from "../pageState.ts" */
import { act } from "./api.js";
import { byId, element, fill, plural } from "./dom.js";

/** The id of the receiver whose deletion waits for confirmation. */
let confirming = "";
/** Descriptions that are being edited, by receiver id. */
const drafts = /** @type {Map<string, string>} */ (new Map());

/**
 * Shows the details of a receiver. Its secrets are hidden until the user clicks Show, and again when it changes.
 * @param {ShownReceiver | undefined} receiver
 * @param {readonly string[]} changedProperties - in the last change
 */
export function showReceiver(receiver, changedProperties) {
  const section = byId("receiver");
  section.hidden = !receiver;
  if (!receiver) return fill(section);
  const refresh = () => showReceiver(receiver, changedProperties);
  const { id, name, active, contentType, expectedResponseCode, headers } = receiver;
  const isChanged = (/** @type {string} */ property) => changedProperties.includes(property);

  const toggleActive = () =>
    act(
      "updateReceiver",
      { id, active: !active },
      `${name} is ${active ? "inactive and gets no events" : "active"} now.`,
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
        { type: "button", role: "switch", "aria-checked": String(active), "data-key": "active", click: toggleActive },
        "active",
      ),
    ),
    element(
      "dl",
      {},
      ...row("description", isChanged("description"), ...description(receiver, refresh)),
      ...row("webhookUri", isChanged("webhookUri"), ...secret("webhookUri", { id, of: "webhookUri" })),
      ...row("sharedSecret", isChanged("sharedSecret"), ...secret("sharedSecret", { id, of: "sharedSecret" })),
      ...row("contentType", isChanged("contentType"), contentType),
      ...row("expectedResponseCode", isChanged("expectedResponseCode"), String(expectedResponseCode)),
      ...headers.flatMap((header) =>
        row(header.key, isChanged("headers"), ...secret(header.key, { id: header.id, of: "header" })),
      ),
    ),
    deletion(receiver, refresh),
  );
}

/**
 * @param {string} name
 * @param {boolean} isChanged
 * @param {...(Node | string)} value
 */
function row(name, isChanged, ...value) {
  const tag = isChanged ? element("span", { class: "tag", "data-mark": "changed" }, "changed") : null;
  return [element("dt", {}, name, tag), element("dd", {}, ...value)];
}

/**
 * @param {string} name
 * @param {{ readonly id: string, readonly of: string }} source
 */
function secret(name, source) {
  const value = element("span", { class: "secret", "data-hidden": true }, "••••••••");
  const toggle = async () => {
    if (value.hasAttribute("data-hidden")) {
      const result = await act("show", source);
      if (typeof result?.value !== "string") return;
      value.textContent = result.value;
    } else value.textContent = "••••••••";
    value.toggleAttribute("data-hidden");
    const verb = value.hasAttribute("data-hidden") ? "Show" : "Hide";
    button.textContent = verb;
    button.setAttribute("aria-label", `${verb} ${name}`);
  };
  const button = element(
    "button",
    {
      type: "button",
      class: "small",
      "aria-label": `Show ${name}`,
      "data-key": `secret ${source.of} ${source.id}`,
      click: toggle,
    },
    "Show",
  );
  return [value, button];
}

/**
 * @param {ShownReceiver} receiver
 * @param {() => void} refresh
 */
function description({ id, name, description }, refresh) {
  const draft = drafts.get(id);
  if (draft === undefined) {
    const edit = () => {
      drafts.set(id, description ?? "");
      refresh();
      document.getElementById("description")?.focus();
    };
    return [
      description === null ? element("span", { class: "quiet" }, "none") : element("span", {}, description),
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
  const close = () => {
    drafts.delete(id);
    refresh();
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const changes = { id, description: input.value === "" ? null : input.value };
    if (await act("updateReceiver", changes, `The description of ${name} is changed.`)) close();
  };
  return [
    element(
      "form",
      { class: "inline", submit: save },
      input,
      element("button", { class: "small", "data-key": "save" }, "Save"),
      element("button", { type: "button", class: "small", "data-key": "cancel", click: close }, "Cancel"),
    ),
  ];
}

/**
 * @param {ShownReceiver} receiver
 * @param {() => void} refresh
 */
function deletion({ id, name, subscriptions }, refresh) {
  const confirm = (/** @type {string} */ receiverId) => () => {
    confirming = receiverId;
    refresh();
  };
  if (confirming !== id) {
    return element(
      "footer",
      {},
      element(
        "button",
        { type: "button", class: "danger", "data-key": "delete", click: confirm(id) },
        "Delete receiver…",
      ),
    );
  }
  const remove = () =>
    act("deleteReceiver", { id }, `${name} is deleted. “pulumi preview” shows what it will recreate.`);
  return element(
    "footer",
    {},
    element("span", {}, `Delete it and ${plural(subscriptions.length, "subscription")}?`),
    element("button", { type: "button", class: "danger", "data-key": "confirm", click: remove }, "Delete"),
    element("button", { type: "button", "data-key": "delete", click: confirm("") }, "Cancel"),
  );
}
