/**
 * @import { DeliveryAttempt } from "../../deliveries/deliveries.ts"
 * @import { ShownDelivery, ShownRequest } from "../pageState.ts"
 * @import { ShownLog } from "../recentLog.ts"
 */
import { byId, element, fill, plural, time } from "./dom.js";

const mostShown = 200;

/** @param {ShownLog<ShownRequest>} log */
export function showRequests(log) {
  show("requests", "request", log, request);
}

/** @param {ShownLog<ShownDelivery>} log */
export function showDeliveries(log) {
  show("deliveries", "delivery", log, delivery);
}

/**
 * Puts what is new on top, and what changed in the place that it has.
 * @template {{ readonly id: number }} Entry
 * @param {string} name
 * @param {string} noun
 * @param {ShownLog<Entry>} log
 * @param {(entry: Entry) => { readonly line: readonly Node[], readonly more: readonly Node[] }} words
 */
function show(name, noun, { total, entries }, words) {
  const list = byId(name);
  for (const entry of entries) {
    const { line, more } = words(entry);
    const before = list.querySelector(`:scope > [data-id="${entry.id}"] > details`);
    const details = before ?? element("details");
    fill(details, element("summary", { "data-key": `${name} ${entry.id}` }, ...line), ...more);
    if (!before) list.prepend(element("li", { "data-id": entry.id }, details));
  }
  while (list.children.length > mostShown) list.lastElementChild?.remove();
  const shown = list.children.length < total ? `, the newest ${list.children.length} shown` : "";
  byId(`${name}-count`).textContent = `${plural(total, noun)}${shown}`;
}

/** @param {ShownRequest} request */
function request({ at, kind, type, operation, fields, fieldCount, failedCount, status, milliseconds, fault }) {
  const counts = new Map();
  for (const { field } of fields) counts.set(field, (counts.get(field) ?? 0) + 1);
  const names = [...counts].map(([field, count]) => (count > 1 ? `${count} × ${field}` : field));
  if (fieldCount > fields.length) names.push(`${fieldCount - fields.length} more`);
  const good = status >= 200 && status < 300 && failedCount === 0;
  return {
    line: [
      time(at),
      element(
        "span",
        { class: "what" },
        element("b", {}, type === null ? kind : `${type} ${operation ?? ""}`),
        element("span", { class: "quiet" }, names.join(", ")),
        failedCount > 0 && status === 200
          ? element("span", { class: "tag", "data-mark": "removed" }, `${failedCount} failed`)
          : null,
        fault === null ? null : element("span", { class: "tag", "data-mark": "changed" }, fault),
      ),
      element("span", { class: "status", "data-good": String(good) }, status === 0 ? "no answer" : String(status)),
      element("span", { class: "quiet ms" }, `${milliseconds} ms`),
    ],
    more:
      fields.length === 0
        ? [element("p", { class: "quiet" }, "No field was asked for.")]
        : [
            element(
              "ul",
              { class: "fieldlist" },
              ...fields.map(({ alias, field, outcome }) =>
                element(
                  "li",
                  {},
                  element("code", {}, alias === field ? field : `${alias}: ${field}`),
                  element("span", { class: "status", "data-good": String(outcome === "ok") }, outcome),
                ),
              ),
            ),
          ],
  };
}

/** @param {ShownDelivery} delivery */
function delivery({ at, resource, action, receiver, state, note, attempts, body }) {
  const last = attempts.at(-1);
  const codes = attempts.map(code).join(", ");
  const good = state === "delivered" ? "true" : state === "waiting" ? "maybe" : "false";
  return {
    line: [
      time(Date.parse(at)),
      element(
        "span",
        { class: "what" },
        element("b", {}, `${resource} ${action}`),
        element("span", { class: "quiet" }, `to ${receiver.name}`),
        last && isSigned(last) ? element("span", { class: "tag" }, "signed") : null,
        note === null ? null : element("span", { class: "quiet" }, note),
      ),
      element("span", { class: "status", "data-good": good }, codes === "" ? state : `${codes} ${state}`),
      element("span", { class: "quiet ms" }, last ? `${Math.round(last.milliseconds)} ms` : ""),
    ],
    more: [
      element(
        "ul",
        { class: "fieldlist" },
        ...attempts.map((attempt) =>
          element(
            "li",
            {},
            element("span", {}, time(Date.parse(attempt.at)), ` attempt ${attempt.number}`),
            element("span", { class: "quiet" }, attempt.reason ?? ""),
            element("span", { class: "tag" }, isSigned(attempt) ? "signed" : "not signed"),
            element("span", { class: "status", "data-good": String(attempt.reason === null) }, code(attempt)),
          ),
        ),
      ),
      element("pre", {}, element("code", {}, body)),
    ],
  };
}

/** @param {DeliveryAttempt} attempt */
function code({ status }) {
  return status === null ? "no answer" : String(status);
}

/** @param {DeliveryAttempt} attempt */
function isSigned({ headers }) {
  return headers.includes("x-ion-signature");
}
