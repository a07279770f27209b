import { isLoopback } from "../http/loopback.ts";

/** Refuses what breaks a rule on a value; the message is meant for whoever sent it and never repeats the value. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

type Rule = readonly [accepts: (value: unknown) => boolean, message: string];

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const httpToken = new RegExp(`^${token}$`);
const mediaType = new RegExp(`^${token}/${token}( *;[\\t\\x20-\\x7e]*)?$`);

const text = (accepts: (value: string) => boolean) => (value: unknown) => typeof value === "string" && accepts(value);
const filled = text((value) => value.trim() !== "");

/** INFERRED, all but the HTTPS rule: ION publishes no list of its rules. */
const rules: Record<string, Rule> = {
  name: [filled, "name must not be empty."],
  description: [(value) => value === null || typeof value === "string", "description must be text, or null for none."],
  webhookUri: [
    text(isWebhookUri),
    "webhookUri must be an https URL (this emulator takes http to a loopback host as well).",
  ],
  contentType: [text((value) => mediaType.test(value)), "contentType must be a media type, such as application/json."],
  expectedResponseCode: [
    (value) => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599,
    "expectedResponseCode must be an HTTP status from 100 to 599.",
  ],
  active: [(value) => typeof value === "boolean", "active must be true or false."],
  sharedSecret: [filled, "sharedSecret must not be empty."],
  key: [text((value) => httpToken.test(value)), "key must be an HTTP header name."],
  value: [text((value) => !/[\r\n\0]/.test(value)), "value must be text without line breaks and null characters."],
  resource: [filled, "resource must not be empty."],
  action: [filled, "action must not be empty."],
  receiverId: [filled, "receiverId must not be empty."],
};

/**
 * Checks every property that a rule exists for.
 * @throws {StoreError} that says which property breaks which rule.
 */
export function validate(properties: object): void {
  for (const [property, [accepts, message]] of Object.entries(rules)) {
    if (Object.hasOwn(properties, property) && !accepts(Reflect.get(properties, property)))
      throw new StoreError(message);
  }
}

function isWebhookUri(value: string): boolean {
  // URL.parse drops line breaks and outer spaces instead of refusing them.
  if (/[\s\p{Cc}]/u.test(value)) return false;
  const url = URL.parse(value);
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
}
