import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import type { WebhookApi } from "../../../provider/ion/webhookApi.ts";
import { unmanagedSubscriptions } from "../../../provider/lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver } from "../../../provider/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../../provider/lifecycle/webhookSubscription.ts";
import { CANARY, start } from "../../support/support.ts";
import { DOCTOR, etag, furnish, meet } from "./hidden.ts";

const without = (names: string) =>
  `This ION's schema has no ${names}. pulumi-ion goes on without, and says so where it cannot. ${DOCTOR}`;

interface Met extends ReturnType<typeof furnish> {
  readonly ion: WebhookApi;
  readonly emulator: Emulator;
}

/** All that is ever asked of ION; each holds its own outcome against ION where it does not fail. */
const OPERATIONS: Record<string, (met: Met) => Promise<void>> = {
  "create receiver": async ({ ion, inputs, emulator }) => {
    const { headers, ...more } = inputs;
    const { id } = await webhookReceiver.create(ion, { ...more, name: "new", webhookUri: `${more.webhookUri}/new` });
    expect(emulator.store.findReceiver(id)?.active).toBe(true);
  },
  "create header": async ({ ion, inputs, emulator }) => {
    const { active, ...more } = inputs;
    const { id } = await webhookReceiver.create(ion, {
      ...more,
      name: "other",
      webhookUri: `${more.webhookUri}/header`,
    });
    expect(emulator.store.listHeaders(id)).toHaveLength(1);
  },
  "take receiver over": async ({ ion, inputs, id }) => {
    expect((await webhookReceiver.create(ion, inputs)).id).toBe(id);
  },
  "read receiver": async ({ ion, id, state, inputs }) => {
    const found = await webhookReceiver.read(ion, id, state);
    expect(found?.state).toMatchObject({ ...inputs, contentType: "application/json" });
    expect(found?.inputs).toEqual(inputs);
  },
  "update receiver": async ({ ion, id, state, inputs, emulator }) => {
    await webhookReceiver.update(ion, id, state, { ...inputs, active: false });
    expect(emulator.store.findReceiver(id)?.active).toBe(false);
  },
  "update header": async ({ ion, id, state, inputs, emulator }) => {
    await webhookReceiver.update(ion, id, state, { ...inputs, headers: { "X-A": "8" } });
    expect(emulator.store.listHeaders(id)).toMatchObject([{ key: "X-A", value: "8" }]);
  },
  "delete receiver": async ({ ion, id, state, emulator }) => {
    await webhookReceiver.delete(ion, id, state, false);
    expect(emulator.store.findReceiver(id)).toBeUndefined();
  },
  "create subscription": async ({ ion, subscription: { inputs }, emulator }) => {
    await webhookSubscription.create(ion, { ...inputs, resource: "ISSUES" });
    expect(emulator.store.listSubscriptions(inputs.receiverId)).toHaveLength(3);
  },
  "take subscription over": async ({ ion, subscription: { id, inputs } }) => {
    expect((await webhookSubscription.create(ion, inputs)).id).toBe(id);
  },
  "read subscription": async ({ ion, subscription: { id, state } }) => {
    expect((await webhookSubscription.read(ion, id, state))?.state).toEqual(state);
  },
  "delete subscription": async ({ ion, subscription: { id, state }, emulator }) => {
    await webhookSubscription.delete(ion, id, state, false);
    expect(emulator.store.listSubscriptions(state.receiverId)).toHaveLength(1);
  },
  "look for extras": async ({ ion, extras: { inputs, extra } }) => {
    expect((await unmanagedSubscriptions.create(ion, inputs)).state.found).toEqual([`RUNS CREATE (id ${extra})`]);
  },
  "read extras": async ({ ion, extras: { id, state, extra } }) => {
    expect((await unmanagedSubscriptions.read(ion, id, state))?.state.found).toEqual([`RUNS CREATE (id ${extra})`]);
  },
};
const ALL = Object.keys(OPERATIONS);

/** Without a look, only what creates goes on, blindly: made nevertheless, though it is there already. */
const noLook = (name: string) => ({
  ...Object.fromEntries(
    Object.keys(OPERATIONS)
      .filter((operation) => !operation.startsWith("create"))
      .map((operation) => [operation, `Could not look at ION's webhooks: this ION's schema has no ${name}. ${DOCTOR}`]),
  ),
  ...{ "take receiver over": "blind", "take subscription over": "blind", "look for extras": "blind" },
});
const lacks = (name: string) => `This ION's schema has no ${name}. ${DOCTOR}`;

