const SHORT = 4;

/** Length of a piece of a secret that is redacted too: Python's GraphQL prints the two ends of a long value. */
const PIECE = 16;

/**
 * Redacts secrets from text, also if they are JSON-escaped, URL-encoded or in pieces. Secrets shorter than four characters are
 * redacted only in quotes, because a "7" is in every second sentence.
 *
 * @param secrets read when there is text to redact: most answers have none, and thousands of secrets take 50 ms and more.
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  let redact: ReturnType<typeof prepare> | undefined;
  return (text) => {
    redact ??= prepare(secrets);
    return redact(text);
  };
}

function prepare(secrets: Iterable<string>): (text: string) => string {
  const longestFirst = [...new Set(secrets)].filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const forms = longestFirst.flatMap(formsOf);
  // The start of a URL is its host, which is no secret; its secret parts are in the list too.
  const pieces = new Set(
    longestFirst
      .filter((secret) => !/^https?:/i.test(secret))
      .flatMap(formsOf)
      .flatMap(piecesOf),
  );
  return (text) => {
    let clean = text;
    for (const form of forms) {
      if (form.length >= SHORT) clean = clean.replaceAll(form, "[secret]");
      else for (const quote of ['"', "'", "`"]) clean = clean.replaceAll(quote + form + quote, "[secret]");
    }
    return withoutPieces(clean, pieces);
  };
}

/** How a secret may be spelled: plain, in JSON (JavaScript's and Python's), and in a URL (with and without encoded slashes). */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const url = encodeURIComponent(secret.toWellFormed());
  return [...new Set([secret, json, ascii, url, url.replaceAll("%2F", "/")])];
}

const piecesOf = (form: string) =>
  Array.from({ length: Math.max(0, form.length - PIECE + 1) }, (_, at) => form.slice(at, at + PIECE));

function withoutPieces(text: string, pieces: ReadonlySet<string>): string {
  let clean = "";
  let from = 0;
  for (let at = 0; at + PIECE <= text.length; at += 1) {
    if (!pieces.has(text.slice(at, at + PIECE))) continue;
    let end = at + PIECE;
    while (end < text.length && pieces.has(text.slice(end - PIECE + 1, end + 1))) end += 1;
    clean += `${text.slice(from, at)}[secret]`;
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
