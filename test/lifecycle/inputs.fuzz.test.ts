import { expect, it } from "vitest";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import { UNKNOWN } from "../../provider/src/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../provider/src/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/src/lifecycle/webhookSubscription.ts";
import fc from "../support/fastCheck.ts";
import { failureOf, intercept, ionOn, start } from "../support/support.ts";

const { check, create, diff, read, update } = webhookReceiver;
type Inputs = Parameters<typeof create>[1];

/** The keys that mark secrets and assets in Pulumi's protocol. */
const SIGNATURES = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"];
/** Strings that break quoting, escaping, lookups or display in other programs. */
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

/** Arbitrary UTF-16 code units, including unpaired surrogates. */
const codeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 })
  .map((units) => String.fromCharCode(...units));
const hostile = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.tuple(fc.string(), fc.constantFrom(...NASTY), fc.string()).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary", maxLength: 40 }),
  codeUnits,
);

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const anyInputs = fc.record({
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
    // WebhookReceiver rejects this name, because Pulumi would drop it.
    .filter((headers) => !Object.hasOwn(headers, "__proto__")),
});
const PLAIN = { name: "erp", webhookUri: "https://hooks.example/" };

/** The inputs that check accepts. It must reject each other one by its name, with a reason that does not contain the value. */
async function acceptedInputs(ion: WebhookApi, program: Record<string, unknown>): Promise<Inputs> {
  const { failures } = await check(ion, program, {});
  const rejected = new Set(failures.map(({ property }) => property.split(".")[0] ?? ""));
  for (const name of rejected) expect(Object.keys(program)).toContain(name);
  for (const { property, reason } of failures) {
    const value = String(program[property] ?? "");
    if (value.length > 12) expect(reason).not.toContain(value);
  }
  return { ...PLAIN, ...Object.fromEntries(Object.entries(program).filter(([name]) => !rejected.has(name))) };
}

it("a receiver stores every accepted string exactly, reads it back without changes, and sends it only as a variable", async () => {
  const emulator = await start();
  const documentParts = new Set<string>();
  const fetch = intercept((sent, pass) => {
    // How mutations are batched depends on timing, so documents are compared by their parts.
    for (const part of sent.query.replace(/\d+/g, "#").split(/[\n(),]/)) documentParts.add(part.trim());
    return pass();
  });
  const ion = () => ionOn(emulator, { fetch });

  const createAndUpdate = async (first: Record<string, unknown>, second: Record<string, unknown>) => {
    for (const { id } of emulator.store.listReceivers()) emulator.store.deleteReceiver(id);
    const before = await acceptedInputs(ion(), first);
    const after = await acceptedInputs(ion(), second);
    const { id, state: created } = await create(ion(), before);
    let state = created;
    for (const inputs of [before, after]) {
      if (inputs === after) ({ state } = await update(ion(), id, state, after));
      const { headers = {}, description = "", ...others } = inputs;
      // ION does not distinguish an empty description from none.
      const fields = description === "" ? others : { ...others, description };
      expect(emulator.store.findReceiver(id)).toMatchObject(fields);
      const stored = emulator.store.listHeaders(id).map(({ key, value }) => [key.toLowerCase(), value]);
      for (const [key, value] of Object.entries(headers)) expect(stored).toContainEqual([key.toLowerCase(), value]);

      const { found } = await read(ion(), id, state);
      if (!found) throw new Error("The receiver does not exist.");
      expect(found.inputs).toMatchObject({ ...fields, ...(inputs.headers && { headers }) });
      expect(found.state.driftedSecrets).toBeUndefined();
      const next = await check(ion(), { ...inputs }, found.inputs);
      expect(next.failures).toEqual([]);
      const changes = diff(id, found.state, next.inputs as unknown as Inputs);
      expect(changes).toMatchObject({ changes: false, replaces: [] });
    }
  };

  const plain = {
    ...PLAIN,
    description: "a",
    sharedSecret: "b",
    contentType: "text/plain",
    headers: { A: "1", B: "2" },
  };
  await createAndUpdate(plain, { ...plain, name: "b", headers: { A: "2", C: "3" } });
  const known = [...documentParts];
  // The name of an operation depends on how its mutations are batched.
  const isName = (part: string) => /^mutation ((Create|Update|Delete)Webhook(Receiver|Header)|Webhooks)$/.test(part);
  expect(known.length).toBeGreaterThan(10);
  await fc.assert(fc.asyncProperty(anyInputs, anyInputs, createAndUpdate), { numRuns: 60 });
  expect([...documentParts].filter((part) => !known.includes(part) && !isName(part))).toEqual([]);
});

it("a subscription sends every accepted string as a variable, and rejects the others by their property", async () => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(PLAIN);
  await fc.assert(
    fc.asyncProperty(hostile, fc.constantFrom("receiverId", "resource", "action"), async (text, property) => {
      const program = { receiverId: id, resource: "PARTS", action: "CREATE", [property]: text };
      const isReceiverId = property === "receiverId" && typeof text === "string" && text !== "";
      // An id that no receiver has.
      if (isReceiverId) {
        const error = await failureOf(webhookSubscription.check(ionOn(emulator), program, {}));
        expect(error.kind).toBe("notFound");
      } else {
        const { failures } = await webhookSubscription.check(ionOn(emulator), program, {});
        expect(failures).toMatchObject([{ property }]);
      }
    }),
    { numRuns: 100 },
  );
  expect(emulator.store.listSubscriptions()).toEqual([]);
});
