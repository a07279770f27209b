/** Shorter secrets could be ordinary words: they are redacted only in quotes. */
const SHORT = 4;

/** Length of a piece of a secret that is redacted too: Python's GraphQL prints the two ends of a long value. */
const PIECE = 8;

/** Characters of a text that are read. What follows is cut, because a message that long is no use to anybody. */
const MAX_TEXT = 4000;

const REDACTED = "[secret]";

const QUOTES = ['"', "'", "`"];

const HTML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * Redacts secrets from texts, also if they are JSON-escaped, URL-encoded, HTML-escaped, in another case, or in pieces of
 * {@link PIECE} characters or more. Takes time in proportion to the length of the secrets and of the texts.
 */
export function redactAll(secrets: Iterable<string>, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const shown = texts.map((text) => text.slice(0, MAX_TEXT));
  const inTexts = new Set(shown.map(withoutCase).flatMap(piecesOf));
  const [pieces, whole] = [new Set<string>(), new Set<string>()];
  for (const form of new Set([...secrets].flatMap(withPath).flatMap(formsOf).map(withoutCase))) {
    if (form.length < SHORT) for (const quote of QUOTES) whole.add(quote + form + quote);
    else if (form.length < PIECE) whole.add(form);
    // The start of a URL is its host, which is no secret.
    else if (/^https?(:|%3a)/.test(form)) {
      if (inTexts.has(form.slice(-PIECE))) whole.add(form);
    } else {
      for (let at = 0; at + PIECE <= form.length; at += 1) {
        const piece = form.slice(at, at + PIECE);
        if (inTexts.has(piece)) pieces.add(piece);
      }
    }
  }
  return shown.map((text) => redacted(text, whole, pieces));
}

/** {@link redactAll} for one text at a time. */
export const redactor =
  (secrets: Iterable<string>) =>
  (text: string): string =>
    redactAll(secrets, [text])[0] ?? "";

/** A secret, and if it is a URL, what follows its host: any secret may be one, such as the value of a header. */
function withPath(secret: string): string[] {
  const path = /^https?:\/\/[^/?#]*(?<path>.*)$/is.exec(secret)?.groups?.path ?? "";
  return path.length >= PIECE ? [secret, path] : [secret];
}

/** How a secret may be spelled: plain, in JSON (JavaScript's and Python's), in a URL (with and without encoded slashes), in HTML. */
function formsOf(secret: string): string[] {
  if (secret === "") return [];
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const url = encodeURIComponent(secret.toWellFormed());
  const html = secret.replace(/[&<>"']/g, (one) => HTML[one] ?? one);
  return [secret, json, ascii, url, url.replaceAll("%2F", "/"), html, html.replaceAll("&#39;", "&#x27;")];
}

/** Lower case in which every character keeps its place, and does not depend on its neighbors. */
const withoutCase = (text: string) => text.replaceAll("\u0130", "i").toLowerCase().replaceAll("ς", "σ");

/** Every piece of a text. */
function piecesOf(text: string): string[] {
  const count = Math.max(0, text.length - PIECE + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + PIECE));
}

/** Replaces whole secrets and pieces of them. Both are in lower case. */
function redacted(text: string, whole: ReadonlySet<string>, pieces: ReadonlySet<string>): string {
  const searched = withoutCase(text);
  const isSecret = new Array<boolean>(text.length).fill(false);
  for (const form of whole) {
    for (let at = searched.indexOf(form); at >= 0; at = searched.indexOf(form, at + 1)) {
      isSecret.fill(true, at, at + form.length);
    }
  }
  for (let at = 0; at + PIECE <= text.length; at += 1) {
    if (pieces.has(searched.slice(at, at + PIECE))) isSecret.fill(true, at, at + PIECE);
  }
  return Array.from({ length: text.length }, (_, at) =>
    isSecret[at] ? (isSecret[at - 1] ? "" : REDACTED) : text.charAt(at),
  ).join("");
}

/** The secret parts of a URL: all of it, its path with query, and its credentials. The host alone is not secret. */
export function secretsOfUrl(url: string): string[] {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) return [url];
  const path = parsed.pathname + parsed.search;
  const segments = path.split(/[/?&=]/).filter((segment) => segment.length >= 12);
  return [url, parsed.href, ...(path.length > SHORT ? [path] : []), ...segments, parsed.password, parsed.username];
}

/** What the query of an endpoint holds: it may be a key. */
export const secretsOfQuery = (url: string): string[] =>
  [...new URL(url).searchParams].map(([name, value]) => value || name);
