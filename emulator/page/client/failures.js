/** @import { Setup, ShownFault } from "../pageState.ts" */
import { act } from "./api.js";
import { byId, element, fill } from "./dom.js";

const list = element("ul", { class: "active-faults" });
const summaryTag = element("span", { class: "tag", "data-mark": "changed", hidden: true });

/**
 * Shows the failures that are simulated, and how many requests each has affected.
 * @param {readonly ShownFault[]} faults
 */
export function showFailures(faults) {
  const active = faults.filter(({ times, hits }) => times === null || hits < times).length;
  summaryTag.hidden = active === 0;
  summaryTag.textContent = `${active} active`;
  fill(list, ...faults.map(failure));
}

/** @param {ShownFault} fault */
function failure({ id, title, on, after, times, hits }) {
  const isUsedUp = times !== null && hits >= times;
  const target =
    on.kind === "token"
      ? "token requests"
      : on.type === "mutation"
        ? "mutations"
        : on.type === "query"
          ? "queries"
          : "all API requests";
  const details = [
    [target, on.field, on.operation].filter(Boolean).join(" "),
    ...(after > 0 ? [`skips the first ${after}`] : []),
    `${hits}${times === null ? "" : ` of ${times}`} affected`,
  ];
  const stop = () => act("removeFault", { id }, isUsedUp ? undefined : `Stopped: ${title}.`);
  return element(
    "li",
    { "data-used-up": isUsedUp },
    element("span", {}, element("span", {}, title), element("span", { class: "quiet" }, details.join(" · "))),
    element(
      "button",
      {
        type: "button",
        class: "small",
        "data-key": `fault ${id}`,
        "aria-label": `${isUsedUp ? "Remove" : "Stop"} ${title}`,
        click: stop,
      },
      isUsedUp ? "Remove" : "Stop",
    ),
  );
}

/** Labels of the options of single kinds. */
const optionLabels = /** @type {Record<string, string>} */ ({
  retryAfter: "Retry-After in seconds",
  done: "Process the request (true or false)",
  fields: "Fields, joined by +",
  message: "Error message",
  ms: "Delay in milliseconds",
});

/**
 * Shows the form that starts a simulated failure.
 * @param {Setup} setup
 */
export function showFailureForm({ faultKinds }) {
  const options = faultKinds.map(({ kind, title }) => element("option", { value: kind }, title));
  const kind = element("select", { id: "fault-kind" }, ...options);
  const target = choice("fault-target", [
    ["All API requests", ""],
    ["Writes (mutations)", "type=mutation"],
    ["Reads (queries)", "type=query"],
    ["Sign-ins (token requests)", "kind=token"],
  ]);
  const times = choice("fault-times", [
    ["Once", ""],
    ["3 times", "times=3"],
    ["Until stopped", "times=Infinity"],
  ]);
  const ownOptions = element("div", { class: "fields own" });
  const summary = element("p", { class: "quiet" });
  const command = element("code", { class: "command" });

  const fault = () => {
    const inputs = [...ownOptions.querySelectorAll("input")].filter(({ value }) => value !== "");
    const assignments = [target.value, times.value, ...inputs.map(({ name, value }) => `${name}=${value}`)];
    const used = assignments.filter((assignment) => assignment !== "").join(",");
    return used === "" ? kind.value : `${kind.value}:${used}`;
  };
  const showCommand = () => {
    command.textContent = `--fault ${fault()}`;
  };
  const showKind = () => {
    const selected = faultKinds.find((one) => one.kind === kind.value);
    const text = selected?.summary ?? "";
    summary.textContent = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
    const inputs = (selected?.options ?? []).map((name) =>
      element(
        "label",
        {},
        optionLabels[name] ?? name,
        element("input", { name, value: name === "ms" ? "2000" : "", autocomplete: "off", input: showCommand }),
      ),
    );
    ownOptions.replaceChildren(...inputs);
    showCommand();
  };
  const start = (/** @type {Event} */ event) => {
    event.preventDefault();
    act("addFault", { fault: fault() }, "The failure takes effect with the next request.");
  };
  fill(
    byId("failures"),
    element("summary", {}, element("h2", {}, "Simulate failures"), summaryTag),
    element("p", { class: "quiet" }, "Makes the emulator fail like a real service, to see how a client copes."),
    list,
    element(
      "form",
      { submit: start, change: showCommand },
      element(
        "div",
        { class: "fields" },
        element("label", {}, "Failure", kind),
        element("label", {}, "Affected requests", target),
        element("label", {}, "How often", times),
      ),
      ownOptions,
      summary,
      element("div", { class: "inline" }, element("button", { class: "main" }, "Start"), command),
    ),
  );
  kind.addEventListener("change", showKind);
  showKind();
}

/**
 * @param {string} id
 * @param {readonly (readonly [text: string, value: string])[]} options
 */
function choice(id, options) {
  return element("select", { id }, ...options.map(([text, value]) => element("option", { value }, text)));
}
