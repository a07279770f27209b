import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verifySignature } from "../../provider/index.ts";

const SECRET = "a shared secret";
const BODY = '{"resource":"PARTS","name":"Zahnrad Ø 7"}';
const sign = (body: string | Uint8Array, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

describe("verifySignature", () => {
  it("takes a known signature", () => {
    // RFC 4231, test case 2.
    const known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    expect(verifySignature("what do ya want for nothing?", known, "Jefe")).toBe(true);
  });

  it.each([
    ["as it is", sign(BODY), true],
    ["in capitals", sign(BODY).toUpperCase(), true],
    ["with sha256= before it", `sha256=${sign(BODY)}`, true],
    ["with spaces around it", ` ${sign(BODY)} `, true],
    ["of another body", sign(`${BODY} `), false],
    ["of another secret", sign(BODY, "other"), false],
    ["cut short", sign(BODY).slice(0, 62), false],
    ["with more behind it", `${sign(BODY)}00`, false],
    ["of another algorithm", `sha1=${sign(BODY)}`, false],
    ["empty", "", false],
    ["missing", undefined, false],
    ["null", null, false],
    ["there twice", [sign(BODY), sign(BODY)], false],
  ])("a signature %s", (_what, header, right) => {
    expect(verifySignature(BODY, header, SECRET)).toBe(right);
  });

  it("is false without a secret, whatever the signature", () => {
    expect(verifySignature(BODY, createHmac("sha256", "").update(BODY).digest("hex"), "")).toBe(false);
    expect(verifySignature(BODY, sign(BODY), undefined as unknown as string)).toBe(false);
  });

  it("takes the bytes of any body, and no other bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ minLength: 1 }), fc.nat(), (body, secret, at) => {
        expect(verifySignature(body, sign(body, secret), secret)).toBe(true);
        const changed = Uint8Array.from([...body, 0]);
        changed[at % changed.length] = ((changed[at % changed.length] ?? 0) + 1) % 256;
        expect(verifySignature(changed, sign(body, secret), secret)).toBe(false);
      }),
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (body, header, secret) => {
        expect(verifySignature(body as string, header as string, secret as string)).toBeTypeOf("boolean");
      }),
    );
  });
});
