import { expect, test } from "vitest";
import { graphqlRequest, start, webhookUri } from "./setup.ts";
import { createReceiver, createReceiverInput, createSubscriptions } from "./violetGuide.ts";

test("runs the documents of Violet's guide unchanged", async () => {
  const emulator = await start();
  // The guide's receiver has the id 2.
  emulator.store.createReceiver({ name: "ERP", webhookUri: "https://erp.example" });
  const client = await graphqlRequest(emulator);

  const { input } = JSON.parse(createReceiverInput);
  const created = await client.request(createReceiver, { input: { ...input, webhookUri } });
  expect(created).toEqual({
    createWebhookReceiver: {
      webhookReceiver: {
        id: "2",
        name: "Violet",
        description: null,
        webhookUri,
        sharedSecret: expect.stringMatching(/^[\w-]{32}$/),
        contentType: "application/json",
        expectedResponseCode: 200,
        active: true,
        subscriptions: [],
        headers: [],
      },
    },
  });

  const subscribed =
    await client.request<Record<string, { webhookSubscription: { id: string; _etag: string } }>>(createSubscriptions);
  expect(Object.keys(subscribed)).toHaveLength(34);
  const events = new Set(emulator.store.listSubscriptions("2").map(({ resource, action }) => `${resource} ${action}`));
  expect(events.size).toBe(34);
  expect(subscribed.abomUpdate?.webhookSubscription).toEqual({ id: "1", _etag: expect.stringMatching(/./) });
  expect(subscribed.suppliersCreate?.webhookSubscription.id).toBe("34");
});

test("refuses the guide's first document until its placeholder is replaced", async () => {
  const emulator = await start();
  const client = await graphqlRequest(emulator);
  await expect(client.request(createReceiver, JSON.parse(createReceiverInput))).rejects.toThrow("webhookUri must be");
  expect(emulator.store.listReceivers()).toEqual([]);
});
