/** @import { PageSnapshot } from "../pageState.ts" */
import { byId } from "./dom.js";

const token = document.querySelector('meta[name="page-token"]')?.getAttribute("content") ?? "";

/**
 * Runs an action of the page. If it is refused, shows the reason and returns undefined.
 * @param {string} name
 * @param {object} body
 * @param {string} [success] - a message to show afterwards
 * @returns {Promise<Record<string, unknown> | undefined>}
 */
export async function act(name, body, success) {
  try {
    const headers = { "Content-Type": "application/json", "X-Page-Token": token };
    const response = await fetch(`/page/${name}`, { method: "POST", headers, body: JSON.stringify(body) });
    const result = await response.json();
    if (!response.ok) throw new Error(result.message);
    if (success !== undefined) notify(success);
    return result;
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error);
    notify(error instanceof TypeError ? "The emulator does not respond." : reason, true);
    return undefined;
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let hideTimer;

/**
 * Shows a message for some seconds.
 * @param {string} message
 * @param {boolean} [isError]
 */
export function notify(message, isError = false) {
  const box = byId("message");
  box.textContent = message;
  box.dataset.error = String(isError);
  box.hidden = false;
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => {
    box.hidden = true;
  }, 8_000);
}

/**
 * Calls `show` with the state of the page, now and after every change, while the page is visible. A hidden tab keeps no
 * connection, because browsers allow only six per origin.
 * @param {(snapshot: PageSnapshot) => void} show
 */
export function watch(show) {
  /** @type {EventSource | undefined} */
  let source;
  const open = () => {
    const current = new EventSource(`/page/events?token=${encodeURIComponent(token)}`);
    current.addEventListener("open", () => showConnection("live", "Live"));
    current.addEventListener("message", ({ data }) => show(JSON.parse(data)));
    current.addEventListener("error", () => {
      current.close();
      showConnection("lost", "The emulator does not respond");
      setTimeout(reloadWhenBack, 1_000);
    });
    source = current;
  };
  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (document.hidden) showConnection("waiting", "Paused");
    else open();
  });
  if (!document.hidden) open();
}

/** A restarted emulator has a new token, and maybe a new page. */
async function reloadWhenBack() {
  const response = await fetch("/").catch(() => undefined);
  if (response?.ok) location.reload();
  else setTimeout(reloadWhenBack, 1_000);
}

/**
 * @param {string} state
 * @param {string} text
 */
function showConnection(state, text) {
  const status = byId("connection");
  status.dataset.state = state;
  status.textContent = text;
}
