import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { faultKinds } from "../../emulator/index.ts";
import { asker, fetchToken, start, temporaryFolder, webhookUri } from "./setup.ts";
import { webhookServer } from "./webhookServer.ts";

const cli = resolve("emulator/cli/main.ts");

interface Cli {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the first match in its output. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves with its exit code and signal. */
  readonly exited: Promise<unknown[]>;
}

function run(arguments_: readonly string[], env: Record<string, string> = {}): Cli {
  const child = spawn(process.execPath, [cli, ...arguments_], { env: { ...process.env, ...env } });
  const exited = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let output = "";
  const pieces = [child.stdout, child.stderr];
  for (const piece of pieces) piece.setEncoding("utf8").on("data", (text: string) => (output += text));
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const search = () => {
        const match = pattern.exec(output);
        if (match) resolve(match);
      };
      for (const piece of pieces) piece.on("data", search);
      child.on("close", () => reject(new Error(`It exited without printing ${pattern}: ${output}`)));
      search();
    });
  return { child, output: () => output, printed, exited };
}

async function listening(it: Cli): Promise<{ graphqlUrl: string; tokenUrl: string }> {
  const [, graphqlUrl = ""] = await it.printed(/export ION_API_URI=(\S+)\n/);
  const [, tokenUrl = ""] = await it.printed(/export ION_AUTH_SERVER=(\S+)\n/);
  return { graphqlUrl, tokenUrl };
}

test("prints the settings for a client and a line per request", async () => {
  const it = run(["--port", "0"]);
  const urls = await listening(it);
  expect(urls.graphqlUrl).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/graphql$/);
  await it.printed(/ION_CLIENT_SECRET=.*\n/);
  expect(it.output().replaceAll(/:\d{2,}/g, ":<port>")).toMatchInlineSnapshot(`
    "ION emulator at http://127.0.0.1:<port> (open it in a browser to watch and to make changes; press Ctrl-C to stop)

    export ION_API_URI=http://127.0.0.1:<port>/graphql
    export ION_AUTH_SERVER=http://127.0.0.1:<port>/realms/api-keys/protocol/openid-connect/token
    export ION_CLIENT_ID=emulator
    export ION_CLIENT_SECRET=emulator-secret

    "
  `);
  const ask = await asker(urls);
  await ask(`mutation Two {
    a: createWebhookReceiver(input: { name: "planted", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }
    b: createWebhookReceiver(input: { name: "", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }
  }`);
  await it.printed(/ 200 +\d+ ms token\n/);
  await it.printed(/ 200 +\d+ ms mutation Two 2 × createWebhookReceiver \(1 failed\)\n/);
  expect(it.output()).not.toMatch(/planted|violet|Bearer/);
});

test.each(["SIGINT", "SIGTERM"] as const)("exits with code 0 on %s despite open connections", async (signal) => {
  const it = run(["--port", "0"]);
  const ask = await asker(await listening(it));
  await ask("{ __typename }");
  it.child.kill(signal);
  expect(await it.exited).toEqual([0, null]);
});

test("prints one JSON object per line with --json", async () => {
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
])("reads the API key from %s and does not print its secret", async (_from, arguments_, env) => {
  const it = run(["--port", "0", ...arguments_], env);
  const { tokenUrl } = await listening(it);
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "me", client_secret: "planted" });
  expect((await fetch(tokenUrl, { method: "POST", body })).status).toBe(200);
  expect(it.output()).toContain("export ION_CLIENT_ID=me\n");
  expect(it.output()).not.toContain("planted");
});

