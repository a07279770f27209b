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
 * @param header the value of `x-ion-signature`. If it is missing, or no signature, the result is false.
 * @throws TypeError if the arguments cannot be verified at all: a parsed body, several headers, or no shared secret.
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
  if (!(typeof body === "string" || body instanceof Uint8Array)) {
    throw new TypeError(
      "verifySignature needs the raw body, as a string or Uint8Array. Read it before anything parses it.",
    );
  }
  if (typeof sharedSecret !== "string" || sharedSecret === "") {
    throw new TypeError("verifySignature needs the receiver's shared secret. It is empty or not set.");
  }
  if (header === undefined || header === null) return false;
  if (typeof header !== "string") {
    throw new TypeError("verifySignature needs one x-ion-signature header, as a string.");
  }
  const [, hex] = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(header.trim()) ?? [];
  if (hex === undefined) return false;
  const expected = createHmac("sha256", sharedSecret).update(body).digest();
  return timingSafeEqual(Buffer.from(hex, "hex"), expected);
}
