import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { faultKinds } from "../../emulator/faults/faults.ts";
import { asker, start, temporaryFolder, webhookUri } from "./setup.ts";
import { webhookServer } from "./webhookServer.ts";

const cli = resolve("emulator/cli/main.ts");

interface Cli {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the first match in what it printed. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves with its exit code and the signal that ended it. */
  readonly ended: Promise<unknown[]>;
}

function run(arguments_: readonly string[], env: Record<string, string> = {}): Cli {
  const child = spawn(process.execPath, [cli, ...arguments_], { env: { ...process.env, ...env } });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let output = "";
  const pieces = [child.stdout, child.stderr];
  for (const piece of pieces) piece.setEncoding("utf8").on("data", (text: string) => (output += text));
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((found, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match) found(match);
      };
      for (const piece of pieces) piece.on("data", look);
      child.on("close", () => reject(new Error(`It ended without printing ${pattern}: ${output}`)));
      look();
    });
  return { child, output: () => output, printed, ended };
}

async function listening(it: Cli): Promise<{ graphqlUrl: string; tokenUrl: string }> {
  const [, graphqlUrl = ""] = await it.printed(/export ION_API_URI=(\S+)\n/);
  const [, tokenUrl = ""] = await it.printed(/export ION_AUTH_SERVER=(\S+)\n/);
  return { graphqlUrl, tokenUrl };
}

test("it prints what to export, with the real port, and a line a request", async () => {
  const it = run(["--port", "0"]);
  const urls = await listening(it);
  expect(urls.graphqlUrl).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/graphql$/);
  await it.printed(/^ION emulator at http:\/\/127\.0\.0\.1:\d+ \(open it in a browser to watch/);
  await it.printed(/export ION_CLIENT_ID=emulator\nexport ION_CLIENT_SECRET=emulator-secret\n/);
  const ask = await asker(urls);
  await ask(`mutation Two {
    a: createWebhookReceiver(input: { name: "planted", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }
    b: createWebhookReceiver(input: { name: "", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }
  }`);
  await it.printed(/ 200 +\d+ ms token\n/);
  await it.printed(/ 200 +\d+ ms mutation Two 2 × createWebhookReceiver \(1 failed\)\n/);
  expect(it.output()).not.toMatch(/planted|violet|Bearer/);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with exit code 0, open connections or not", async (signal) => {
  const it = run(["--port", "0"]);
  const ask = await asker(await listening(it));
  await ask("{ __typename }");
  it.child.kill(signal);
  expect(await it.ended).toEqual([0, null]);
});

test("--json prints one object a line", async () => {
  const it = run(["--port", "0", "--json"]);
  const [line] = await it.printed(/^.*\n/);
  const { listening: urls } = JSON.parse(line);
  expect(urls).toEqual({
    url: expect.any(String),
    graphqlUrl: `${urls.url}/graphql`,
    tokenUrl: `${urls.url}/realms/api-keys/protocol/openid-connect/token`,
    clientId: "emulator",
  });
  await (await asker(urls))("query Who { __typename }");
  const [, request = ""] = await it.printed(/\n(.*"name":"Who".*)\n/);
  expect(JSON.parse(request).request).toMatchObject({ kind: "graphql", status: 200 });
});

test.each([
  ["options", ["--client-id", "me", "--client-secret", "planted"], {}],
  ["the environment", [], { ION_EMULATOR_CLIENT_ID: "me", ION_EMULATOR_CLIENT_SECRET: "planted" }],
])("the API key comes from %s, and a chosen secret is not shown", async (_from, arguments_, env) => {
  const it = run(["--port", "0", ...arguments_], env);
  const { tokenUrl } = await listening(it);
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "me", client_secret: "planted" });
  expect((await fetch(tokenUrl, { method: "POST", body })).status).toBe(200);
  expect(it.output()).toContain("export ION_CLIENT_ID=me\n");
  expect(it.output()).not.toContain("planted");
});

test("the other options reach the emulator", async () => {
  const it = run([
    "--port",
    "0",
    "--token-lifetime",
    "7",
    "--page-cap",
    "1",
    "--latency",
    "5",
    "--mutation-latency",
    "5",
  ]);
  const urls = await listening(it);
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: "emulator",
    client_secret: "emulator-secret",
  });
  expect(await (await fetch(urls.tokenUrl, { method: "POST", body })).json()).toMatchObject({ expires_in: 7 });
  const ask = await asker(urls);
  const create = `createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }`;
  await ask(`mutation { a: ${create} b: ${create} }`);
  const { body: page } = await ask("{ webhookReceivers(first: 9) { pageInfo { count totalCount } } }");
  expect(page.data?.webhookReceivers.pageInfo).toEqual({ count: 1, totalCount: 2 });
  const [, milliseconds] = await it.printed(/ (\d+) ms mutation/);
  expect(Number(milliseconds)).toBeGreaterThan(12);
});

