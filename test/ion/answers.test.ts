import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IonError } from "../../provider/ion/errors.ts";
import type { WebhookApi } from "../../provider/ion/webhookApi.ts";
import { CANARY, intercept, ionOn, rewrite, start } from "../support/support.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A way to spoil one place of an answer; undefined takes it away. */
const SPOILED: Readonly<Record<string, (value: Json) => Json | undefined>> = {
  "taken away": () => undefined,
  null: () => null,
  "another type": (value) => (typeof value === "string" ? { [CANARY]: CANARY } : CANARY),
  "a list": () => [CANARY, 1, null],
  "an object": () => ({ id: { id: CANARY } }),
  "a huge number": () => 1e300,
  "half a number": () => 0.5,
  "a huge text": () => CANARY.repeat(10_000),
};

/** Every place of an answer below `data`, as a path; elements of lists stay, since a shorter list is a valid answer, too. */
function placesIn(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object") return [path];
  return [path, ...Object.entries(value).flatMap(([name, part]) => placesIn(part, [...path, name]))];
}

function spoil(
  answer: string,
  at: number,
  how: (value: Json) => Json | undefined,
  told: (path: string) => void,
): string {
  const body = JSON.parse(answer) as { data: Json };
  const places = placesIn(body.data).slice(1);
  const path = ["data", ...(places[at % places.length] ?? [])];
  told(path.slice(1).join("."));
  const last = path.pop() ?? "";
  const parent = path.reduce<Json>((value, name) => (value as { [name: string]: Json })[name] ?? null, body);
  const spoiled = how((parent as { [name: string]: Json })[last] ?? null);
  if (spoiled !== undefined) (parent as { [name: string]: Json })[last] = spoiled;
  else if (Array.isArray(parent)) parent[Number(last)] = null;
  else delete (parent as { [name: string]: Json })[last];
  return JSON.stringify(body);
}

const anyPlace = fc.nat({ max: 60 });
const anyWay = fc.constantFrom(...Object.keys(SPOILED));

/** An ION of which the first answer to a document with `name` in it is spoiled at one place. */
async function spoiling(name: string, at: number, way: string) {
  const emulator = await start();
  const { id } = emulator.store.createReceiver({ name: "there", webhookUri: `https://hooks.example/${CANARY}` });
  emulator.store.createHeader({ receiverId: id, key: "X-A", value: `${CANARY}-header` });
  emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "CREATE" });
  let place: string | undefined;
  const fetch = intercept((sent, pass) => {
    if (place !== undefined || !new RegExp(`\\b${name}\\b`).test(sent.query)) return pass();
    return rewrite(pass(), (text) => {
      emulator.requests.length = 0;
      return spoil(text, at, SPOILED[way] ?? (() => null), (path) => {
        place = path;
      });
    });
  });
  return { emulator, ion: ionOn(emulator, { fetch }), place: () => place };
}

/** What comes of an operation on ION: nothing, or an error that is meant for people. */
async function outcomeOf(run: Promise<unknown>): Promise<IonError | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(IonError);
    return error as IonError;
  }
}

async function there(ion: WebhookApi) {
  const receiver = (await ion.receivers()).get("1");
  const [header] = receiver?.headers ?? [];
  const [subscription] = receiver?.subscriptions ?? [];
  if (!receiver || !header || !subscription) throw new Error("It is not there.");
  return { receiver, header, subscription };
}

const URI = `https://hooks.example/new/${CANARY}`;

