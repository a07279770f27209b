import { buildSchema } from "graphql";
import { expect, it } from "vitest";
import { permissionFor } from "../../provider/src/ion/facts.ts";
import { SDL } from "../support/support.ts";

it("names the permission for each mutation as ION's list does", () => {
  const mutations = Object.keys(buildSchema(SDL).getMutationType()?.getFields() ?? {});
  expect(mutations.map(permissionFor).sort()).toEqual([
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
