/**
 * @import { Message, Setup } from "../stream.ts"
 * @import { ShownReceiver } from "../pageState.ts"
 * @import { ShownBurst } from "../recentChanges.ts"
 */
import { showEmit } from "./emit.js";
import { showFaultForm, showFaults } from "./faults.js";
import { showDeliveries, showRequests } from "./logs.js";
import { showMatrix } from "./matrix.js";
import { showReceiver } from "./receiver.js";
import { listen } from "./server.js";

/**
 * What the page knows.
 * @typedef {object} State
 * @property {Setup | undefined} setup
 * @property {readonly string[]} order - the ids of all receivers, oldest first
 * @property {Map<string, ShownReceiver>} receivers - by id
 * @property {ShownBurst | undefined} burst
 * @property {string | undefined} selected - the id of the receiver whose details are shown
 */

/** @type {State} */
const state = { setup: undefined, order: [], receivers: new Map(), burst: undefined, selected: undefined };

listen(hear);

/** @param {Message} message */
function hear({ setup, order, receivers = [], burst, faults, requests, deliveries }) {
  if (setup && !state.setup) {
    state.setup = setup;
    showEmit(setup);
    showFaultForm(setup);
  }
  for (const receiver of receivers) state.receivers.set(receiver.id, receiver);
  if (order) {
    state.order = order;
    const present = new Set(order);
    for (const id of state.receivers.keys()) if (!present.has(id)) state.receivers.delete(id);
  }
  if (burst) state.burst = burst;
  if (order || receivers.length > 0 || burst) {
    if (!state.receivers.has(state.selected ?? "")) state.selected = state.order[0];
    showMatrix(state, select);
    showReceiver(state);
  }
  if (faults) showFaults(faults);
  if (requests) showRequests(requests);
  if (deliveries) showDeliveries(deliveries);
}

/** @param {string} id */
function select(id) {
  state.selected = id;
  showMatrix(state, select);
  showReceiver(state);
}
