import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../provider/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../provider/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/lifecycle/webhookSubscription.ts";
import { failureOf, intercept, ionOn, start } from "../support/support.ts";

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
        const { headers = {}, description = "", ...others } = wanted;
        // None and an empty one are the same.
        const fields = description === "" ? others : { ...others, description };
        expect(emulator.store.findReceiver(made.id)).toMatchObject(fields);
        const stored = emulator.store.listHeaders(made.id).map(({ key, value }) => [key.toLowerCase(), value]);
        for (const [key, value] of Object.entries(headers)) expect(stored).toContainEqual([key.toLowerCase(), value]);

        const found = await read(ion(), made.id, state);
        expect(found?.inputs).toMatchObject({ ...fields, ...(wanted.headers && { headers }) });
        expect(found?.state.driftedSecrets).toBeUndefined();
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
