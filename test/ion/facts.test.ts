import { buildSchema, type GraphQLEnumType } from "graphql";
import { expect, it } from "vitest";
import { ACTIONS, NEVER_DELIVERED, permissionFor, VIOLET_ACTIONS, VIOLET_RESOURCES } from "../../provider/ion/facts.ts";
import { SDL } from "../support/support.ts";

const schema = buildSchema(SDL);
const namesOf = (type: string) => (schema.getType(type) as GraphQLEnumType).getValues().map(({ name }) => name);

it("names only resources and actions that ION has", () => {
  expect(VIOLET_RESOURCES).toHaveLength(17);
  expect(new Set(VIOLET_RESOURCES).size).toBe(17);
  expect(namesOf("ResourceEnum")).toEqual(expect.arrayContaining([...VIOLET_RESOURCES]));
  expect(namesOf("WebhookSubscriptionActionsEnum")).toEqual([...ACTIONS]);
  for (const { resource, action } of NEVER_DELIVERED) {
    expect(VIOLET_RESOURCES).toContain(resource);
    expect(VIOLET_ACTIONS).toContain(action);
  }
});

it("names a mutation's permission as ION's list does", () => {
  const permissions = Object.keys(schema.getMutationType()?.getFields() ?? {}).map(permissionFor);
  expect(permissions.sort()).toEqual([
    "AddHeaderToWebhookReceiver",
    "CreateWebhookHeader",
    "CreateWebhookReceiver",
    "CreateWebhookSubscription",
    "DeleteWebhookHeader",
    "DeleteWebhookReceiver",
    "DeleteWebhookSubscription",
    "RemoveHeaderFromWebhookReceiver",
    "UpdateWebhookHeader",
    "UpdateWebhookReceiver",
    "UpdateWebhookSubscription",
  ]);
});
