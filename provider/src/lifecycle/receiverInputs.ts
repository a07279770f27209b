/** Which inputs a webhook receiver accepts. */
import { z } from "zod";
import { isLoopback } from "../ion/connectionSettings.ts";
import { sameHeaderName } from "../model/webhooks.ts";

const string = (reason = "must be a string") =>
  z.string({ error: reason }).refine((value) => !value.includes("\0"), "must not contain a null character");
const status = "must be an HTTP status from 100 to 599";

/** The inputs of a receiver, as a program declares them. */
export const receiverInputs = z.strictObject({
  name: string().refine((name) => name.trim() !== "", "must not be empty"),
  webhookUri: string().superRefine(checkUrl).optional(),
  description: string().optional(),
  contentType: string()
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\t\x20-\x7e]*)?$/, "must be a media type such as application/json")
    .optional(),
  expectedResponseCode: z.int({ error: status }).min(100, status).max(599, status).optional(),
  active: z.boolean({ error: "must be true or false" }).optional(),
  sharedSecret: string()
    .refine((secret) => secret.trim() !== "", "must not be empty; omit it to let ION generate one")
    .optional(),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "is not a valid HTTP header name"),
      z
        .string({ error: "must be a string" })
        .refine((value) => !hasControlCharacter(value), "must not contain line breaks or control characters")
        .refine((value) => !/[^\0-\xff]/.test(value), "must contain only Latin-1 characters, as HTTP headers do")
        .refine((value) => value === value.trim(), "must not start or end with a space"),
    )
    .superRefine(checkHeaderNames)
    .optional(),
  importId: string("must be the id of a receiver, as a string").min(1, "must not be empty").optional(),
});

function checkUrl(url: string, context: z.RefinementCtx) {
  const fail = (message: string) => context.addIssue({ code: "custom", message });
  // URL drops them silently at both ends, and ION may not.
  if (/[\s\p{Cc}]/u.test(url)) return fail("must not contain spaces, line breaks or control characters");
  if (!URL.canParse(url)) return fail("is not a URL; it must look like https://example.com/path");
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    fail("must be an https:// URL, because ION delivers events only over HTTPS");
  }
}

/** Headers that a declared one would break or forge. */
const RESERVED_HEADERS = [
  "host",
  "content-length",
  "content-type",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "x-ion-signature",
];

function checkHeaderNames(headers: Record<string, string>, context: z.RefinementCtx) {
  const names = Object.keys(headers);
  const duplicates = names.filter((name, at) => names.findIndex((other) => sameHeaderName(other, name)) !== at);
  for (const name of names.filter((one) => RESERVED_HEADERS.includes(one.toLowerCase()))) {
    context.addIssue({ code: "custom", message: `must not contain ${name}, which HTTP or ION sets itself` });
  }
  for (const name of duplicates) {
    context.addIssue({
      code: "custom",
      message: `must not contain ${name} twice: HTTP ignores the case of header names`,
    });
  }
}

const hasControlCharacter = (value: string) =>
  [...value].some((character) => (character < " " && character !== "\t") || character === "\u007f");
