import { stripVTControlCharacters } from "node:util";

/** Finds secrets in output and files, in any encoding. Shares no code with the redaction that it checks. */

/** The encodings from which a secret can be recovered, by name. */
const ENCODINGS: Readonly<Record<string, (secret: string) => readonly string[]>> = {
  plain: (secret) => [secret],
  JSON: (secret) => [JSON.stringify(secret).slice(1, -1)],
  "JSON in JSON": (secret) => [JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
  "URL-encoded": (secret) => [
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
  ],
  hex: (secret) => [Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("hex").toUpperCase()],
  base64: (secret) =>
    [0, 1, 2].flatMap((before) => (["base64", "base64url"] as const).map((form) => inner(secret, before, form))),
  reversed: (secret) => [[...secret].reverse().join("")],
};

/** The part of a base64 encoding that depends on the secret alone, if `before` bytes precede it. */
function inner(secret: string, before: number, form: "base64" | "base64url"): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString(form);
  return whole.slice(before === 0 ? 0 : 4);
}

/** The pattern of an access token of the emulator or of Keycloak. */
const TOKEN = /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}/;

/** Line breaks and Pulumi's margins, which can split a word. */
const BREAKS = /\\n|[\s|>+~-]+/g;

const joined = (text: string) => stripVTControlCharacters(text).replace(BREAKS, "");

/**
 * Returns the secrets that a text contains, by description and encoding.
 *
 * @param secrets the values by description. The result contains no value.
 */
export function leaksIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  const whole = joined(text);
  const found = Object.entries(secrets).flatMap(([description, secret]) => {
    if (secret.length < 8) throw new Error(`${description} is too short to be distinguished from other text.`);
    const encodings = Object.entries(ENCODINGS).filter(([, encode]) =>
      encode(secret).some((encoded) => text.includes(encoded)),
    );
    const split =
      encodings.length === 0 &&
      [secret, JSON.stringify(secret).slice(1, -1)].some((encoded) => whole.includes(joined(encoded)));
    return [...encodings.map(([name]) => name), ...(split ? ["split"] : [])].map((name) => `${description} (${name})`);
  });
  return TOKEN.test(text) ? [...found, "an access token"] : found;
}
