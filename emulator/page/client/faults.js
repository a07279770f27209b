/**
 * @import { Setup } from "../stream.ts"
 * @import { ShownFault } from "../pageState.ts"
 */
import { byId, element, fill } from "./dom.js";
import { act } from "./server.js";

const list = element("ul", { class: "armed" });

/**
 * Shows which faults are switched on, and what has become of them.
 * @param {readonly ShownFault[]} faults
 */
export function showFaults(faults) {
  const items = faults.map(({ id, kind, on, after, times, hits }) => {
    const over = times !== null && hits >= times;
    const aim = [on.type, on.field, on.operation, on.kind === "token" ? "token requests" : undefined].filter(Boolean);
    const words = [
      ...aim,
      ...(after > 0 ? [`after ${after}`] : []),
      `hit ${hits}${times === null ? "" : ` of ${times}`}`,
    ];
    const off = () => act("removeFault", { id }, `${kind} is off.`);
    return element(
      "li",
      { "data-over": over },
      element("span", {}, element("code", {}, kind), element("span", { class: "quiet" }, words.join(" · "))),
      element(
        "button",
        { type: "button", class: "small", "data-key": `fault ${id}`, "aria-label": `Switch ${kind} off`, click: off },
        over ? "Clear" : "Switch off",
      ),
    );
  });
  fill(list, ...items);
}

/**
 * Shows the form that switches a fault on.
 * @param {Setup} setup
 */
export function showFaultForm({ faultKinds }) {
  const kind = element("select", { id: "fault-kind" }, ...faultKinds.map(({ kind }) => element("option", {}, kind)));
  const target = choice("fault-target", [
    ["any request", ""],
    ["mutations", "type=mutation"],
    ["queries", "type=query"],
    ["token requests", "kind=token"],
  ]);
  const times = choice("fault-times", [
    ["once", ""],
    ["3 times", "times=3"],
    ["until switched off", "times=Infinity"],
  ]);
  const own = element("div", { class: "fields own" });
  const summary = element("p", { class: "quiet" });
  const line = element("code", { class: "line" });

  const fault = () => {
    const inputs = [...own.querySelectorAll("input")].filter(({ value }) => value !== "");
    const options = [target.value, times.value, ...inputs.map(({ name, value }) => `${name}=${value}`)];
    const given = options.filter((option) => option !== "").join(",");
    return given === "" ? kind.value : `${kind.value}:${given}`;
  };
  const showLine = () => {
    line.textContent = `--fault ${fault()}`;
  };
  const choose = () => {
    const chosen = faultKinds.find((one) => one.kind === kind.value);
    const words = chosen?.summary ?? "";
    summary.textContent = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    const value = (/** @type {string} */ name) => (name === "ms" ? "2000" : "");
    own.replaceChildren(
      ...(chosen?.options ?? []).map((name) =>
        element(
          "label",
          {},
          name,
          element("input", { name, value: value(name), autocomplete: "off", input: showLine }),
        ),
      ),
    );
    showLine();
  };
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    act("addFault", { fault: fault() }, `${kind.value} is on, from the next request.`);
  };
  fill(
    byId("faults"),
    element("div", { class: "head" }, element("h2", { id: "faults-title" }, "Faults")),
    list,
    element(
      "form",
      { submit: add, change: showLine },
      element(
        "div",
        { class: "fields" },
        element("label", {}, "what", kind),
        element("label", {}, "hits", target),
        element("label", {}, "how often", times),
      ),
      own,
      summary,
      element("div", { class: "inline" }, element("button", { class: "main" }, "Switch on"), line),
    ),
  );
  kind.addEventListener("change", choose);
  choose();
}

/**
 * @param {string} id
 * @param {readonly (readonly [text: string, value: string])[]} options
 */
function choice(id, options) {
  return element("select", { id }, ...options.map(([text, value]) => element("option", { value }, text)));
}
