import { stripVTControlCharacters } from "node:util";

/** Finds secrets in what was printed or written down, however they were encoded on the way. Shares no code with what hides them. */

/** The shapes that a secret can take without being gone, by name. */
const SHAPES: Readonly<Record<string, (secret: string) => readonly string[]>> = {
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
  backwards: (secret) => [[...secret].reverse().join("")],
};

/** What is in every base64 of a text that holds the secret after some other bytes. */
function inner(secret: string, before: number, form: "base64" | "base64url"): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString(form);
  return whole.slice(before === 0 ? 0 : 4);
}

/** An access token of the emulator, or of Keycloak: nobody has to know it to find it. */
const TOKEN = /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}/;

/** What puts a line break or Pulumi's margin into the middle of a word. */
const BREAKS = /\\n|[\s|>+~-]+/g;

const joined = (text: string) => stripVTControlCharacters(text).replace(BREAKS, "");

/**
 * Says which of the secrets a text holds, and in what shape; empty where it holds none.
 *
 * @param secrets by what they are, for the answer: no value is in it.
 */
export function leaksIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  const whole = joined(text);
  const found = Object.entries(secrets).flatMap(([what, secret]) => {
    if (secret.length < 8) throw new Error(`${what} is too short to be told from other text.`);
    const shapes = Object.entries(SHAPES).filter(([, shape]) => shape(secret).some((form) => text.includes(form)));
    const split =
      shapes.length === 0 && [secret, JSON.stringify(secret).slice(1, -1)].some((form) => whole.includes(joined(form)));
    return [...shapes.map(([name]) => name), ...(split ? ["split"] : [])].map((name) => `${what} (${name})`);
  });
  return TOKEN.test(text) ? [...found, "an access token"] : found;
}
