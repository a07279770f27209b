import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DataFileError, startEmulator } from "../../emulator/index.ts";
import { asker, fetchToken, start, temporaryFolder, webhookUri } from "./setup.ts";

const create = `mutation { createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id } } }`;

test("the state outlives the emulator, ids and etags included", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  const first = await start({ dataFile });
  const ask = await asker(first);
  await ask(create);
  await ask(`mutation {
    a: createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) { webhookSubscription { id } }
    b: createWebhookHeader(input: { receiverId: "1", key: "X", value: "1" }) { webhookHeader { id } }
  }`);
  first.store.deleteSubscription("1");
  await first.close();

  const second = await start({ dataFile });
  expect(second.store.state()).toEqual(first.store.state());
  const next = second.store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
  expect(next.id).toBe("2");
});

test("what was answered is in the file already, and only its owner may read it", async () => {
  const folder = temporaryFolder();
  const dataFile = join(folder, "ion.json");
  const emulator = await start({ dataFile });
  const ask = await asker(emulator);
  await ask(create);
  expect(JSON.parse(readFileSync(dataFile, "utf8")).state).toEqual(emulator.store.state());
  expect(statSync(dataFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["ion.json"]);
});

test("a read leaves the file alone", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  const emulator = await start({ dataFile });
  const ask = await asker(emulator);
  const { ino } = statSync(dataFile);
  await ask("{ webhookReceivers { pageInfo { count } } }");
  expect(statSync(dataFile).ino).toBe(ino);
});

const receiver = {
  id: "1",
  _etag: "e",
  name: "a",
  webhookUri,
  description: null,
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
  sharedSecret: "s",
  headerIds: [],
};
const state = {
  lastIds: { receiver: 1, header: 0, subscription: 0 },
  receivers: [receiver],
  headers: [],
  subscriptions: [],
};
const file = (changes: object) => JSON.stringify({ format: "ion-emulator/1", state: { ...state, ...changes } });

test("a good file is taken", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  writeFileSync(dataFile, file({}));
  expect((await start({ dataFile })).store.state()).toEqual(state);
});

test.each([
  ["an empty file", "", "it is not JSON"],
  ["a file cut short", file({}).slice(0, 200), "it is not JSON"],
  ["another program's JSON", '{"planted":1}', 'it does not say "format": "ion-emulator/1"'],
  ["a list", "[]", 'it does not say "format": "ion-emulator/1"'],
  ["a file without state", '{"format":"ion-emulator/1"}', "state is not an object"],
  ["receivers that are no list", file({ receivers: {} }), "receivers is not a list"],
  ["a receiver without a name", file({ receivers: [{ ...receiver, name: undefined }] }), "name is not text"],
  ["a receiver that breaks a rule", file({ receivers: [{ ...receiver, name: "" }] }), "name must not be empty."],
  ["an id counter that is no number", file({ lastIds: { receiver: "1" } }), "receiver is not a whole number"],
])("%s is refused in one line and left as it is", async (_case, content, reason) => {
  const dataFile = join(temporaryFolder(), "ion.json");
  writeFileSync(dataFile, content);
  const failure = await startEmulator({ dataFile }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DataFileError);
  expect((failure as Error).message).toBe(
    `The data file ${dataFile} is not this emulator's, and is left as it is: ${reason}`,
  );
  expect(readFileSync(dataFile, "utf8")).toBe(content);
});

test.each([
  ["a folder", "", "Cannot read the data file"],
  ["a file in a folder that is not there", "no/ion.json", "Cannot write the data file"],
])("%s cannot be the data file", async (_case, name, message) => {
  await expect(startEmulator({ dataFile: join(temporaryFolder(), name) })).rejects.toThrow(message);
});

test("a change that cannot be kept is not acknowledged, and kept once it can be", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  const emulator = await start({ dataFile });
  const ask = await asker(emulator);
  // A folder in the way of the temporary file fails for root as well.
  const obstacle = `${dataFile}.${process.pid}.tmp`;
  mkdirSync(obstacle);
  const refused = await ask(create);
  expect(refused.status).toBe(500);
  expect(refused.body.message).toContain("Cannot write the data file");
  rmdirSync(obstacle);
  await ask("{ __typename }");
  expect(JSON.parse(readFileSync(dataFile, "utf8")).state).toEqual(emulator.store.state());
});

test("a mutation whose sender hangs up is carried out and kept", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  const { graphqlUrl, tokenUrl, store } = await start({ dataFile, mutationLatencyMs: 50 });
  const hangUp = new AbortController();
  const sent = fetch(graphqlUrl, {
    method: "POST",
    headers: { Authorization: `Bearer ${await fetchToken(tokenUrl)}`, "Content-Type": "application/json" },
    body: JSON.stringify({ query: create }),
    signal: hangUp.signal,
  });
  setTimeout(() => hangUp.abort(), 20);
  await expect(sent).rejects.toThrow("aborted");
  expect(store.listReceivers()).toHaveLength(0);
  await expect.poll(() => JSON.parse(readFileSync(dataFile, "utf8")).state.receivers).toHaveLength(1);
});
