import { chmodSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DataFileError, startEmulator } from "../../emulator/index.ts";
import { asker, fetchToken, start, temporaryFolder, webhookUri } from "./setup.ts";

const create = `mutation { createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id } } }`;

test("keeps the state across restarts, including ids and etags", async () => {
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

test("saves changes before the response to a file that only its owner can read", async () => {
  const folder = temporaryFolder();
  const dataFile = join(folder, "ion.json");
  const emulator = await start({ dataFile });
  const ask = await asker(emulator);
  await ask(create);
  expect(JSON.parse(readFileSync(dataFile, "utf8")).state).toEqual(emulator.store.state());
  expect(statSync(dataFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["ion.json"]);
});

test("makes an existing data file readable by its owner only", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  await (await start({ dataFile })).close();
  chmodSync(dataFile, 0o644);
  await start({ dataFile });
  expect(statSync(dataFile).mode & 0o777).toBe(0o600);
});

test("does not write the file for a query", async () => {
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

test("reads a valid file", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  writeFileSync(dataFile, file({}));
  expect((await start({ dataFile })).store.state()).toEqual(state);
});

test("refuses an invalid file in one line and leaves it unchanged", async () => {
  const invalid = {
    "an empty file": "",
    "a truncated file": file({}).slice(0, 200),
    "another program's JSON": '{"planted":1}',
    "an array": "[]",
    "a file without state": '{"format":"ion-emulator/1"}',
    "receivers that are not an array": file({ receivers: {} }),
    "a receiver without a name": file({ receivers: [{ ...receiver, name: undefined }] }),
    "a receiver that breaks a rule": file({ receivers: [receiver, { ...receiver, webhookUri: "http://planted" }] }),
    "a counter that is not a number": file({ lastIds: { receiver: "planted" } }),
  };
  const dataFile = join(temporaryFolder(), "ion.json");
  const messages: Record<string, string> = {};
  for (const [name, content] of Object.entries(invalid)) {
    writeFileSync(dataFile, content);
    const failure = await startEmulator({ dataFile }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataFileError);
    expect(readFileSync(dataFile, "utf8")).toBe(content);
    messages[name] = (failure as Error).message.replace(dataFile, "<file>");
  }
  expect(messages).toMatchInlineSnapshot(`
    {
      "a counter that is not a number": "The data file <file> is invalid and was not changed: state.lastIds.receiver: Invalid input: expected number, received string",
      "a file without state": "The data file <file> is invalid and was not changed: state: Invalid input: expected object, received undefined",
      "a receiver that breaks a rule": "The data file <file> is invalid and was not changed: state.receivers[1].webhookUri: webhookUri must be an https URL (this emulator also accepts http for a loopback host).",
      "a receiver without a name": "The data file <file> is invalid and was not changed: state.receivers[0].name: name must not be empty.",
      "a truncated file": "The data file <file> is invalid and was not changed: it is not JSON",
      "an array": "The data file <file> is invalid and was not changed: Invalid input: expected object, received array",
      "an empty file": "The data file <file> is invalid and was not changed: it is not JSON",
      "another program's JSON": "The data file <file> is invalid and was not changed: format: Invalid input: expected "ion-emulator/1"",
      "receivers that are not an array": "The data file <file> is invalid and was not changed: state.receivers: Invalid input: expected array, received object",
    }
  `);
});

test.each([
  ["a folder", "", "Cannot read the data file"],
  ["a file in a missing folder", "no/ion.json", "Cannot write the data file"],
])("refuses %s as the data file", async (_case, name, message) => {
  await expect(startEmulator({ dataFile: join(temporaryFolder(), name) })).rejects.toThrow(message);
});

test("reports a change that cannot be saved and saves it later", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  const emulator = await start({ dataFile });
  const ask = await asker(emulator);
  // A folder at the path of the temporary file makes writing fail even for root.
  const obstacle = `${dataFile}.${process.pid}.tmp`;
  mkdirSync(obstacle);
  const refused = await ask(create);
  expect(refused.status).toBe(500);
  expect(refused.body.message).toContain("Cannot write the data file");
  rmdirSync(obstacle);
  await ask("{ __typename }");
  expect(JSON.parse(readFileSync(dataFile, "utf8")).state).toEqual(emulator.store.state());
});

test("completes and saves a mutation whose client disconnects", async () => {
  const dataFile = join(temporaryFolder(), "ion.json");
  const { graphqlUrl, tokenUrl, store } = await start({ dataFile, mutationLatencyMs: 50 });
  const client = new AbortController();
  const sent = fetch(graphqlUrl, {
    method: "POST",
    headers: { Authorization: `Bearer ${await fetchToken(tokenUrl)}`, "Content-Type": "application/json" },
    body: JSON.stringify({ query: create }),
    signal: client.signal,
  });
  setTimeout(() => client.abort(), 20);
  await expect(sent).rejects.toThrow("aborted");
  expect(store.listReceivers()).toHaveLength(0);
  await expect.poll(() => JSON.parse(readFileSync(dataFile, "utf8")).state.receivers).toHaveLength(1);
});