/** Hidden names, what the person is told of them once, and the operations that do not succeed: their words, or "blind". */
const TABLE: [hide: string, told: string, fail: Record<string, string>][] = [
  ["", "", {}],
  ["CreateWebhookSubscriptionInput", "", {}],
  ["CreateWebhookReceiverInput,UpdateWebhookReceiverInput,CreateWebhookHeaderInput,UpdateWebhookHeaderInput", "", {}],
  ["WebhookReceiver,WebhookSubscription,WebhookHeader,PageInfo,ResourceEnum,WebhookReceiverConnection", "", {}],
  ["webhookReceivers", "", noLook("webhookReceivers")],
  ["webhookReceivers.first", "", {}],
  ["webhookReceivers.after", "", {}],
  ["PageInfo.hasNextPage", without("PageInfo.hasNextPage"), {}],
  ["WebhookReceiverEdge.cursor", without("WebhookReceiverEdge.cursor"), {}],
  ["WebhookReceiverConnection.pageInfo", without("WebhookReceiverConnection.pageInfo"), {}],
  [
    "WebhookReceiver._etag",
    without("WebhookReceiver._etag"),
    { "update receiver": etag("updateWebhookReceiver"), "delete receiver": etag("deleteWebhookReceiver") },
  ],
  [
    "WebhookReceiver._etag,WebhookSubscription._etag,WebhookHeader._etag",
    without("WebhookReceiver._etag, no WebhookSubscription._etag, no WebhookHeader._etag"),
    {
      "update receiver": etag("updateWebhookReceiver"),
      "delete receiver": etag("deleteWebhookReceiver"),
      "update header": etag("updateWebhookHeader"),
      "delete subscription": etag("deleteWebhookSubscription"),
    },
  ],
  ["WebhookSubscription._etag,deleteWebhookSubscription.etag", without("WebhookSubscription._etag"), {}],
  [
    "WebhookReceiver._etag,UpdateWebhookReceiverInput.etag,deleteWebhookReceiver.etag",
    without("WebhookReceiver._etag"),
    {},
  ],
  ["WebhookReceiver.subscriptions", without("WebhookReceiver.subscriptions"), noLook("WebhookReceiver.subscriptions")],
  ["WebhookReceiver.headers", without("WebhookReceiver.headers"), noLook("WebhookReceiver.headers")],
  ["WebhookHeader.value", without("WebhookHeader.value"), {}],
  ["WebhookReceiver.active", without("WebhookReceiver.active"), {}],
  [
    "WebhookReceiver.description,WebhookReceiver.contentType,WebhookReceiver.expectedResponseCode,WebhookReceiver.sharedSecret",
    without(
      "WebhookReceiver.description, no WebhookReceiver.sharedSecret, no WebhookReceiver.contentType, no WebhookReceiver.expectedResponseCode",
    ),
    {},
  ],
  [
    "WebhookReceiver.webhookUri",
    without("WebhookReceiver.webhookUri"),
    { "take receiver over": "does not show its webhookUri. To take it over, add importId" },
  ],
  ["WebhookReceiverEdge.node", "", noLook("WebhookReceiverEdge.node")],
  ["CreateWebhookReceiverInput.active", "", { "create receiver": lacks("CreateWebhookReceiverInput.active") }],
  ["CreateWebhookHeaderInput.receiverId", "", { "create header": lacks("CreateWebhookHeaderInput.receiverId") }],
  [
    "updateWebhookReceiver,deleteWebhookReceiver,deleteWebhookSubscription,updateWebhookHeader,createWebhookHeader",
    "",
    {
      "update receiver": `Could not update active of the webhook receiver "`,
      "delete receiver": lacks("deleteWebhookReceiver"),
      "delete subscription": lacks("deleteWebhookSubscription"),
      "update header": lacks("updateWebhookHeader"),
      "create header": lacks("createWebhookHeader"),
    },
  ],
  [
    "ResourceEnum.ISSUES",
    "",
    { "create subscription": "to ISSUES CREATE: ISSUES is not in its ResourceEnum. This ION has no resource ISSUES" },
  ],
];

describe("on an ION that does not know", () => {
  it.each(TABLE)("%s, whatever can be done is done, and the rest says what it lacks", async (hide, told, fail) => {
    const emulator = await start({ hide: hide === "" ? [] : hide.split(",") });
    const run = meet(emulator);
    const outcomes: Record<string, string> = {};
    for (const [name, operate] of Object.entries(OPERATIONS)) {
      run.ion.invalidate();
      const things = furnish(emulator);
      const objects = () => [emulator.store.listReceivers().length, emulator.store.listSubscriptions().length];
      const before = objects();
      const outcome = operate({ ...run, ...things, emulator });
      const words = await outcome.then(
        () => "done",
        (error: Error) => ("kind" in error || "reasons" in error ? error.message : `blind: ${error.message}`),
      );
      const wanted = fail[name] ?? "done";
      outcomes[name] = words.includes(wanted) ? wanted : words;
      // What fails has done nothing, but for the receiver whose header it was.
      if (words !== "done" && wanted !== "blind" && name !== "create header") expect(objects()).toEqual(before);
      expect(words).not.toContain(CANARY);
    }
    expect(outcomes).toEqual(Object.fromEntries(ALL.map((name) => [name, fail[name] ?? "done"])));
    const names = run.told.filter((words) => words.startsWith("This ION's schema"));
    expect(names.join("\n")).toBe(told);
    // A blind create says so, each time something else is made.
    const made = run.told.filter((words) => words.startsWith("Could not look at"));
    expect(made.length > 0).toBe(Object.values(fail).includes("blind"));
    expect(run.told.join()).not.toContain(CANARY);
  });
});
