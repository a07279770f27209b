import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Says whether an event is ION's: whether its `x-ion-signature` header is what the receiver's shared secret makes of its
 * body. Hand over the body as it arrived, before anything parses it: one space more is another signature.
 *
 * ION documents the header and that it is an HMAC with `sharedSecret`; that it is SHA-256 in hexadecimal is inferred from
 * common use, so try it on a first delivery of yours. A `sha256=` before it is accepted.
 *
 * `pulumi-ion/signature` has it alone, for a server that has no use for Pulumi.
 *
 * @param header the value of `x-ion-signature`; one that is missing or no signature at all is false, never an error.
 *
 * @example
 * ```ts
 * if (!verifySignature(rawBody, request.headers["x-ion-signature"], sharedSecret)) response.writeHead(401).end();
 * ```
 */
export function verifySignature(
  body: string | Uint8Array,
  header: string | readonly string[] | null | undefined,
  sharedSecret: string,
): boolean {
  if (typeof header !== "string" || typeof sharedSecret !== "string" || sharedSecret === "") return false;
  const [, hex] = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(header.trim()) ?? [];
  if (hex === undefined || !(typeof body === "string" || body instanceof Uint8Array)) return false;
  const expected = createHmac("sha256", sharedSecret).update(body).digest();
  return timingSafeEqual(Buffer.from(hex, "hex"), expected);
}
