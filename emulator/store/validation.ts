import { z } from "zod";
import { isLoopback } from "../http/loopback.ts";

/** A request breaks a rule. The message is for whoever sent the request and never contains the refused value. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

const httpToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const mediaType = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+( *;[\t\x20-\x7e]*)?$/;

const string = (accepts: (value: string) => boolean, message: string) =>
  z.custom<string>((value) => typeof value === "string" && accepts(value), message);
const isNotBlank = (value: string) => value.trim() !== "";

/** The rule of each property. All but the HTTPS rule are INFERRED: ION does not publish its rules. */
export const rules = {
  name: string(isNotBlank, "name must not be empty."),
  description: z.string("description must be a string, or null for none.").nullable(),
  webhookUri: string(
    isWebhookUri,
    "webhookUri must be an https URL (this emulator also accepts http for a loopback host).",
  ),
  contentType: string((value) => mediaType.test(value), "contentType must be a media type, such as application/json."),
  expectedResponseCode: z.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599,
    "expectedResponseCode must be an HTTP status from 100 to 599.",
  ),
  active: z.boolean("active must be true or false."),
  sharedSecret: string(isNotBlank, "sharedSecret must not be empty."),
  key: string((value) => httpToken.test(value), "key must be an HTTP header name."),
  value: string((value) => !/[\r\n\0]/.test(value), "value must be a string without line breaks and null characters."),
  resource: string(isNotBlank, "resource must not be empty."),
  action: string(isNotBlank, "action must not be empty."),
  receiverId: string(isNotBlank, "receiverId must not be empty."),
};

/**
 * Checks every property that has a rule.
 * @throws {StoreError} if a property breaks its rule.
 */
export function validate(properties: object): void {
  for (const [name, rule] of Object.entries(rules)) {
    if (!Object.hasOwn(properties, name)) continue;
    const { error } = rule.safeParse(Reflect.get(properties, name));
    if (error) throw new StoreError(error.issues[0]?.message);
  }
}

function isWebhookUri(value: string): boolean {
  // URL.parse removes line breaks and surrounding spaces instead of refusing them.
  if (/[\s\p{Cc}]/u.test(value)) return false;
  const url = URL.parse(value);
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
}
