import { expect, it } from "vitest";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { CANARY, failureOf, ionOn, withoutPort } from "../../support/support.ts";
import { createReceiver, FULL, type Inputs, preview } from "./receivers.ts";

it("returns the fields that are not secret as inputs, and pins everything to what ION has", async () => {
  const { emulator, id } = await createReceiver(FULL);
  const imported = await webhookReceiver.import(ionOn(emulator), id);
  const { webhookUri: _uri, sharedSecret: _secret, headers: _headers, ...shown } = FULL;
  expect(imported).toMatchObject({ id, inputs: shown });
  expect(JSON.stringify(imported.inputs)).not.toContain(CANARY);
  expect(imported.state).toMatchObject({ ...FULL, ionEndpoint: emulator.graphqlUrl, pinned: FULL });
  const { changes } = await preview(ionOn(emulator), id, imported.state, imported.inputs as unknown as Inputs);
  expect(changes).toBe(false);
});

it("fails if ION has no receiver with this id, and says where the ids are", async () => {
  const { emulator } = await createReceiver(FULL);
  const { kind, message } = await failureOf(webhookReceiver.import(ionOn(emulator), "7"));
  expect(kind).toBe("notFound");
  expect(withoutPort(message)).toMatchInlineSnapshot(
    `"The webhook receiver with id 7 does not exist in ION at http://<host>/graphql. \`npx --no-install pulumi-ion status\` lists all receivers with their ids."`,
  );
});
