import { expect, it } from "vitest";
import { resourcesOf } from "../../provider/src/cli/stack.ts";
import { readDeclarations } from "../../provider/src/cli/stackState.ts";

const URN = "urn:pulumi:test::project";
const ION = { ionEndpoint: "https://ion.example/graphql" };

it("reads what the provider plugin declares, by provider, next to dynamic resources", async () => {
  const receiver = (type: string, name: string, provider: string) => ({
    urn: `${URN}::${type}::${name}`,
    type,
    id: "1",
    provider: `${URN}::pulumi:providers:${provider}::49a2`,
    outputs: { ...ION, name, declaredFields: ["name"], pinned: {} },
  });
  const exported = {
    deployment: {
      resources: [
        receiver("ion:index:WebhookReceiver", "erp", "ion::default_0_1_0"),
        receiver("ion:index:WebhookReceiver", "mes", "ion::staging"),
        receiver("pulumi-nodejs:dynamic/ion:WebhookReceiver", "crm", "pulumi-nodejs::default"),
        { urn: `${URN}::ion:index:VioletWebhooks::violet`, type: "ion:index:VioletWebhooks" },
        {
          ...receiver("ion:index:WebhookSubscription", "parts", "ion::staging"),
          outputs: { ...ION, receiverId: "1", resource: "PARTS", action: "UPDATE" },
        },
      ],
    },
  };
  const declarations = await readDeclarations({
    name: "test",
    config: async () => new Map(),
    resources: async () => resourcesOf(exported),
  });
  const names = [...declarations].map(([connection, { receivers, subscriptions }]) => ({
    connection,
    receivers: receivers.map(({ state }) => state.name),
    subscriptions: subscriptions.map(({ resource }) => resource),
  }));
  expect(names).toEqual([
    { connection: undefined, receivers: ["erp", "crm"], subscriptions: [] },
    { connection: "staging", receivers: ["mes"], subscriptions: ["PARTS"] },
  ]);
});
