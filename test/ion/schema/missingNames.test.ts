import { expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { isIonError } from "../../../provider/src/ion/errors.ts";
import type { WebhookApi } from "../../../provider/src/ion/webhookApi.ts";
import { PartialStateError } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../../provider/src/lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../../provider/src/lifecycle/webhookSubscription.ts";
import { CANARY, start } from "../../support/support.ts";
import { createRecorded, DOCTOR, startRun } from "./missingNames.ts";

interface Context extends ReturnType<typeof createRecorded> {
  readonly api: WebhookApi;
  readonly emulator: Emulator;
}

/** Everything that a resource does in ION. Each returns its warnings, and fails if ION is not as it should be afterwards. */
const OPERATIONS: Record<string, (context: Context) => Promise<readonly string[] | undefined>> = {
  "create receiver": async ({ api, inputs: { headers, ...inputs }, emulator }) => {
    const webhookUri = `${inputs.webhookUri}/new`;
    const { id, warnings } = await webhookReceiver.create(api, { ...inputs, name: "new", webhookUri });
    expect(emulator.store.findReceiver(id)?.active).toBe(true);
    return warnings;
  },
  "create header": async ({ api, inputs: { active, ...inputs }, emulator }) => {
    const webhookUri = `${inputs.webhookUri}/header`;
    const { id, warnings } = await webhookReceiver.create(api, { ...inputs, name: "other", webhookUri });
    expect(emulator.store.listHeaders(id)).toHaveLength(1);
    return warnings;
  },
  "adopt receiver": async ({ api, inputs, id }) => {
    const adopted = await webhookReceiver.create(api, inputs);
    expect(adopted.id).toBe(id);
    return adopted.warnings;
  },
  "read receiver": async ({ api, id, state, inputs }) => {
    const { found, warnings } = await webhookReceiver.read(api, id, state);
    expect(found?.state).toMatchObject({ ...inputs, contentType: "application/json" });
    expect(found?.inputs).toEqual(inputs);
    return warnings;
  },
  "update receiver": async ({ api, id, state, inputs, emulator }) => {
    const { warnings } = await webhookReceiver.update(api, id, state, { ...inputs, active: false });
    expect(emulator.store.findReceiver(id)?.active).toBe(false);
    return warnings;
  },
  "update header": async ({ api, id, state, inputs, emulator }) => {
    const { warnings } = await webhookReceiver.update(api, id, state, { ...inputs, headers: { "X-A": "8" } });
    expect(emulator.store.listHeaders(id)).toMatchObject([{ key: "X-A", value: "8" }]);
    return warnings;
  },
  "delete receiver": async ({ api, id, state, emulator }) => {
    await webhookReceiver.delete(api, id, state, false);
    expect(emulator.store.findReceiver(id)).toBeUndefined();
    return [];
  },
  "create subscription": async ({ api, subscription: { inputs }, emulator }) => {
    const { warnings } = await webhookSubscription.create(api, { ...inputs, resource: "ISSUES" });
    expect(emulator.store.listSubscriptions(inputs.receiverId)).toHaveLength(3);
    return warnings;
  },
  "adopt subscription": async ({ api, subscription: { id, inputs } }) => {
    const adopted = await webhookSubscription.create(api, inputs);
    expect(adopted.id).toBe(id);
    return adopted.warnings;
  },
  "read subscription": async ({ api, subscription: { id, state } }) => {
    const { found, warnings } = await webhookSubscription.read(api, id, state);
    expect(found?.state).toEqual(state);
    return warnings;
  },
  "delete subscription": async ({ api, subscription: { id, state }, emulator }) => {
    await webhookSubscription.delete(api, id, state, false);
    expect(emulator.store.listSubscriptions(state.receiverId)).toHaveLength(1);
    return [];
  },
  "find unmanaged": async ({ api, unmanaged: { inputs, label } }) => {
    const { state, warnings } = await unmanagedSubscriptions.create(api, inputs);
    expect(state.unmanagedNow).toEqual([label]);
    return warnings;
  },
  "read unmanaged": async ({ api, unmanaged: { id, state, label } }) => {
    const { found, warnings } = await unmanagedSubscriptions.read(api, id, state);
    expect(found?.state.unmanagedNow).toEqual([label]);
    return warnings;
  },
};

const lacks = (name: string) => `ION's schema has no ${name}. ${DOCTOR}`;
const needsEtag = (mutation: string) =>
  `${mutation} requires an etag (the version of an object), but ION's schema shows none for this object. ${DOCTOR}`;

/** Without the list, resources are created without checking whether they exist, and everything else fails. */
const withoutList = (name: string) => ({
  ...Object.fromEntries(
    Object.keys(OPERATIONS)
      .filter((operation) => !operation.startsWith("create"))
      .map((operation) => [operation, `Could not read ION's webhooks: ${lacks(name)}`]),
  ),
  ...{ "adopt receiver": "unchecked", "adopt subscription": "unchecked", "find unmanaged": "unchecked" },
});

/** Without the list, but with another way to read receivers, only existing receivers are not found. */
const READ_ONE_BY_ONE = { "adopt receiver": "unchecked" };
const ONE_BY_ONE =
  "This API key cannot list ION's webhook receivers, so pulumi-ion reads those of this stack one by one. It cannot find " +
  "duplicates of them, receivers that no program manages, or existing receivers to import.";

/** Missing names, those of them that a warning lists, and the operations that do not succeed: their error, or "unchecked". */
const TABLE: [missing: string, warning: string, failures: Record<string, string>][] = [
  ["", "", {}],
  ["CreateWebhookSubscriptionInput", "", {}],
  ["CreateWebhookReceiverInput,UpdateWebhookReceiverInput,CreateWebhookHeaderInput,UpdateWebhookHeaderInput", "", {}],
  ["WebhookReceiver,WebhookSubscription,WebhookHeader,PageInfo,ResourceEnum,WebhookReceiverConnection", "", {}],
  ["webhookReceivers", "", READ_ONE_BY_ONE],
  ["webhookReceivers,webhookReceiver", "", READ_ONE_BY_ONE],
  ["webhookReceivers,webhookReceiver,webhookSubscriptions", "", withoutList("webhookReceivers")],
  ["webhookReceivers,webhookReceiver,WebhookSubscription.receiver", "", withoutList("webhookReceivers")],
  ["webhookReceivers.first", "", {}],
  ["webhookReceivers.after", "", {}],
  ["PageInfo.hasNextPage", "PageInfo.hasNextPage", {}],
  ["WebhookReceiverEdge.cursor", "WebhookReceiverEdge.cursor", {}],
  ["WebhookReceiverConnection.pageInfo", "WebhookReceiverConnection.pageInfo", {}],
  [
    "WebhookReceiver._etag",
    "WebhookReceiver._etag",
    { "update receiver": needsEtag("updateWebhookReceiver"), "delete receiver": needsEtag("deleteWebhookReceiver") },
  ],
  [
    "WebhookReceiver._etag,WebhookSubscription._etag,WebhookHeader._etag",
    "WebhookReceiver._etag, WebhookSubscription._etag, WebhookHeader._etag",
    {
      "update receiver": needsEtag("updateWebhookReceiver"),
      "delete receiver": needsEtag("deleteWebhookReceiver"),
      "update header": needsEtag("updateWebhookHeader"),
      "delete subscription": needsEtag("deleteWebhookSubscription"),
    },
  ],
  ["WebhookSubscription._etag,deleteWebhookSubscription.etag", "WebhookSubscription._etag", {}],
  ["WebhookReceiver._etag,UpdateWebhookReceiverInput.etag,deleteWebhookReceiver.etag", "WebhookReceiver._etag", {}],
  ["WebhookReceiver.subscriptions", "WebhookReceiver.subscriptions", READ_ONE_BY_ONE],
  ["WebhookReceiver.headers", "WebhookReceiver.headers", withoutList("WebhookReceiver.headers")],
  ["WebhookHeader.value", "WebhookHeader.value", {}],
  ["WebhookReceiver.active", "WebhookReceiver.active", {}],
  [
    "WebhookReceiver.description,WebhookReceiver.contentType,WebhookReceiver.expectedResponseCode,WebhookReceiver.sharedSecret",
    "WebhookReceiver.description, WebhookReceiver.sharedSecret, WebhookReceiver.contentType, WebhookReceiver.expectedResponseCode",
    {},
  ],
  [
    "WebhookReceiver.webhookUri",
    "WebhookReceiver.webhookUri",
    { "adopt receiver": "does not show its webhookUri. To import it, add importId" },
  ],
  ["WebhookReceiverEdge.node", "", READ_ONE_BY_ONE],
  ["CreateWebhookReceiverInput.active", "", { "create receiver": lacks("CreateWebhookReceiverInput.active") }],
  ["CreateWebhookHeaderInput.receiverId", "", {}],
  [
    "CreateWebhookHeaderInput.receiverId,addHeaderToWebhookReceiver",
    "",
    { "create header": lacks("addHeaderToWebhookReceiver") },
  ],
  [
    "updateWebhookReceiver,deleteWebhookReceiver,deleteWebhookSubscription,updateWebhookHeader,createWebhookHeader",
    "",
    {
      "update receiver": lacks("updateWebhookReceiver"),
      "delete receiver": lacks("deleteWebhookReceiver"),
      "delete subscription": lacks("deleteWebhookSubscription"),
      "update header": lacks("updateWebhookHeader"),
      "create header": lacks("createWebhookHeader"),
    },
  ],
  [
    "ResourceEnum.ISSUES",
    "",
    { "create subscription": "to ISSUES CREATE: ResourceEnum has no value ISSUES. ION has no resource ISSUES." },
  ],
];

it.each(TABLE)(
  "does everything that is possible, and names what is missing: %s",
  async (missing, warning, failures) => {
    const emulator = await start({ hide: missing === "" ? [] : missing.split(",") });
    const { api, warnings } = startRun(emulator);
    const outcomes: Record<string, string> = {};
    const unchecked: string[] = [];
    for (const [name, operate] of Object.entries(OPERATIONS)) {
      api.invalidate();
      const recorded = createRecorded(emulator);
      const objects = () => [emulator.store.listReceivers().length, emulator.store.listSubscriptions().length];
      const before = objects();
      const outcome = await operate({ ...recorded, api, emulator }).then(
        (operationWarnings) => {
          unchecked.push(...(operationWarnings ?? []));
          return "done";
        },
        (error: Error) =>
          isIonError(error) || error instanceof PartialStateError ? error.message : `unchecked: ${error.message}`,
      );
      const expected = failures[name] ?? "done";
      outcomes[name] = outcome.includes(expected) ? expected : outcome;
      // A failure changes nothing, except that the receiver exists whose header could not be created.
      if (outcome !== "done" && expected !== "unchecked" && name !== "create header") expect(objects()).toEqual(before);
      expect(outcome).not.toContain(CANARY);
    }
    expect(outcomes).toEqual(
      Object.fromEntries(Object.keys(OPERATIONS).map((name) => [name, failures[name] ?? "done"])),
    );
    const expectedWarning = `ION's schema lacks ${warning}. pulumi-ion omits what is missing, and reports what it cannot do. ${DOCTOR}`;
    const isOneByOne = failures === READ_ONE_BY_ONE;
    const expectedWarnings = [...(warning === "" ? [] : [expectedWarning]), ...(isOneByOne ? [ONE_BY_ONE] : [])];
    expect([...warnings].sort()).toEqual(expectedWarnings.sort());
    // Whatever is created without checking says so.
    const hasList = !Object.values(failures).includes("unchecked");
    expect(unchecked.filter((text) => text.includes("created without checking")).length > 0).toBe(!hasList);
    expect([...warnings, ...unchecked].join()).not.toContain(CANARY);
  },
);
