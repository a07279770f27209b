/**
 * @import { Delivery, DeliveryAttempt } from "../../deliveries/delivery.ts"
 * @import { ShownLog, ShownRequest } from "../pageState.ts"
 */
import { byId, element, fill, plural, time } from "./dom.js";

/** @typedef {{ readonly item: HTMLElement, readonly details: HTMLDetailsElement, json: string }} Row */

const requestRows = /** @type {Map<string, Row>} */ (new Map());
const deliveryRows = /** @type {Map<string, Row>} */ (new Map());

/** @param {ShownLog<ShownRequest>} log */
export function showRequests(log) {
  showLog("requests", "request", log, requestRows, renderRequest);
}

/** @param {ShownLog<Delivery>} log */
export function showDeliveries(log) {
  showLog("deliveries", "delivery", log, deliveryRows, renderDelivery);
}

/**
 * Shows a log, newest entry first. Entries that have not changed keep their elements.
 * @template {{ readonly id: number | string }} Entry
 * @param {string} name
 * @param {string} noun
 * @param {ShownLog<Entry>} log
 * @param {Map<string, Row>} rows
 * @param {(entry: Entry) => { readonly line: readonly Node[], readonly more: readonly Node[] }} render
 */
function showLog(name, noun, { total, entries }, rows, render) {
  const list = byId(name);
  for (const entry of entries) {
    const id = String(entry.id);
    const json = JSON.stringify(entry);
    let row = rows.get(id);
    if (row?.json === json) continue;
    if (!row) {
      const details = element("details");
      row = { item: element("li", {}, details), details, json };
      rows.set(id, row);
      list.prepend(row.item);
    }
    row.json = json;
    const { line, more } = render(entry);
    fill(row.details, element("summary", { "data-key": `${name} ${id}` }, ...line), ...more);
  }
  const ids = new Set(entries.map(({ id }) => String(id)));
  for (const [id, { item }] of rows) {
    if (ids.has(id)) continue;
    item.remove();
    rows.delete(id);
  }
  const limit = entries.length < total ? `, the newest ${entries.length} are shown` : "";
  byId(`${name}-count`).textContent = `${plural(total, noun)}${limit}`;
}

/** @param {ShownRequest} request */
function renderRequest({
  at,
  kind,
  type,
  operation,
  counts,
  fields,
  fieldCount,
  failedCount,
  status,
  milliseconds,
  fault,
}) {
  const names = counts.map(({ field, count }) => (count > 1 ? `${count} × ${field}` : field));
  const isGood = status >= 200 && status < 300 && failedCount === 0;
  const result = resultOf(counts);
  return {
    line: [
      time(at),
      element(
        "span",
        { class: "what" },
        element("b", {}, type === null ? kind : `${type} ${operation ?? ""}`),
        element("span", { class: "quiet" }, names.join(", ")),
        result === "" ? null : element("span", {}, result),
        failedCount > 0 && status === 200
          ? element("span", { class: "tag", "data-mark": "deleted" }, `${failedCount} failed`)
          : null,
        fault === null ? null : element("span", { class: "tag", "data-mark": "changed" }, fault),
      ),
      element("span", { class: "status", "data-good": String(isGood) }, status === 0 ? "no response" : String(status)),
      element("span", { class: "quiet ms" }, `${milliseconds} ms`),
    ],
    more:
      fields.length === 0
        ? [element("p", { class: "quiet" }, "No fields were requested.")]
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
              fieldCount > fields.length
                ? element("li", { class: "quiet" }, `and ${fieldCount - fields.length} more`)
                : null,
            ),
          ],
  };
}

const verbs = /** @type {Record<string, string>} */ ({ create: "created", update: "changed", delete: "deleted" });

/**
 * What the mutations of a request did, such as "39 subscriptions created".
 * @param {ShownRequest["counts"]} counts
 */
function resultOf(counts) {
  const results = counts.flatMap(({ field, succeeded }) => {
    const [, verb = "", type = ""] = /^(create|update|delete)Webhook([A-Z][a-z]+)$/.exec(field) ?? [];
    return type === "" || succeeded === 0 ? [] : [`${plural(succeeded, type.toLowerCase())} ${verbs[verb]}`];
  });
  return results.join(", ");
}

/** @param {Delivery} delivery */
function renderDelivery({ at, resource, action, receiver, state, note, attempts, body }) {
  const last = attempts.at(-1);
  const codes = attempts.map(codeOf).join(", ");
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
            element("span", { class: "status", "data-good": String(attempt.reason === null) }, codeOf(attempt)),
          ),
        ),
      ),
      element("pre", {}, element("code", {}, body)),
    ],
  };
}

/** @param {DeliveryAttempt} attempt */
function codeOf({ status }) {
  return status === null ? "no response" : String(status);
}

/** @param {DeliveryAttempt} attempt */
function isSigned({ headers }) {
  return headers.includes("x-ion-signature");
}
