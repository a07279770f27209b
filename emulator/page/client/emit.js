/** @import { Setup } from "../stream.ts" */
import { byId, element, fill, plural } from "./dom.js";
import { act, say } from "./server.js";

/**
 * Shows the form that makes an event.
 * @param {Setup} setup
 */
export function showEmit({ resources, actions }) {
  const options = (/** @type {readonly string[]} */ names) => names.map((name) => element("option", {}, name));
  const resource = element("select", { id: "emit-resource" }, ...options(resources));
  const action = element("select", { id: "emit-action" }, ...options(actions));
  const emit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const pair = `${resource.value} ${action.value}`;
    const answer = await act("emit", { resource: resource.value, action: action.value });
    if (!answer) return;
    const { deliveries, note } = answer;
    say(typeof note === "string" ? note : `${pair}: ${plural(Number(deliveries), "delivery")} on the way.`);
  };
  fill(
    byId("emit"),
    element("div", { class: "head" }, element("h2", { id: "emit-title" }, "Emit an event")),
    element(
      "form",
      { class: "fields", submit: emit },
      element("label", {}, "resource", resource),
      element("label", {}, "action", action),
      element("button", { class: "main" }, "Emit"),
    ),
    element(
      "p",
      { class: "quiet" },
      "As if such an object had changed in ION: every active receiver that is subscribed hears of it.",
    ),
  );
}