describe("an answer that does not fit the schema", () => {
  it.each<[string, (ion: WebhookApi) => Promise<unknown>]>([
    ["webhookReceivers", (ion) => ion.receivers()],
    ["__type", (ion) => ion.subscriptionNames()],
  ])("to %s is an error that says which field, and not a value", async (name, ask) => {
    await fc.assert(
      fc.asyncProperty(anyPlace, anyWay, async (at, way) => {
        const { ion, place } = await spoiling(name, at, way);
        const error = await outcomeOf(ask(ion));
        if (!error) return;
        expect(error.kind).toBe("unexpectedAnswer");
        expect(error.message).not.toContain(CANARY);
        expect(error.message.length).toBeLessThan(1000);
        if (name === "__type") return;
        // The place itself, or where what was put there goes wrong.
        const named = /not as expected\. (\S+):/.exec(error.message)?.[1] ?? "";
        expect(`${named}.`.startsWith(`${place()}.`) || `${place()}.`.startsWith(`${named}.`), error.message).toBe(
          true,
        );
      }),
      { numRuns: 40 },
    );
  });

  it.each<
    [string, (ion: WebhookApi) => Promise<unknown>, (store: Awaited<ReturnType<typeof start>>["store"]) => unknown]
  >([
    [
      "createWebhookReceiver",
      (ion) => ion.createReceiver({ name: "new", webhookUri: URI }),
      (store) => store.listReceivers().filter(({ name }) => name === "new").length === 1,
    ],
    [
      "updateWebhookReceiver",
      async (ion) => ion.updateReceiver((await there(ion)).receiver, { description: "new" }),
      (store) => store.findReceiver("1")?.description === "new",
    ],
    [
      "deleteWebhookReceiver",
      async (ion) => ion.deleteReceiver((await there(ion)).receiver),
      (store) => store.listReceivers().length === 0,
    ],
    [
      "createWebhookHeader",
      async (ion) => ion.createHeader((await there(ion)).receiver, "X-B", CANARY),
      (store) => store.listHeaders("1").filter(({ key }) => key === "X-B").length === 1,
    ],
    [
      "updateWebhookHeader",
      async (ion) => {
        const { receiver, header } = await there(ion);
        return ion.updateHeader(receiver, header, "new");
      },
      (store) => store.listHeaders("1")[0]?.value === "new",
    ],
    [
      "deleteWebhookHeader",
      async (ion) => {
        const { receiver, header } = await there(ion);
        return ion.deleteHeader(receiver, header);
      },
      (store) => store.listHeaders("1").length === 0,
    ],
    [
      "createWebhookSubscription",
      (ion) => ion.createSubscription("1", "RUNS", "CREATE"),
      (store) => store.listSubscriptions().filter(({ resource }) => resource === "RUNS").length === 1,
    ],
    [
      "deleteWebhookSubscription",
      async (ion) => ion.deleteSubscription("1", (await there(ion)).subscription),
      (store) => store.listSubscriptions().length === 0,
    ],
  ])("to %s is looked up, and the write not sent again", async (mutation, write, done) => {
    await fc.assert(
      fc.asyncProperty(anyPlace, anyWay, async (at, way) => {
        const { emulator, ion, place } = await spoiling(mutation, at, way);
        const error = await outcomeOf(write(ion));
        // ION did it; the look shows so. Nothing that was sent after the spoiled answer is a write.
        expect(error?.message, `${place()} ${way}`).toBeUndefined();
        expect(place()).toBeDefined();
        expect(done(emulator.store)).toBe(true);
        expect(emulator.requests.filter(({ operation }) => operation?.type === "mutation").length).toBeLessThanOrEqual(
          1,
        );
      }),
      { numRuns: 12 },
    );
  });

  it("says which field, and that the next `pulumi up` looks first, where a look does not help", async () => {
    const emulator = await start();
    const fetch = intercept(async (sent, pass) => {
      if (!sent.mutation) return pass();
      const answer = await rewrite(pass(), (text) =>
        text.replace(/"name":"[^"]*"/, `"name":{"${CANARY}":"${CANARY}"}`),
      );
      for (const { id } of emulator.store.listReceivers()) emulator.store.deleteReceiver(id);
      return answer;
    });
    const error = await outcomeOf(ionOn(emulator, { fetch }).createReceiver({ name: "new", webhookUri: URI }));
    expect(error?.kind).toBe("unexpectedAnswer");
    expect(error?.message).toMatch(/^Could not create .* webhookReceiver\.name: .* the next `pulumi up` looks /);
    expect(error?.message).not.toContain(CANARY);
  });
});
