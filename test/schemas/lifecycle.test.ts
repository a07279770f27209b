/** Everything that a stack does, on every shape of ION's API in this folder. A user's file from `doctor --save-schema` belongs here too. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { type DesiredReceiver, findDeviations, NONE, programOf } from "../faults/desiredState.ts";
import { CARRIERS } from "../support/carriers.ts";
import { Stack } from "../support/fakeEngine.ts";
import { startProvider } from "../support/providerProcess.ts";
import { CANARY, intercept, start } from "../support/support.ts";

const DESIRED = {
  name: "erp",
  fields: { webhookUri: `https://hooks.example/${CANARY}` },
  headers: { "X-Key": `${CANARY}-key`, "X-Plant": `${CANARY}-plant` },
  events: ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"],
  unmanaged: "ignore",
} satisfies DesiredReceiver;

const FILES = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".graphql"));
const ONLY_GUIDE = "onlyGuide.graphql";

const startWith = (file: string) => start({ schema: readFileSync(join(import.meta.dirname, file), "utf8") });

/** Changes ION by hand: a subscription is deleted, the receiver renamed, a header edited and one deleted. */
function drift({ store }: Emulator) {
  const [receiver] = store.listReceivers();
  const [key, plant] = store.listHeaders(receiver?.id);
  store.deleteSubscription(store.listSubscriptions()[1]?.id ?? "");
  store.updateReceiver(receiver?.id ?? "", { description: "by hand" });
  store.updateHeader(key?.id ?? "", { value: "by hand" });
  store.removeHeader(receiver?.id ?? "", plant?.id ?? "");
  store.deleteHeader(plant?.id ?? "");
}

/** Attaches the headers of receiver 1 to a receiver of another stack, too. */
function shareHeaders({ store }: Emulator) {
  const other = store.createReceiver({ name: "other", webhookUri: "https://other.example" });
  for (const { id } of store.listHeaders("1")) store.addHeader(other.id, id);
  return other;
}

/** The headers of a receiver, or of all. */
const headersOf = ({ store }: Emulator, receiverId?: string) =>
  store.listHeaders(receiverId).map(({ key, value }) => `${key}: ${value}`);

