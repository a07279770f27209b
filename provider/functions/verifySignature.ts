import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Whether an event is from ION: whether its `x-ion-signature` header is the HMAC of its body with the receiver's shared secret.
 * Pass the body as it arrived, before anything parses it: one more space is another signature.
 *
 * ION documents the header, and that it is an HMAC with `sharedSecret`. That it is SHA-256 in hexadecimal is inferred from common
 * use, so try it with a first delivery. A `sha256=` in front of it is accepted.
 *
 * `pulumi-ion/signature` exports this function alone, for a server that does not use Pulumi.
 *
 * @param header the value of `x-ion-signature`; false if it is missing or no signature.
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
