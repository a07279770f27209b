/** @import { Setup } from "../pageState.ts" */
import { act, notify } from "./api.js";
import { byId, element, fill, plural } from "./dom.js";

/**
 * Shows the form that sends an event.
 * @param {Setup} setup
 */
export function showEventForm({ resources, actions }) {
  const options = (/** @type {readonly string[]} */ names) => names.map((name) => element("option", {}, name));
  const resource = element("select", { id: "event-resource" }, ...options(resources));
  const action = element("select", { id: "event-action" }, ...options(actions));
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const result = await act("emit", { resource: resource.value, action: action.value });
    if (!result) return;
    const { deliveries, note } = result;
    const started = `${resource.value} ${action.value}: ${plural(Number(deliveries), "delivery")} started.`;
    notify(typeof note === "string" ? note : started);
  };
  fill(
    byId("event"),
    element("div", { class: "head" }, element("h2", { id: "event-title" }, "Send an event")),
    element(
      "form",
      { class: "fields", submit: send },
      element("label", {}, "Resource", resource),
      element("label", {}, "Action", action),
      element("button", { class: "main" }, "Send"),
    ),
    element(
      "p",
      { class: "quiet" },
      "Simulates a change in ION. Every active receiver that is subscribed gets the event.",
    ),
  );
}
