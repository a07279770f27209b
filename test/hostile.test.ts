import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "../provider/ion/errors.ts";
import { UNKNOWN } from "../provider/resource.ts";
import { webhookReceiver } from "../provider/webhookReceiver.ts";
import { webhookSubscription } from "../provider/webhookSubscription.ts";
import { failureOf, intercept, ionOn, start } from "./support.ts";

const { check, create, diff, read, update } = webhookReceiver;
type Inputs = Parameters<typeof create>[1];

const SIGNATURES = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"];
const NASTY = [
  ...[
    '"',
    "'",
    "`",
    "\\",
    "\n",
    "\r\nX-Injected: 1",
    "\0",
    "\u001b[31m",
    "\u2028",
    "🙂",
    "e\u0301",
    "\ud800",
    "\udc00x",
  ],
  ...[
    '") { id } }',
    "mutation { deleteWebhookReceiver }",
    "$" + "{1+1}",
    "$input0",
    "{{7*7}}",
    "#",
    "%0d%0a",
    "%s",
    "<b>",
  ],
  ...["__proto__", "constructor", "toString", "null", "undefined", "********", " ", "\t", "\u00a0", ""],
  ...SIGNATURES,
  `x${UNKNOWN}`,
  "x".repeat(10_000),
  "é".repeat(10_000),
];

/** Any 16-bit units at all, half characters among them; and what has broken other programs, alone or in between. */
const units = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 })
  .map((all) => String.fromCharCode(...all));
const hostile = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.tuple(fc.string(), fc.constantFrom(...NASTY), fc.string()).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary", maxLength: 40 }),
  units,
);

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const anything = fc.record({
  name: hostile,
  description: hostile,
  sharedSecret: hostile,
  webhookUri: hostile.map((text) => `https://hooks.example/${text}`),
  contentType: fc.oneof(
    hostile,
    hostile.map((text) => `text/plain; x=${text}`),
    hostile.map((text) => `text/plain${text}`),
  ),
  headers: fc
    .dictionary(fc.oneof(hostile, token), hostile, { maxKeys: 3, noNullPrototype: true })
    // The class refuses this one: Pulumi would drop it before it comes here.
    .filter((headers) => !Object.hasOwn(headers, "__proto__")),
});
const PLAIN = { name: "erp", webhookUri: "https://hooks.example/" };

/** What check lets through of the inputs; everything else it has to refuse by its name, and in words without its value. */
async function letThrough(ion: ReturnType<typeof ionOn>, program: Record<string, unknown>): Promise<Inputs> {
  const { failures } = await check(ion, program, {});
  const refused = new Set(failures.map(({ property }) => property.split(".")[0] ?? ""));
  for (const name of refused) expect(Object.keys(program)).toContain(name);
  for (const { property, reason } of failures) {
    const value = String(program[property] ?? "");
    if (value.length > 12) expect(reason).not.toContain(value);
  }
  return { ...PLAIN, ...Object.fromEntries(Object.entries(program).filter(([name]) => !refused.has(name))) };
}

describe("whatever a text is", () => {
  it("it is stored exactly, read back equal and clean, or refused by its property's name, and never in a document", async () => {
    const emulator = await start();
    const parts = new Set<string>();
    const fetch = intercept((sent, pass) => {
      // Which mutations go together is a matter of time: the parts are what has to be the same.
      for (const part of sent.query.replace(/\d+/g, "#").split(/[\n(),]/)) parts.add(part.trim());
      return pass();
    });
    const ion = () => ionOn(emulator, { fetch });

    const live = async (first: Record<string, unknown>, second: Record<string, unknown>) => {
      for (const { id } of emulator.store.listReceivers()) emulator.store.deleteReceiver(id);
      const before = await letThrough(ion(), first);
      const after = await letThrough(ion(), second);
      const made = await create(ion(), before);
      let { state } = made;
      for (const wanted of [before, after]) {
        if (wanted === after) state = await update(ion(), made.id, state, after);
        const { headers = {}, ...fields } = wanted;
        expect(emulator.store.findReceiver(made.id)).toMatchObject(fields);
        const stored = emulator.store.listHeaders(made.id).map(({ key, value }) => [key.toLowerCase(), value]);
        for (const [key, value] of Object.entries(headers)) expect(stored).toContainEqual([key.toLowerCase(), value]);

        const found = await read(ion(), made.id, state);
        expect(found?.inputs).toMatchObject(wanted);
        expect(found?.state.changedInION).toBeUndefined();
        const next = await check(ion(), { ...wanted }, found?.inputs ?? {});
        expect(next.failures).toEqual([]);
        const compared = diff(made.id, found?.state ?? state, next.inputs as unknown as Inputs);
        expect(compared).toEqual({ changes: false, replaces: [] });
      }
    };

    const plain = {
      ...PLAIN,
      description: "a",
      sharedSecret: "b",
      contentType: "text/plain",
      headers: { A: "1", B: "2" },
    };
    await live(plain, { ...plain, name: "b", headers: { A: "2", C: "3" } });
    // Mutations go together as it happens; then only the operation's name is another.
    const known = [...parts];
    const isName = (part: string) => /^mutation ((Create|Update|Delete)Webhook(Receiver|Header)|Webhooks)$/.test(part);
    expect(known.length).toBeGreaterThan(10);
    await fc.assert(fc.asyncProperty(anything, anything, live), { numRuns: 60 });
    expect([...parts].filter((part) => !known.includes(part) && !isName(part))).toEqual([]);
  });

  it("a subscription's names and receiver are sent as variables, or refused by name", async () => {
    const emulator = await start();
    const { id } = emulator.store.createReceiver(PLAIN);
    await fc.assert(
      fc.asyncProperty(hostile, fc.constantFrom("receiverId", "resource", "action"), async (text, property) => {
        const program = { receiverId: id, resource: "PARTS", action: "CREATE", [property]: text };
        const { failures } = await webhookSubscription.check(ionOn(emulator), program, {});
        if (failures.length > 0) expect(failures).toMatchObject([{ property }]);
        else {
          const error = await failureOf(webhookSubscription.create(ionOn(emulator), program));
          expect(error.kind).toBe("gone");
        }
      }),
      { numRuns: 100 },
    );
    expect(emulator.store.listSubscriptions()).toEqual([]);
  });
});

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
    expect(found?.state.changedInION).toEqual([expect.stringMatching(`^header ${key}( .*)? was added$`)]);
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
    expect(printable(text)).toBe(expected);
  });

  it("that repeat a name from ION hold nothing that it would obey", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "a\u001b]0;x\u0007", webhookUri: PLAIN.webhookUri });
    const { message, stack } = await failureOf(create(ionOn(emulator), PLAIN));
    expect(message).toContain('named "a\\u001b]0;x\\u0007"');
    expect(stack).toBe(message);
  });
});
