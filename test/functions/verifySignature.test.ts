import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { verifySignature } from "../../provider/src/index.ts";
import fc from "../support/fastCheck.ts";

const SECRET = "a shared secret";
const BODY = '{"resource":"PARTS","name":"Zahnrad Ø 7"}';
const sign = (body: string | Uint8Array, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

describe("verifySignature", () => {
  it("accepts a published signature", () => {
    // RFC 4231, test case 2.
    const known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    expect(verifySignature("what do ya want for nothing?", known, "Jefe")).toBe(true);
  });

  it.each([
    ["in lowercase", sign(BODY)],
    ["in uppercase", sign(BODY).toUpperCase()],
    ["after sha256=", `sha256=${sign(BODY)}`],
    ["between spaces", ` ${sign(BODY)} `],
  ])("accepts a signature %s", (_form, header) => {
    expect(verifySignature(BODY, header, SECRET)).toBe(true);
  });

  it.each([
    ["of another body", sign(`${BODY} `)],
    ["with another secret", sign(BODY, "other")],
    ["that is too short", sign(BODY).slice(0, 62)],
    ["that is too long", `${sign(BODY)}00`],
    ["of another algorithm", `sha1=${sign(BODY)}`],
    ["that is empty", ""],
    ["that is missing", undefined],
    ["that is null", null],
  ])("refuses a signature %s", (_form, header) => {
    expect(verifySignature(BODY, header, SECRET)).toBe(false);
  });

  it("throws if there are several headers", () => {
    const headers = [sign(BODY), sign(BODY)] as unknown as string;
    expect(() => verifySignature(BODY, headers, SECRET)).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: verifySignature needs one x-ion-signature header, as a string.]`,
    );
  });

  it("throws without a secret, whatever the signature", () => {
    const withEmptySecret = createHmac("sha256", "").update(BODY).digest("hex");
    expect(() => verifySignature(BODY, withEmptySecret, "")).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: verifySignature needs the receiver's shared secret. It is empty or not set.]`,
    );
    expect(() => verifySignature(BODY, sign(BODY), undefined as unknown as string)).toThrow("shared secret");
    expect(() => verifySignature(BODY, undefined, "")).toThrow("shared secret");
  });

  it("throws if the body is parsed", () => {
    const parsed = JSON.parse(BODY) as string;
    expect(() => verifySignature(parsed, sign(BODY), SECRET)).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: verifySignature needs the raw body, as a string or Uint8Array. Read it before anything parses it.]`,
    );
  });

  it("accepts a body of any bytes, and no other bytes in its place", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ minLength: 1 }), fc.nat(), (body, secret, index) => {
        expect(verifySignature(body, sign(body, secret), secret)).toBe(true);
        const changed = Uint8Array.from([...body, 0]);
        changed[index % changed.length] = ((changed[index % changed.length] ?? 0) + 1) % 256;
        expect(verifySignature(changed, sign(body, secret), secret)).toBe(false);
      }),
    );
  });

  it("throws nothing for any header that is a string", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (header, body) => {
        expect(verifySignature(body, header, SECRET)).toBe(false);
      }),
    );
  });

  it("throws only TypeErrors, whatever its arguments are", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (body, header, secret) => {
        try {
          expect(verifySignature(body as string, header as string, secret as string)).toBeTypeOf("boolean");
        } catch (error) {
          expect((error as Error).message).toMatch(/^verifySignature needs /);
        }
      }),
    );
  });
});