test("a port in use is one clear line and exit code 1", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const it = run(["--port", String(port)]);
  expect(await it.ended).toEqual([1, null]);
  expect(it.output()).toBe(
    `ion-emulator: port ${port} of 127.0.0.1 is in use; choose another one with --port, or --port 0 for any free one.\n`,
  );
});

test.each([
  ["--port", "65536"],
  ["--page-cap", "0"],
])("%s %s is refused", async (option, value) => {
  const it = run([option, value]);
  expect(await it.ended).toEqual([1, null]);
  expect(it.output()).toMatch(/It must be a whole number (from 0 to 65535|of at least 1)\./);
});

test("a foreign data file is one clear line and exit code 2, and stays as it is", async () => {
  const file = join(temporaryFolder(), "notes.txt");
  writeFileSync(file, "mine");
  const it = run(["--port", "0", "--data", file]);
  expect(await it.ended).toEqual([2, null]);
  expect(it.output()).toBe(
    `ion-emulator: The data file ${file} is not this emulator's, and is left as it is: it is not JSON\n`,
  );
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("whatever was answered survives SIGKILL right after the answer", async () => {
  const file = join(temporaryFolder(), "ion.json");
  const it = run(["--port", "0", "--data", file]);
  const ask = await asker(await listening(it));
  const { body } = await ask(
    `mutation { createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id _etag } } }`,
  );
  it.child.kill("SIGKILL");
  await it.ended;
  const emulator = await start({ dataFile: file });
  expect(emulator.store.listReceivers()).toMatchObject([body.data?.createWebhookReceiver.webhookReceiver]);
});

test("binding beyond loopback warns", async () => {
  const it = run(["--port", "0", "--host", "0.0.0.0"]);
  await it.printed(/Warning: other machines can reach this emulator/);
  await it.printed(/^ION emulator at http:\/\/127\.0\.0\.1:\d+\/graphql \(open it in a browser for GraphiQL/m);
});

test("--fault makes it misbehave, in the order given, and the lines say so", async () => {
  const it = run(["--port", "0", "--fault", "rate-limit:retryAfter=2,type=query", "--fault", "drop-after:after=1"]);
  const ask = await asker(await listening(it));
  expect((await ask("query Limited { __typename }")).status).toBe(429);
  await expect(ask("query Dropped { __typename }")).rejects.toThrow("fetch failed");
  expect((await ask("query Fine { __typename }")).status).toBe(200);
  await it.printed(/ 429 +\d+ ms query Limited __typename \(1 failed\) \[rate-limit\]\n/);
  await it.printed(/ --- +\d+ ms query Dropped __typename \[drop-after\]\n/);
  await it.printed(/ 200 +\d+ ms query Fine __typename\n/);
});

test("--hide takes names out of the schema", async () => {
  const it = run(["--port", "0", "--hide", "webhookReceivers,WebhookReceiver._etag", "--hide", "webhookSubscriptions"]);
  const ask = await asker(await listening(it));
  const { body } = await ask(`{
    __schema { queryType { fields { name } } }
    __type(name: "WebhookReceiver") { fields { name } }
  }`);
  expect(body.data?.__schema.queryType.fields).toEqual([{ name: "webhookReceiver" }, { name: "webhookSubscription" }]);
  expect(body.data?.__type.fields).not.toContainEqual({ name: "_etag" });
});

test("emit makes it deliver, and each attempt is a line without a secret", async () => {
  const server = await webhookServer((_arrival, number) => (number === 1 ? 500 : 200));
  const it = run(["--port", "0"]);
  const urls = await listening(it);
  const ask = await asker(urls);
  const make = (name: string, uri: string, id: number) => `
    ${name}: createWebhookReceiver(input: { name: "${name}", webhookUri: "${uri}" }) { webhookReceiver { id } }
    for${name}: createWebhookSubscription(input: { receiverId: "${id}", resource: PARTS, action: UPDATE }) {
      webhookSubscription { id }
    }`;
  await ask(`mutation { ${make("ERP", server.uri, 1)} ${make("Far", "https://far.example/planted", 2)} }`);
  const emit = run(["emit", "PARTS", "UPDATE", "--count", "2", "--entity-id", "17", "--url", urls.graphqlUrl]);
  expect(await emit.ended).toEqual([0, null]);
  expect(emit.output()).toMatch(/^2 changes of PARTS UPDATE: 4 deliveries\.\nNot sent to far\.example: without .*\n$/);
  await it.printed(new RegExp(` 500 +\\d+ ms delivery of PARTS UPDATE to "ERP" at ${server.host}: 200 was expected\n`));
  await it.printed(new RegExp(` 200 +\\d+ ms delivery of PARTS UPDATE to "ERP" at ${server.host} attempt 2\n`));
  await it.printed(/ --- +dropped delivery of PARTS UPDATE to "Far" at far\.example: Not sent to far\.example: .*\n/);
  expect(server.arrivals.map(({ body }) => JSON.parse(String(body)).entityId)).toEqual(["17", "17", "17"]);
  expect(it.output()).not.toContain("planted");
});

test("--deliver-anywhere lets deliveries leave, and --json prints each step", async () => {
  const it = run(["--port", "0", "--deliver-anywhere", "--json"]);
  const [line] = await it.printed(/^.*\n/);
  const { listening: urls } = JSON.parse(line);
  const ask = await asker(urls);
  await ask(`mutation {
    createWebhookReceiver(input: { name: "Far", webhookUri: "https://nowhere.invalid/planted" }) { __typename }
    createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) { __typename }
    emulatorEmit(resource: RUNS, action: CREATE) { __typename }
  }`);
  const [attempted] = await it.printed(/^.*"attempts":\[\{.*$/m);
  expect(JSON.parse(attempted).delivery).toMatchObject({ state: "waiting", attempts: [{ number: 1, status: null }] });
  expect(it.output()).not.toContain("planted");
});

describe("emit", () => {
  test.each<[string, string[], RegExp]>([
    [
      "an unknown name",
      ["PARTZ", "UPDATE"],
      /^ion-emulator: Value "PARTZ" .* Did you mean the enum value "PARTS".*\n$/,
    ],
    ["no name at all", ["PARTS }", "UPDATE"], /^error: .*ION's names are of letters, digits and underscores.*\n$/],
    [
      "another key",
      ["PARTS", "UPDATE", "--client-id", "me"],
      /^ion-emulator: the emulator at .* refuses this API key\. .*\n$/,
    ],
    [
      "no emulator",
      ["PARTS", "UPDATE", "--url", "http://127.0.0.1:1"],
      /^ion-emulator: no emulator answers at http:\/\/127\.0\.0\.1:1\. .*\n$/,
    ],
    [
      "no URL",
      ["PARTS", "UPDATE", "--url", "here"],
      /^error: .* It must be a URL, such as http:\/\/127\.0\.0\.1:8787\.\n$/,
    ],
  ])("with %s is one clear line and exit code 1", async (_what, arguments_, line) => {
    const { url } = await start();
    const it = run(["emit", "--url", url, ...arguments_]);
    expect(await it.ended).toEqual([1, null]);
    expect(it.output()).toMatch(line);
  });

  test("knows what is no emulator", async () => {
    const server = await webhookServer();
    const it = run(["emit", "PARTS", "UPDATE", "--url", server.uri]);
    expect(await it.ended).toEqual([1, null]);
    expect(it.output()).toBe(
      `ion-emulator: what answers at http://${server.host} is no ion-emulator, or an older one.\n`,
    );
  });
});

test.each([
  [["--fault", "drop-aftr"], /There is no fault "drop-aftr"\. The kinds are: drop-before, drop-after, .*, slow\.\n/],
  [["--fault", "rate-limit:retry=2"], /there is no option "retry"\. The options are: kind, .*, retryAfter\.\n/],
  [["--fault", "slow:ms=1,field=walrus"], /^ion-emulator: slow: the schema has no root field "walrus"\.\n$/],
  [["--hide", "walrus"], /^ion-emulator: Cannot hide "walrus": the schema has no such name\.\n$/],
])("%j is one clear line and exit code 1", async (arguments_, line) => {
  const it = run(["--port", "0", ...arguments_]);
  expect(await it.ended).toEqual([1, null]);
  expect(it.output()).toMatch(line);
  expect(it.output().trimEnd()).not.toContain("\n");
});

test("--help explains every fault, and its examples start", async () => {
  const it = run(["--help"]);
  expect(await it.ended).toEqual([0, null]);
  for (const { kind, summary } of faultKinds) expect(it.output()).toMatch(new RegExp(`^  ${kind} +${summary}`, "m"));
  const examples = [...it.output().matchAll(/^ {2}ion-emulator (.*)$/gm)].map(([, line = ""]) => line.split(" "));
  expect(examples.length).toBeGreaterThan(3);
  for (const example of examples) await listening(run(["--port", "0", ...example]));
});
