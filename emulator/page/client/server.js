/** @import { Message } from "../stream.ts" */
import { byId } from "./dom.js";

const token = document.querySelector('meta[name="page-token"]')?.getAttribute("content") ?? "";

/**
 * Does what a button is for. A refusal is shown and answers undefined.
 * @param {string} name
 * @param {object} body
 * @param {string} [done] - what to say when it is done
 * @returns {Promise<Record<string, unknown> | undefined>}
 */
export async function act(name, body, done) {
  try {
    const headers = { "Content-Type": "application/json", "X-Page-Token": token };
    const response = await fetch(`/page/${name}`, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message);
    if (done !== undefined) say(done);
    return answer;
  } catch (error) {
    say(
      error instanceof TypeError
        ? "The emulator does not answer."
        : String(error instanceof Error ? error.message : error),
      true,
    );
    return undefined;
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let vanish;

/**
 * Shows a message for a while.
 * @param {string} text
 * @param {boolean} [wrong]
 */
export function say(text, wrong = false) {
  const message = byId("message");
  message.textContent = text;
  message.dataset.wrong = String(wrong);
  message.hidden = false;
  clearTimeout(vanish);
  vanish = setTimeout(() => {
    message.hidden = true;
  }, 8_000);
}

/**
 * Hears what happens while the page is to be seen; the first message, also after a pause, has all there is. Hidden tabs
 * hold no connection: a browser has but six for all tabs of one origin.
 * @param {(message: Message) => void} hear
 */
export function listen(hear) {
  /** @type {EventSource | undefined} */
  let source;
  const open = () => {
    const own = new EventSource(`/page/events?token=${encodeURIComponent(token)}`);
    own.addEventListener("open", () => connected("live", "Live"));
    own.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
    own.addEventListener("error", () => {
      own.close();
      connected("lost", "The emulator does not answer");
      setTimeout(revive, 1_000);
    });
    source = own;
  };
  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (document.hidden) connected("waiting", "Paused");
    else open();
  });
  if (!document.hidden) open();
}

/** A new emulator has another token, and maybe another page. */
async function revive() {
  const response = await fetch("/").catch(() => undefined);
  if (response?.ok) location.reload();
  else setTimeout(revive, 1_000);
}

/**
 * @param {string} state
 * @param {string} text
 */
function connected(state, text) {
  const shown = byId("connection");
  shown.dataset.state = state;
  shown.textContent = text;
}
