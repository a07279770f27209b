import { describe, expect, it } from "vitest";
import { IonError } from "../../provider/src/ion/errors.ts";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import fc from "../support/fastCheck.ts";
import { CANARY, failureOf, intercept, ionOn, rewrite, start } from "../support/support.ts";
import { applyCase, EVERY_CHANGE, startWithReceiver, URI } from "./everyChange.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Ways to damage one place of an answer; undefined removes it. */
const DAMAGES: Readonly<Record<string, (value: Json) => Json | undefined>> = {
  removed: () => undefined,
  null: () => null,
  "another type": (value) => (typeof value === "string" ? { [CANARY]: CANARY } : CANARY),
  "a list": () => [CANARY, 1, null],
  "an object": () => ({ id: { id: CANARY } }),
  "a huge number": () => 1e300,
  "a fraction": () => 0.5,
  "a huge string": () => CANARY.repeat(10_000),
};

const anyPlace = fc.nat({ max: 60 });
const anyDamage = fc.constantFrom(...Object.keys(DAMAGES));

/** Every place of an answer, as a path. */
function placesIn(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object") return [path];
  return [path, ...Object.entries(value).flatMap(([name, part]) => placesIn(part, [...path, name]))];
}

/** Damages one place of an answer's data. Items of lists are not removed, because a shorter list is a valid answer. */
function damage(answer: string, at: number, how: (value: Json) => Json | undefined) {
  const body = JSON.parse(answer) as { data: Json };
  const places = placesIn(body.data).slice(1);
  const place = places[at % places.length] ?? [];
  const names = ["data", ...place];
  const last = names.pop() ?? "";
  const parent = names.reduce<Json>((value, name) => (value as { [name: string]: Json })[name] ?? null, body);
  const damaged = how((parent as { [name: string]: Json })[last] ?? null);
  if (damaged !== undefined) (parent as { [name: string]: Json })[last] = damaged;
  else if (Array.isArray(parent)) parent[Number(last)] = null;
  else delete (parent as { [name: string]: Json })[last];
  return { text: JSON.stringify(body), place: place.join(".") };
}

/** An API whose first answer to a document that contains `name` is damaged at one place. */
async function startDamaging(name: string, at: number, how: string) {
  const emulator = await startWithReceiver();
  emulator.store.updateReceiver("1", { webhookUri: `${URI}/${CANARY}`, sharedSecret: `${CANARY}-key` });
  let place: string | undefined;
  const fetch = intercept((sent, pass) => {
    if (place !== undefined || !new RegExp(`\\b${name}\\b`).test(sent.query)) return pass();
    return rewrite(pass(), (text) => {
      emulator.requests.length = 0;
      const damaged = damage(text, at, DAMAGES[how] ?? (() => null));
      place = damaged.place;
      return damaged.text;
    });
  });
  return { emulator, api: ionOn(emulator, { fetch }), place: () => place };
}

/** The IonError that a promise is rejected with, if it is. */
async function errorOf(promise: Promise<unknown>): Promise<IonError | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(IonError);
    return error as IonError;
  }
}

describe("an answer that does not have the expected form", () => {
  it.each<[string, (api: WebhookApi) => Promise<unknown>]>([
    ["webhookReceivers", (api) => api.receivers()],
    ["__type", (api) => api.subscriptionNames()],
  ])("names the field, and no value, if the answer to a query is malformed: %s", async (name, query) => {
    await fc.assert(
      fc.asyncProperty(anyPlace, anyDamage, async (at, how) => {
        const { api, place } = await startDamaging(name, at, how);
        const error = await errorOf(query(api));
        if (!error) return;
        expect(["unexpectedAnswer", "permission"]).toContain(error.kind);
        expect(error.message).not.toContain(CANARY);
        expect(error.message.length).toBeLessThan(1000);
        if (name === "__type") return;
        // The damaged place, or one above or below it.
        const field = /does not have the expected form: (\S+):/.exec(error.message)?.[1];
        const nullField = /answered null for (\w+)/.exec(error.message)?.[1];
        const isNamed =
          field === undefined
            ? nullField !== undefined && `.${place()}.`.includes(`.${nullField}.`)
            : `${field}.`.startsWith(`${place()}.`) || `${place()}.`.startsWith(`${field}.`);
        expect(isNamed, `${place()}: ${error.message}`).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it.each(EVERY_CHANGE)(
    "verifies the change, and sends nothing again, if the answer to a mutation is malformed: $field",
    async (one) => {
      await fc.assert(
        fc.asyncProperty(anyPlace, anyDamage, async (at, how) => {
          const { emulator, api, place } = await startDamaging(one.field, at, how);
          const error = await errorOf(applyCase(one, api));
          expect(error?.message, `${place()} ${how}`).toBeUndefined();
          expect(place()).toBeDefined();
          // ION applied it once: after the damaged answer, there are only queries.
          expect(one.part(emulator)).toEqual(one.expected);
          expect(
            emulator.requests.filter(({ operation }) => operation?.type === "mutation").length,
          ).toBeLessThanOrEqual(1);
        }),
        { numRuns: 12 },
      );
    },
  );

  it("names the field, and what the next `pulumi up` does, if verification does not help", async () => {
    const emulator = await start();
    const fetch = intercept(async (sent, pass) => {
      if (!sent.mutation) return pass();
      const answer = await rewrite(pass(), (text) =>
        text.replace(/"name":"[^"]*"/, `"name":{"${CANARY}":"${CANARY}"}`),
      );
      for (const { id } of emulator.store.listReceivers()) emulator.store.deleteReceiver(id);
      return answer;
    });
    const fields = { name: "new", webhookUri: `${URI}/${CANARY}` };
    const { kind, message } = await failureOf(ionOn(emulator, { fetch }).apply({ kind: "createReceiver", fields }));
    expect(kind).toBe("unexpectedAnswer");
    expect(message.replace(/in \d+ s/, "in 1 s")).toMatchInlineSnapshot(
      `"Could not create the webhook receiver "new". ION's answer to createWebhookReceiver does not have the expected form: name: Invalid input: expected string, received object. Tried 3 times in 1 s. It is unknown whether ION applied it. The next \`pulumi up\` checks before it changes anything."`,
    );
    expect(message).not.toContain(CANARY);
  });
});
