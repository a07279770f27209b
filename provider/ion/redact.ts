const SHORT = 4;

/**
 * Takes every given secret out of a text, also where it stands JSON-escaped or URL-encoded. Values shorter than four
 * characters are taken out only where they stand in quotes, since a lone "7" is in every second sentence.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  let clean = text;
  const longestFirst = [...new Set(secrets)].filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  for (const secret of longestFirst) {
    for (const form of new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret.toWellFormed()),
    ])) {
      if (form.length >= SHORT) clean = clean.replaceAll(form, "[secret]");
      else for (const quote of ['"', "'", "`"]) clean = clean.replaceAll(quote + form + quote, "[secret]");
    }
  }
  return clean;
}

/** The secret parts of a URL: the whole, its path with query, and its credentials. The host alone is not secret. */
export function secretsOfUrl(url: string): string[] {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) return [url];
  const path = parsed.pathname + parsed.search;
  const segments = path.split(/[/?&=]/).filter((segment) => segment.length >= 12);
  return [url, parsed.href, ...(path.length > SHORT ? [path] : []), ...segments, parsed.password, parsed.username];
}
