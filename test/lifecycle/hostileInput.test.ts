import { describe, expect, it } from "vitest";
import { IonError } from "../../provider/src/ion/errors.ts";
import { webhookReceiver } from "../../provider/src/lifecycle/webhookReceiver.ts";
import { failureOf, ionOn, start } from "../support/support.ts";

const { check, create, diff, read, update } = webhookReceiver;
const PLAIN = { name: "erp", webhookUri: "https://hooks.example/" };

describe("check", () => {
  const program = { ...PLAIN, contentType: "text/plain", headers: { "X-A": "1" } };

  it.each<[string, Record<string, unknown>, string]>([
    ["CR and LF in a header value", { headers: { "X-A": "1\r\nX-B: 2" } }, "headers.X-A"],
    ["LF in a header value", { headers: { "X-A": "1\nX-B: 2" } }, "headers.X-A"],
    ["CR in a header value", { headers: { "X-A": "1\rX-B: 2" } }, "headers.X-A"],
    ["NUL in a header value", { headers: { "X-A": "1\0" } }, "headers.X-A"],
    ["CR and LF in a header name", { headers: { "X-A\r\nX-B": "1" } }, "headers.X-A\r\nX-B"],
    ["CR and LF in a parameter of a content type", { contentType: "text/plain; a=b\r\nX-B: 2" }, "contentType"],
    ["CR and LF before a parameter of a content type", { contentType: "text/plain\r\n ; X-B: 2" }, "contentType"],
    ["CR and LF at the end of a content type", { contentType: "text/plain\r\n" }, "contentType"],
    ["CR and LF in a URL", { webhookUri: "https://hooks.example/\r\nX-B: 2" }, "webhookUri"],
    ["a control character in a URL", { webhookUri: "https://hooks.example/\u0001" }, "webhookUri"],
    ["NUL in a name", { name: "a\0b" }, "name"],
    ["NUL in a description", { description: "a\0b" }, "description"],
    ["NUL in a shared secret", { sharedSecret: "a\0b" }, "sharedSecret"],
    ["a blank shared secret", { sharedSecret: "  " }, "sharedSecret"],
  ])("rejects %s", async (_what, part, property) => {
    const { failures } = await check(ionOn(await start()), { ...program, ...part }, {});
    expect(failures.map((failure) => failure.property)).toEqual([property]);
  });
});

describe("read", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "finds a header named %s that was added in ION, and update deletes it",
    async (key) => {
      const emulator = await start();
      const program = { ...PLAIN, headers: { "X-A": "1" } };
      const { id, state } = await create(ionOn(emulator), program);
      emulator.store.createHeader({ receiverId: id, key, value: "2" });
      const { found } = await read(ionOn(emulator), id, state);
      if (!found) throw new Error("The receiver does not exist.");
      expect(found.state.driftedSecrets).toEqual([expect.stringMatching(`^header ${key}( .*)? was added$`)]);
      expect(diff(id, found.state, program).changes).toBe(true);
      await update(ionOn(emulator), id, found.state, program);
      expect(emulator.store.listHeaders(id).map((header) => header.key)).toEqual(["X-A"]);
    },
  );
});

describe("messages", () => {
  it.each([
    ["a\u001b[31mb", "a\\u001b[31mb"],
    ["a\r\u0007\u009bb\u007f", "a\\u000d\\u0007\\u009bb\\u007f"],
    ["lines\nand 🙂 é", "lines\nand 🙂 é"],
  ])("escapes terminal control characters and nothing else: %j", (text, expected) => {
    expect(new IonError("config", text).message).toBe(expected);
  });

  it("escapes terminal control characters in a name from ION", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "a\u001b]0;x\u0007", webhookUri: PLAIN.webhookUri });
    const { message, stack } = await failureOf(create(ionOn(emulator), PLAIN));
    expect(message).toContain('"a\\u001b]0;x\\u0007"');
    expect(stack).toBe(message);
  });
});