describe.each(CARRIERS)("over %s", (carrier) => {
  describe.each(FILES.filter((file) => file !== ONLY_GUIDE))("%s", (file) => {
    it("creates, sees drift, repairs it, changes headers, and leaves nothing in ION", async () => {
      const emulator = await startWith(file);
      const stack = new Stack();
      const warnings: string[] = [];
      const run = async (desired: readonly DesiredReceiver[], command: "up" | "preview" = "up") => {
        const outcome = await stack[command](programOf(desired), startProvider(carrier, emulator));
        warnings.push(...outcome.warnings);
        return outcome;
      };

      expect(await run([DESIRED])).toMatchObject({ errors: [] });
      expect(findDeviations(emulator.store, [DESIRED])).toEqual(NONE);
      expect(await run([DESIRED], "preview")).toMatchObject({ steps: [], errors: [] });

      drift(emulator);
      expect((await run([DESIRED], "preview")).steps).toEqual(["update erp", "create erp-PARTS-UPDATE"]);
      expect(await run([DESIRED])).toMatchObject({ errors: [] });
      expect(findDeviations(emulator.store, [DESIRED])).toEqual(NONE);

      const changed = [{ ...DESIRED, headers: { "X-Key": `${CANARY}-other`, "X-Line": `${CANARY}-line` } }];
      expect(await run(changed)).toMatchObject({ steps: ["update erp"], errors: [] });
      expect(findDeviations(emulator.store, changed)).toEqual(NONE);
      expect(await run(changed, "preview")).toMatchObject({ steps: [], errors: [] });

      expect(await run([])).toMatchObject({ errors: [] });
      const { receivers, headers, subscriptions } = emulator.store.state();
      expect({ receivers, headers, subscriptions }).toEqual({ receivers: [], headers: [], subscriptions: [] });
      expect(warnings.join()).not.toContain(CANARY);
    });
  });

  it("creates everything in an ION that has only the two mutations of Violet's guide, and says what it could not check", async () => {
    const emulator = await startWith(ONLY_GUIDE);
    const desired = [{ ...DESIRED, headers: {} }];
    const { errors, warnings } = await new Stack().up(programOf(desired), startProvider(carrier, emulator));
    expect(errors).toEqual([]);
    expect(findDeviations(emulator.store, desired)).toEqual(NONE);
    expect(warnings.join("\n")).toContain(
      'The webhook receiver "erp" is created without checking whether ION already has it.',
    );
  });

  it.each(FILES.filter((file) => file !== ONLY_GUIDE))(
    "each process reads the schema at most once: %s",
    async (file) => {
      const emulator = await startWith(file);
      const stack = new Stack();
      for (const desired of [[DESIRED], [DESIRED], []]) {
        const { errors } = await stack.up(programOf(desired), startProvider(carrier, emulator));
        expect(errors).toEqual([]);
        const fields = emulator.requests.splice(0).flatMap((request) => request.fields);
        const introspections = fields.filter(({ field }) => field === "__schema").length;
        expect(introspections).toBeLessThanOrEqual(file === "guide.graphql" ? 0 : 1);
      }
    },
  );

  describe("headers that are attached", () => {
    /** A fetch that stops forever after ION answered a mutation, as if the process was killed. */
    const killedAfter = (field: string, onKilled: () => void) =>
      intercept(async ({ query }, pass) => {
        const answer = await pass();
        if (!query.includes(`: ${field}(`)) return answer;
        onKilled();
        return new Promise<Response>(() => {});
      });

    it.each(["createWebhookHeader", "addHeaderToWebhookReceiver", "updateWebhookHeader"])(
      "leave no secret behind if the process is killed after %s, and the next run completes them",
      async (field) => {
        const emulator = await startWith("headersAttached.graphql");
        const stack = new Stack();
        await stack.up(programOf([{ ...DESIRED, headers: {} }]), startProvider(carrier, emulator));
        await new Promise<void>((onKilled) => {
          void stack.up(
            programOf([DESIRED]),
            startProvider(carrier, emulator, { fetch: killedAfter(field, onKilled) }),
          );
        });
        const attached = new Set(emulator.store.listReceivers().flatMap(({ headerIds }) => headerIds));
        const others = emulator.store.listHeaders().filter(({ id }) => !attached.has(id));
        expect(others.map(({ value }) => value)).toEqual(others.map(() => expect.stringMatching(/^pending-/)));
        expect(await stack.up(programOf([DESIRED]), startProvider(carrier, emulator))).toMatchObject({ errors: [] });
        expect(findDeviations(emulator.store, [DESIRED])).toEqual(NONE);
      },
    );

    it.each(["updateWebhookHeader", "removeHeaderFromWebhookReceiver"])(
      "leave no secret behind if the process is killed after %s of a deletion",
      async (field) => {
        const emulator = await startWith("headersAttached.graphql");
        const stack = new Stack();
        await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
        await new Promise<void>((onKilled) => {
          void stack.up([], startProvider(carrier, emulator, { fetch: killedAfter(field, onKilled) }));
        });
        const attached = new Set(emulator.store.listReceivers().flatMap(({ headerIds }) => headerIds));
        const others = emulator.store.listHeaders().filter(({ id }) => !attached.has(id));
        expect(JSON.stringify(others)).not.toContain(CANARY);
        expect(await stack.up([], startProvider(carrier, emulator))).toMatchObject({ errors: [] });
        expect(emulator.store.listReceivers()).toEqual([]);
        expect(JSON.stringify(emulator.store.listHeaders())).not.toContain(CANARY);
      },
    );

    it("belong to other receivers too, and stay there", async () => {
      const emulator = await startWith("headersAttached.graphql");
      const stack = new Stack();
      await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
      const other = shareHeaders(emulator);
      const before = headersOf(emulator, other.id);
      const changed = [{ ...DESIRED, headers: { "X-Key": `${CANARY}-other` } }];
      expect(await stack.up(programOf(changed), startProvider(carrier, emulator))).toMatchObject({ errors: [] });
      expect(headersOf(emulator, "1")).toEqual([`X-Key: ${CANARY}-other`]);
      expect(headersOf(emulator, other.id)).toEqual(before);
      expect(await stack.up([], startProvider(carrier, emulator))).toMatchObject({ errors: [] });
      expect(headersOf(emulator, other.id)).toEqual(before);
    });
  });

  it("a header that a receiver of another stack may have is never changed, if ION does not show all receivers", async () => {
    const schema = readFileSync(join(import.meta.dirname, "headersAttached.graphql"), "utf8");
    const emulator = await start({ schema, hide: ["webhookReceivers"] });
    const stack = new Stack();
    await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
    const other = shareHeaders(emulator);
    const before = headersOf(emulator, other.id);
    const changed = [{ ...DESIRED, headers: { "X-Key": `${CANARY}-other` } }];
    expect(await stack.up(programOf(changed), startProvider(carrier, emulator))).toMatchObject({ errors: [] });
    expect(headersOf(emulator, "1")).toEqual([`X-Key: ${CANARY}-other`]);
    expect(headersOf(emulator, other.id)).toEqual(before);
    expect(await stack.up([], startProvider(carrier, emulator))).toMatchObject({ errors: [] });
    expect(headersOf(emulator)).toEqual(before);
  });

  it("a key that may not list receivers manages those of its stack, and says once what it cannot find", async () => {
    const emulator = await startWith("guide.graphql");
    const stack = new Stack();
    await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
    emulator.settings.deniedPermissions.add("ReadWebhookReceivers");
    drift(emulator);
    const outcome = await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
    expect(outcome.errors).toEqual([]);
    expect(findDeviations(emulator.store, [DESIRED])).toEqual(NONE);
    expect(outcome.warnings).toEqual([
      "This API key cannot list ION's webhook receivers, so pulumi-ion reads those of this stack one by one. It cannot find " +
        "duplicates of them, receivers that no program manages, or existing receivers to import.",
    ]);
    // Without the list, a new receiver could be a duplicate.
    const other = {
      ...DESIRED,
      name: "other",
      fields: { webhookUri: "https://other.example" },
      events: [],
      headers: {},
    };
    const { errors } = await stack.up(programOf([DESIRED, other]), startProvider(carrier, emulator));
    expect(errors.join()).toContain("The API key needs permission to read webhook receivers.");
    expect(emulator.store.listReceivers()).toHaveLength(1);
  });
});
