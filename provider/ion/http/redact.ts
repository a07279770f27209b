/** Shorter secrets could be ordinary words: they are redacted only in quotes. */
const SHORT = 4;

/** Length of a piece of a secret that is redacted too: Python's GraphQL prints the two ends of a long value. */
const PIECE = 8;

/** Characters of a text that are read. What follows is cut, because a message that long is no use to anybody. */
const MAX_TEXT = 4000;

const REDACTED = "[secret]";

/**
 * Redacts secrets from texts, also if they are JSON-escaped, URL-encoded or in pieces of {@link PIECE} characters or more. Takes
 * time in proportion to the length of the secrets and of the texts.
 */
export function redactAll(secrets: Iterable<string>, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const shown = texts.map((text) => text.slice(0, MAX_TEXT));
  const inTexts = new Set(shown.flatMap(piecesOf));
  const [found, whole] = [new Set<string>(), new Set<string>()];
  for (const form of new Set([...secrets].flatMap(withPath).flatMap(formsOf))) {
    // The start of a URL is its host, which is no secret.
    if (form.length < PIECE || /^https?(:|%3A)/i.test(form)) {
      if (form.length < PIECE || inTexts.has(form.slice(-PIECE))) whole.add(form);
      continue;
    }
    for (let at = 0; at + PIECE <= form.length; at += 1) {
      const piece = form.slice(at, at + PIECE);
      if (inTexts.has(piece)) found.add(piece);
    }
  }
  const longestFirst = [...whole].sort((one, other) => other.length - one.length);
  return shown.map((text) => withoutPieces(longestFirst.reduce(withoutForm, text), found));
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

/** How a secret may be spelled: plain, in JSON (JavaScript's and Python's), and in a URL (with and without encoded slashes). */
function formsOf(secret: string): string[] {
  if (secret === "") return [];
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const url = encodeURIComponent(secret.toWellFormed());
  return [...new Set([secret, json, ascii, url, url.replaceAll("%2F", "/")])];
}

/** Every piece of a text. */
function piecesOf(text: string): string[] {
  const count = Math.max(0, text.length - PIECE + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + PIECE));
}

function withoutForm(text: string, form: string): string {
  if (form.length >= SHORT) return text.replaceAll(form, REDACTED);
  return ['"', "'", "`"].reduce((clean, quote) => clean.replaceAll(quote + form + quote, REDACTED), text);
}

function withoutPieces(text: string, pieces: ReadonlySet<string>): string {
  let clean = "";
  let from = 0;
  for (let at = 0; at + PIECE <= text.length; at += 1) {
    if (!pieces.has(text.slice(at, at + PIECE))) continue;
    let end = at + PIECE;
    while (end < text.length && pieces.has(text.slice(end - PIECE + 1, end + 1))) end += 1;
    clean += `${text.slice(from, at)}${REDACTED}`;
    from = end;
    at = end - 1;
  }
  return clean + text.slice(from);
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
