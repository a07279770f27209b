import { buildSchema, type GraphQLEnumType } from "graphql";
import { expect, it } from "vitest";
import {
  ACTIONS,
  GUIDE_EVENTS,
  NEVER_DELIVERED,
  VIOLET_ACTIONS,
  VIOLET_RESOURCES,
} from "../../provider/src/model/events.ts";
import { eventName } from "../../provider/src/model/webhooks.ts";
import { SDL } from "../support/support.ts";

const schema = buildSchema(SDL);
const namesOf = (type: string) => (schema.getType(type) as GraphQLEnumType).getValues().map(({ name }) => name);

it("lists only resources and actions that ION's schema has", () => {
  expect(VIOLET_RESOURCES).toHaveLength(17);
  expect(new Set(VIOLET_RESOURCES).size).toBe(17);
  expect(namesOf("ResourceEnum")).toEqual(expect.arrayContaining([...VIOLET_RESOURCES]));
  expect(namesOf("WebhookSubscriptionActionsEnum")).toEqual([...ACTIONS]);
});

it("lists as never delivered only events of Violet's guide", () => {
  const guide = GUIDE_EVENTS.map(eventName);
  expect(guide).toHaveLength(VIOLET_RESOURCES.length * VIOLET_ACTIONS.length);
  expect(NEVER_DELIVERED.map(eventName)).toEqual(["PURCHASE_ORDER_LINES CREATE"]);
  expect(guide).toEqual(expect.arrayContaining(NEVER_DELIVERED.map(eventName)));
});
