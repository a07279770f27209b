import { describe, expect, it } from "vitest";
import { escapeControlCharacters } from "../../provider/ion/errors.ts";
import { webhookReceiver } from "../../provider/lifecycle/webhookReceiver.ts";
import { failureOf, ionOn, start } from "../support/support.ts";

const { check, create, diff, read, update } = webhookReceiver;
const PLAIN = { name: "erp", webhookUri: "https://hooks.example/" };

describe("a value that breaks out of its header", () => {
  const PROGRAM = { ...PLAIN, contentType: "text/plain", headers: { "X-A": "1" } };
  it.each<[string, Record<string, unknown>, string]>([
    ["CR and LF in a header's value", { headers: { "X-A": "1\r\nX-B: 2" } }, "headers.X-A"],
    ["LF alone", { headers: { "X-A": "1\nX-B: 2" } }, "headers.X-A"],
    ["CR alone", { headers: { "X-A": "1\rX-B: 2" } }, "headers.X-A"],
    ["NUL", { headers: { "X-A": "1\0" } }, "headers.X-A"],
    ["CR and LF in a header's name", { headers: { "X-A\r\nX-B": "1" } }, "headers.X-A\r\nX-B"],
    ["CR and LF in a content type's parameter", { contentType: "text/plain; a=b\r\nX-B: 2" }, "contentType"],
    ["CR and LF before a content type's parameter", { contentType: "text/plain\r\n ; X-B: 2" }, "contentType"],
    ["CR and LF at a content type's end", { contentType: "text/plain\r\n" }, "contentType"],
    ["CR and LF in a URL", { webhookUri: "https://hooks.example/\r\nX-B: 2" }, "webhookUri"],
    ["a control character in a URL", { webhookUri: "https://hooks.example/\u0001" }, "webhookUri"],
    ["NUL in a name", { name: "a\0b" }, "name"],
    ["NUL in a description", { description: "a\0b" }, "description"],
    ["NUL in a shared secret", { sharedSecret: "a\0b" }, "sharedSecret"],
    ["a shared secret of spaces", { sharedSecret: "  " }, "sharedSecret"],
  ])("%s is refused by the property's name", async (_what, part, property) => {
    const { failures } = await check(ionOn(await start()), { ...PROGRAM, ...part }, {});
    expect(failures.map((failure) => failure.property)).toEqual([property]);
  });
});

describe("a header that was added in ION", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("as %s is seen, and removed", async (key) => {
    const emulator = await start();
    const program = { ...PLAIN, headers: { "X-A": "1" } };
    const { id, state } = await create(ionOn(emulator), program);
    emulator.store.createHeader({ receiverId: id, key, value: "2" });
    const found = await read(ionOn(emulator), id, state);
    expect(found?.state.driftedSecrets).toEqual([expect.stringMatching(`^header ${key}( .*)? was added$`)]);
    expect(diff(id, found?.state ?? state, program).changes).toBe(true);
    await update(ionOn(emulator), id, found?.state ?? state, program);
    expect(emulator.store.listHeaders(id).map((header) => header.key)).toEqual(["X-A"]);
  });
});

describe("words for the terminal", () => {
  it.each([
    ["a\u001b[31mb", "a\\u001b[31mb"],
    ["a\r\u0007\u009bb\u007f", "a\\u000d\\u0007\\u009bb\\u007f"],
    ["lines\n\tand 🙂 é", "lines\n\tand 🙂 é"],
  ])("hold nothing that it would obey: %j", (text, expected) => {
    expect(escapeControlCharacters(text)).toBe(expected);
  });

  it("that repeat a name from ION hold nothing that it would obey", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "a\u001b]0;x\u0007", webhookUri: PLAIN.webhookUri });
    const { message, stack } = await failureOf(create(ionOn(emulator), PLAIN));
    expect(message).toContain('named "a\\u001b]0;x\\u0007"');
    expect(stack).toBe(message);
  });
});