test("passes the other options to the emulator", async () => {
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

test("reports a port in use with exit code 1", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const it = run(["--port", String(port)]);
  expect(await it.exited).toEqual([1, null]);
  expect(it.output().replace(String(port), "<port>")).toMatchInlineSnapshot(`
    "ion-emulator: port <port> of 127.0.0.1 is in use. Choose another one with --port, or use --port 0 for any free port.
    "
  `);
});

test.each([
  ["--port", "65536"],
  ["--page-cap", "0"],
])("refuses %s %s", async (option, value) => {
  const it = run([option, value]);
  expect(await it.exited).toEqual([1, null]);
  expect(it.output()).toMatch(/It must be a whole number (from 0 to 65535|of at least 1)\./);
});

test("reports another program's data file with exit code 2 and leaves it unchanged", async () => {
  const file = join(temporaryFolder(), "notes.txt");
  writeFileSync(file, "mine");
  const it = run(["--port", "0", "--data", file]);
  expect(await it.exited).toEqual([2, null]);
  expect(it.output().replace(file, "<file>")).toMatchInlineSnapshot(`
    "ion-emulator: The data file <file> is invalid and was not changed: it is not JSON
    "
  `);
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("keeps answered changes after SIGKILL", async () => {
  const file = join(temporaryFolder(), "ion.json");
  const it = run(["--port", "0", "--data", file]);
  const ask = await asker(await listening(it));
  const { body } = await ask(
    `mutation { createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id _etag } } }`,
  );
  it.child.kill("SIGKILL");
  await it.exited;
  const emulator = await start({ dataFile: file });
  expect(emulator.store.listReceivers()).toMatchObject([body.data?.createWebhookReceiver.webhookReceiver]);
});

test("warns when it listens beyond loopback", async () => {
  const it = run(["--port", "0", "--host", "0.0.0.0", "--client-secret", "planted"]);
  await it.printed(/ION_CLIENT_SECRET=.*\n/);
  const lines = it
    .output()
    .replaceAll(/:\d{2,}/g, ":<port>")
    .split("\n");
  expect(lines.filter((line) => /^(Warning|ION emulator)/.test(line)).sort()).toMatchInlineSnapshot(`
    [
      "ION emulator at http://127.0.0.1:<port>/graphql (open it in a browser for the API explorer; press Ctrl-C to stop)",
      "Warning: other machines can reach this emulator. Anyone who has its API key can change its state.",
    ]
  `);
});

test("refuses to listen beyond loopback with the default API key", async () => {
  const it = run(["--port", "0", "--host", "0.0.0.0"]);
  expect(await it.exited).toEqual([1, null]);
  expect(it.output()).toMatchInlineSnapshot(`
    "ion-emulator: other machines can reach 0.0.0.0, and the default API key is public. Set another one: ION_EMULATOR_CLIENT_SECRET or --client-secret (clientSecret).
    "
  `);
});

test("serves several environments, each with its own state and its own line in the log", async () => {
  const data = join(temporaryFolder(), "ion.json");
  const it = run(["--port", "0", "--environments", "3", "--data", data, "--json"]);
  const [line] = await it.printed(/^.*\n/);
  const { listening: environments } = JSON.parse(line);
  expect(new Set(environments.map(({ graphqlUrl }: { readonly graphqlUrl: string }) => graphqlUrl)).size).toBe(3);
  const [first, second] = await Promise.all([asker(environments[0]), asker(environments[1])]);
  await second(
    `mutation Mine { createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id } } }`,
  );
  const { body } = await first("{ webhookReceivers { edges { node { id } } } }");
  expect(body.data?.webhookReceivers.edges).toEqual([]);
  const [, request = ""] = await it.printed(/\n(.*"name":"Mine".*)\n/);
  expect(JSON.parse(request)).toMatchObject({ environment: 2, request: { status: 200 } });
  it.child.kill("SIGTERM");
  expect(await it.exited).toEqual([0, null]);
  const emulator = await start({ dataFile: data.replace(".json", "-2.json") });
  expect(emulator.store.listReceivers()).toHaveLength(1);
});

test("lists several environments with the key of all", async () => {
  const it = run(["--port", "0", "--environments", "2"]);
  await it.printed(/ION_CLIENT_SECRET=.*\n/);
  expect(it.output().replaceAll(/:\d{2,}/g, ":<port>")).toMatchInlineSnapshot(`
    "2 ION environments, each with its GraphQL and token endpoint (press Ctrl-C to stop):

    1  http://127.0.0.1:<port>/graphql  http://127.0.0.1:<port>/realms/api-keys/protocol/openid-connect/token
    2  http://127.0.0.1:<port>/graphql  http://127.0.0.1:<port>/realms/api-keys/protocol/openid-connect/token

    export ION_CLIENT_ID=emulator
    export ION_CLIENT_SECRET=emulator-secret

    "
  `);
});

test("stops what has started if one of several environments cannot start", async () => {
  const it = run(["--port", "65535", "--environments", "2"]);
  expect(await it.exited).toEqual([1, null]);
  expect(it.output()).toMatch(/not enough ports after --port|port 65535 of 127\.0\.0\.1 is in use/);
});

test("simulates the faults of --fault in order and prints them", async () => {
  const it = run(["--port", "0", "--fault", "rate-limit:retryAfter=2,type=query", "--fault", "drop-after:after=1"]);
  const ask = await asker(await listening(it));
  expect((await ask("query Limited { __typename }")).status).toBe(429);
  await expect(ask("query Dropped { __typename }")).rejects.toThrow("fetch failed");
  expect((await ask("query Fine { __typename }")).status).toBe(200);
  await it.printed(/ 429 +\d+ ms query Limited __typename \(1 failed\) \[rate-limit\]\n/);
  await it.printed(/ --- +\d+ ms query Dropped __typename \[drop-after\]\n/);
  await it.printed(/ 200 +\d+ ms query Fine __typename\n/);
});

test("leaves the names of --hide out of the schema", async () => {
  const it = run(["--port", "0", "--hide", "webhookReceivers,WebhookReceiver._etag", "--hide", "webhookSubscriptions"]);
  const ask = await asker(await listening(it));
  const { body } = await ask(`{
    __schema { queryType { fields { name } } }
    __type(name: "WebhookReceiver") { fields { name } }
  }`);
  expect(body.data?.__schema.queryType.fields).toEqual([{ name: "webhookReceiver" }, { name: "webhookSubscription" }]);
  expect(body.data?.__type.fields).not.toContainEqual({ name: "_etag" });
});

test("serves the schema of --schema", async () => {
  const it = run(["--port", "0", "--schema", "test/schemas/plainList.graphql"]);
  const ask = await asker(await listening(it));
  expect((await ask("{ webhookReceivers { id } }")).body).toEqual({ data: { webhookReceivers: [] } });
});

test("delivers events for emit and prints each attempt without secrets", async () => {
  const server = await webhookServer((_arrival, number) => (number === 1 ? 500 : 200));
  const it = run(["--port", "0"]);
  const urls = await listening(it);
  const ask = await asker(urls);
  const create = (name: string, uri: string, id: number) => `
    ${name}: createWebhookReceiver(input: { name: "${name}", webhookUri: "${uri}" }) { webhookReceiver { id } }
    for${name}: createWebhookSubscription(input: { receiverId: "${id}", resource: PARTS, action: UPDATE }) {
      webhookSubscription { id }
    }`;
  await ask(`mutation { ${create("ERP", server.uri, 1)} ${create("Far", "https://far.example/planted", 2)} }`);
  const emit = run(["emit", "parts", "update", "--count", "2", "--entity-id", "17", "--url", urls.graphqlUrl]);
  expect(await emit.exited).toEqual([0, null]);
  expect(emit.output()).toMatchInlineSnapshot(`
    "2 changes of PARTS UPDATE: 2 deliveries.
    Not sent to far.example: only loopback hosts get events. To change this, set --deliver-anywhere (delivery.anywhere).
    "
  `);
  await it.printed(new RegExp(` 500 +\\d+ ms delivery of PARTS UPDATE to "ERP" at ${server.host}: expected 200\n`));
  await it.printed(new RegExp(` 200 +\\d+ ms delivery of PARTS UPDATE to "ERP" at ${server.host} attempt 2\n`));
  await it.printed(/ --- +dropped delivery of PARTS UPDATE to "Far" at far\.example: Not sent to far\.example: .*\n/);
  expect(server.arrivals.map(({ body }) => JSON.parse(String(body)).entityId)).toEqual(["17", "17", "17"]);
  expect(it.output()).not.toContain("planted");
});

test("emits to this machine without a proxy", async () => {
  const it = run(["--port", "0"]);
  const { graphqlUrl } = await listening(it);
  // Nothing listens on port 9, so a request through this proxy would fail.
  const proxy = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
  const emit = run(["emit", "PARTS", "UPDATE", "--url", graphqlUrl], { ...proxy, NO_PROXY: "", no_proxy: "" });
  expect(await emit.exited).toEqual([0, null]);
  expect(emit.output()).toMatch(/^1 change of PARTS UPDATE: 0 deliveries\./);
});

test("delivers to other machines with --deliver-anywhere", async () => {
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

test("emits to an emulator with another token path and the bare token", async () => {
  const emulator = await start({ tokenPath: "/auth/realms", authorization: "bare" });
  const emit = run(["emit", "PARTS", "UPDATE", "--url", emulator.url]);
  expect(await emit.exited).toEqual([0, null]);
  expect(emit.output()).toContain("1 change of PARTS UPDATE: 0 deliveries.");
});

test("passes --token-path and --authorization on", async () => {
  const urls = await listening(run(["--port", "0", "--token-path", "/auth/realms", "--authorization", "bare"]));
  expect(urls.tokenUrl).toContain("/auth/realms/");
  const ask = await asker(urls, { authorization: await fetchToken(urls.tokenUrl) });
  expect((await ask("{ __typename }")).status).toBe(200);
});

test("reports why emit failed with exit code 1", async () => {
  const { url } = await start();
  const server = await webhookServer();
  const failures = {
    "an unknown resource": ["PARTZ", "UPDATE"],
    "an invalid name": ["PARTS }", "UPDATE"],
    "another API key": ["PARTS", "UPDATE", "--client-id", "me"],
    "no emulator": ["PARTS", "UPDATE", "--url", "http://127.0.0.1:1"],
    "an invalid URL": ["PARTS", "UPDATE", "--url", "here"],
    "another server": ["PARTS", "UPDATE", "--url", server.uri],
  };
  const outputs: Record<string, string> = {};
  for (const [reason, arguments_] of Object.entries(failures)) {
    const it = run(["emit", "--url", url, ...arguments_]);
    expect([reason, await it.exited]).toEqual([reason, [1, null]]);
    outputs[reason] = it.output().replaceAll(/:\d{4,}/g, ":<port>");
  }
  expect(outputs).toMatchInlineSnapshot(`
    {
      "an invalid URL": "error: option '--url <url>' argument 'here' is invalid. It must be a URL, for example http://127.0.0.1:<port>.
    ",
      "an invalid name": "error: command-argument value 'PARTS }' is invalid for argument 'resource'. ION's names consist of letters, digits and underscores, for example PARTS.
    ",
      "an unknown resource": "ion-emulator: Value "PARTZ" does not exist in "ResourceEnum" enum. Did you mean the enum value "PARTS"?
    ",
      "another API key": "ion-emulator: the emulator at http://127.0.0.1:<port> refuses this API key. Pass the key that it was started with: --client-id and --client-secret, or ION_EMULATOR_CLIENT_ID and ION_EMULATOR_CLIENT_SECRET.
    ",
      "another server": "ion-emulator: the server at http://127.0.0.1:<port> is not an ion-emulator, or an older version.
    ",
      "no emulator": "ion-emulator: no emulator responds at http://127.0.0.1:1. Start one with "npx --no-install ion-emulator", or pass its address with --url.
    ",
    }
  `);
});

test("reports an invalid --fault, --hide or --schema with exit code 1", async () => {
  const outputs: Record<string, string> = {};
  for (const arguments_ of [
    ["--fault", "drop-aftr"],
    ["--fault", "rate-limit:retry=2"],
    ["--fault", "slow:ms=1,field=walrus"],
    ["--hide", "walrus"],
    ["--schema", "walrus.graphql"],
    ["--schema", "package.json"],
  ]) {
    const it = run(["--port", "0", ...arguments_]);
    expect([arguments_, await it.exited]).toEqual([arguments_, [1, null]]);
    outputs[arguments_.join(" ")] = it.output();
  }
  expect(outputs).toMatchInlineSnapshot(`
    {
      "--fault drop-aftr": "error: option '--fault <kind[:key=value,...]>' argument 'drop-aftr' is invalid. There is no fault "drop-aftr". The kinds are: drop-before, drop-after, bad-gateway-before, bad-gateway-after, rate-limit, expired-token, revoked-token, hang, html, partial, stale-etag, unique-constraint, throttled, null-list, nested-error, content-type, slow.
    ",
      "--fault rate-limit:retry=2": "error: option '--fault <kind[:key=value,...]>' argument 'rate-limit:retry=2' is invalid. rate-limit: there is no option "retry". The options are: kind, type, field, operation, after, times, retryAfter.
    ",
      "--fault slow:ms=1,field=walrus": "ion-emulator: slow: the schema has no root field "walrus".
    ",
      "--hide walrus": "ion-emulator: Cannot hide "walrus": the schema has no such name.
    ",
      "--schema package.json": "ion-emulator: The schema is invalid: Syntax Error: Expected Name, found String "name".
    ",
      "--schema walrus.graphql": "error: option '--schema <file>' argument 'walrus.graphql' is invalid. ENOENT: no such file or directory, open 'walrus.graphql'
    ",
    }
  `);
});

test("prints its version", async () => {
  const it = run(["--version"]);
  expect(await it.exited).toEqual([0, null]);
  expect(it.output().trim()).toBe(JSON.parse(readFileSync("emulator/package.json", "utf8")).version);
});

test("explains every option and fault with --help", async () => {
  const it = run(["--help"]);
  expect(await it.exited).toEqual([0, null]);
  expect(it.output()).toMatchInlineSnapshot(`
    "Usage: ion-emulator [options] [command]

    A local ION: its token endpoint, the webhook part of its GraphQL API, and event
    deliveries.

    Options:
      -V, --version                       output the version number
      --port <port>                       port to listen on; 0 selects a free port
                                          (default: 8787)
      --host <address>                    address to listen on (default:
                                          "127.0.0.1")
      --environments <count>              number of ION environments, each with its
                                          own port (the next ones after --port) and
                                          its own state (default: 1)
      --data <file>                       file that keeps the state across restarts
                                          (default: in memory only)
      --client-id <id>                    client ID of the API key (default:
                                          "emulator", env: ION_EMULATOR_CLIENT_ID)
      --client-secret <secret>            client secret of the API key (default:
                                          "emulator-secret", env:
                                          ION_EMULATOR_CLIENT_SECRET)
      --token-lifetime <seconds>          lifetime of a token (default: 300)
      --token-path <path>                 path of the token endpoint (choices:
                                          "/realms", "/auth/realms", "both",
                                          default: "both")
      --authorization <form>              form of the Authorization header: Bearer
                                          <token>, or the bare token (choices:
                                          "bearer", "bare", default: "bearer")
      --page-cap <count>                  maximum number of objects in a page of
                                          results (default: 100)
      --latency <ms>                      delay of every response (default: 0)
      --mutation-latency <ms>             duration of each mutation (default: 0)
      --fault <kind[:key=value,...]>      simulate a failure, see below; can be
                                          repeated (default: none)
      --schema <file>                     SDL of the webhook part of an ION
                                          (default: Violet's guide)
      --hide <name,...>                   leave names out of the schema, see below;
                                          can be repeated (default: none)
      --deliver-anywhere                  deliver events to other machines, not only
                                          to loopback hosts
      --json                              print one JSON object per line
      -h, --help                          display help for command

    Commands:
      emit [options] <resource> <action>  Simulate changes in ION: a running
                                          emulator delivers an event to every
                                          subscribed receiver.

    Faults:
      drop-before         closes the connection without a response; the request is not processed
      drop-after          processes the request, saves its changes, then closes the connection without a response
      bad-gateway-before  responds 502 with an HTML body; the request is not processed
      bad-gateway-after   processes the request, saves its changes, then responds 502 with an HTML body
      rate-limit          responds 429, with a Retry-After header if retryAfter sets its seconds; the request is not processed [retryAfter]
      expired-token       responds 401 and refuses the request's token from now on, as if it had expired
      revoked-token       responds 401 and refuses the request's token from now on, as if it had been revoked
      hang                never responds; the request is processed only if done=true [done]
      html                responds 200 with an HTML page instead of JSON; the request is processed only if done=true [done]
      partial             answers the root fields in fields, or all, with null and an error; the other fields run [fields, message]
      stale-etag          another client changes the object just before its update or deletion, which fails with an etag conflict [fields]
      unique-constraint   fails a create with a database error, as if the object existed; nothing is created [fields, message]
      throttled           responds 200 with an error of code THROTTLED and no data; the request is not processed
      null-list           processes the request, then answers null in place of every field called name, with an error if error=true [name, error]
      nested-error        processes the request, then answers null for its root fields with an internal error below them, or without a path if path=false [path]
      content-type        processes the request, then responds with JSON under the content type text/html
      slow                processes the request at once, then delays the response by ms milliseconds [ms]

      Every fault also takes kind, type, field, operation, after, times. It affects GraphQL requests (kind=token: token
      requests) of this type, with this root field and this operation name. "after" is how many matching requests pass
      first (default: 0), "times" how many the fault affects (default: 1; Infinity: all).

    Examples:
      ion-emulator --fault drop-after:field=createWebhookSubscription
      ion-emulator --fault rate-limit:retryAfter=2,times=3 --fault bad-gateway-before:kind=token,after=1
      ion-emulator --fault partial:fields=0+2,type=mutation,times=Infinity
      ion-emulator --hide webhookReceivers,WebhookReceiver._etag,webhookSubscriptions.filters,CreateWebhookHeaderInput

    "
  `);
  for (const { kind } of faultKinds) expect(it.output()).toContain(`\n  ${kind} `);
  const emit = run(["emit", "--help"]);
  expect(await emit.exited).toEqual([0, null]);
  expect(emit.output()).toMatchInlineSnapshot(`
    "Usage: ion-emulator emit [options] <resource> <action>

    Simulate changes in ION: a running emulator delivers an event to every
    subscribed receiver.

    Arguments:
      resource                  resource that changes, for example PARTS
      action                    CREATE, UPDATE or DELETE

    Options:
      --count <count>           number of changes (default: 1)
      --entity-id <id>          id of the object that changes (default: a new object
                                for each change)
      --url <url>               address of the emulator (default:
                                "http://127.0.0.1:8787/")
      --client-id <id>          client ID of the API key (default: "emulator", env:
                                ION_EMULATOR_CLIENT_ID)
      --client-secret <secret>  client secret of the API key (default:
                                "emulator-secret", env: ION_EMULATOR_CLIENT_SECRET)
      -h, --help                display help for command
    "
  `);
});

test("starts with the examples of --help", async () => {
  const it = run(["--help"]);
  expect(await it.exited).toEqual([0, null]);
  const examples = [...it.output().matchAll(/^ {2}ion-emulator (.*)$/gm)].map(([, line = ""]) => line.split(" "));
  expect(examples.length).toBeGreaterThan(3);
  for (const example of examples) await listening(run(["--port", "0", ...example]));
});
