/** @import { PageSnapshot } from "../pageState.ts" */
import { watch } from "./api.js";
import { showEventForm } from "./events.js";
import { showFailureForm, showFailures } from "./failures.js";
import { showDeliveries, showRequests } from "./logs.js";
import { showMatrix } from "./matrix.js";
import { showReceiver } from "./receiver.js";

/** The data that each part of the page shows, as JSON. */
const shownData = /** @type {Map<string, string>} */ (new Map());
/** The id of the receiver whose details are shown. */
let selected = "";

watch(show);

/** @param {PageSnapshot} snapshot */
function show(snapshot) {
  const { setup, faults, requests, deliveries } = snapshot;
  showIfChanged("event form", [setup.resources, setup.actions], () => showEventForm(setup));
  showIfChanged("failure form", setup.faultKinds, () => showFailureForm(setup));
  showReceivers(snapshot);
  showIfChanged("failures", faults, () => showFailures(faults));
  showRequests(requests);
  showDeliveries(deliveries);
}

/** @param {PageSnapshot} snapshot */
function showReceivers(snapshot) {
  const { setup, receivers, receiverCount, subscriptionCount, recentChanges } = snapshot;
  const receiver = receivers.find(({ id }) => id === selected) ?? receivers[0];
  selected = receiver?.id ?? "";
  const select = (/** @type {string} */ id) => {
    selected = id;
    showReceivers(snapshot);
  };
  const counts = [receiverCount, subscriptionCount];
  showIfChanged("matrix", [setup, receivers, counts, recentChanges, selected], () =>
    showMatrix(snapshot, selected, select),
  );
  // With the time of the last change, so that a secret that is shown is hidden when it changes.
  showIfChanged("receiver", [receiver, recentChanges?.at], () =>
    showReceiver(receiver, recentChanges?.properties[selected] ?? []),
  );
}

/**
 * @param {string} part
 * @param {unknown} data
 * @param {() => void} render
 */
function showIfChanged(part, data, render) {
  const json = JSON.stringify(data);
  if (shownData.get(part) === json) return;
  shownData.set(part, json ?? "");
  render();
}
