/** Every way in which a first user goes wrong, really gone, and the exact words that come of it. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ConfigKey, resolveSettings } from "../../provider/ion/connectionSettings.ts";
import { isIonError } from "../../provider/ion/errors.ts";
import { WebhookApi } from "../../provider/ion/webhookApi.ts";
import { folder } from "../cli/run.ts";
import { run } from "../e2e/project.ts";
import { selfSigned } from "../support/selfSigned.ts";
import { CANARY, failureOf, serve, start } from "../support/support.ts";

const CHANGED =
  "If you have just changed this stack's config, add --run-program to the command: without it, Pulumi refreshes and " +
  "destroys with the config of the last `pulumi up`.";
const HTML = "<html>Please sign in</html>";

/** Listens on a free port until the test is over; returns the port. */
async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe("settings", () => {
  const wordsOf = (config: Partial<Record<ConfigKey, string>>, env: NodeJS.ProcessEnv = {}) => {
    try {
      return resolveSettings((key) => config[key], env) && "no error";
    } catch (error) {
      return isIonError(error) ? error.message : String(error);
    }
  };
  const key = { clientId: "id", clientSecret: CANARY };

  it.each<[string, Partial<Record<ConfigKey, string>>, NodeJS.ProcessEnv, string]>([
    [
      "none",
      {},
      {},
      "ion:region is not set: run `pulumi config set ion:region us` (or gov, aus), or set ION_API_URI to ION's GraphQL endpoint\n" +
        "ion:clientId is not set: run `pulumi config set ion:clientId <client id>`, or set ION_CLIENT_ID\n" +
        "ion:clientSecret is not set: run `pulumi config set --secret ion:clientSecret`, or set ION_CLIENT_SECRET",
    ],
    ["a region that is none", { ...key, region: "eu" }, {}, 'ion:region is "eu": it has to be one of us, gov, aus'],
    [
      "a stage that is none",
      { ...key, region: "us", stage: "sandbox" },
      {},
      'ion:stage is "sandbox": it has to be one of production, staging',
    ],
    [
      "a stage alone",
      { ...key, stage: "staging" },
      {},
      "ion:stage is set and ion:region is not: run `pulumi config set ion:region us` (or gov, aus)",
    ],
    [
      "an endpoint without TLS",
      { ...key, endpoint: "http://api.buildwithion.com/graphql", authUrl: "auth.buildwithion.com" },
      {},
      "ion:endpoint has to be an https:// URL: a key and secrets travel over it",
    ],
    [
      "an endpoint of one's own without its issuer",
      key,
      { ION_API_URI: "https://ion.example/graphql" },
      "ion:authUrl is not set: run `pulumi config set ion:authUrl <token URL>`, or set ION_AUTH_SERVER to it",
    ],
    [
      "a host for an endpoint",
      { ...key, endpoint: "api.buildwithion.com", authUrl: "x" },
      {},
      "ion:endpoint is not a URL",
    ],
  ])("%s", (_what, config, env, words) => {
    expect(wordsOf(config, env)).toBe(words);
  });
});

describe("ION and its issuer", () => {
  const page = (status: number, headers: Record<string, string> = {}) =>
    serve((_request, response) => response.writeHead(status, { "content-type": "text/html", ...headers }).end(HTML));
  const says = (status: number, body: object) =>
    serve((_request, response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
    );

  it.each<[string, () => Promise<{ endpoint?: string; authUrl?: string; clientSecret?: string }>, string]>([
    [
      "a secret that is not the key's",
      async () => ({ clientSecret: `${CANARY}-wrong` }),
      "ION's token endpoint at AUTH did not accept the API key (HTTP 401): Invalid client or Invalid client credentials. Check " +
        "ion:clientId and ion:clientSecret (or ION_CLIENT_ID and ION_CLIENT_SECRET), and that the key was made in this environment: " +
        `a key works in one ION environment only. ${CHANGED}`,
    ],
    [
      "a key of another environment",
      async () => ({ endpoint: (await start()).graphqlUrl }),
      "ION at API did not accept the access token (HTTP 401): Unable to find appropriate RSA key. The key may belong to another " +
        "ION environment: check that ion:region, ion:stage, ion:endpoint and ion:authUrl name the environment that ion:clientId was " +
        `made in. ${CHANGED}`,
    ],
    [
      "a clock that is behind",
      async () => ({
        endpoint: `${await says(401, { errors: [{ message: "The token is not yet valid (iat)" }] })}/graphql`,
      }),
      "ION at API does not accept a token that its issuer gave just now (HTTP 401): The token is not yet valid (iat). Their " +
        "clocks differ, or a proxy keeps old answers. Try again in a minute; if it stays so, tell First Resonance.",
    ],
    [
      "a token that is over at once",
      async () => ({ endpoint: `${await says(401, { errors: [{ message: "Token is expired" }] })}/graphql` }),
      "ION at API does not accept a token that its issuer gave just now (HTTP 401): Token is expired. Their " +
        "clocks differ, or a proxy keeps old answers. Try again in a minute; if it stays so, tell First Resonance.",
    ],
    [
      "an endpoint that is a web page",
      async () => ({ endpoint: `${await page(200)}/graphql` }),
      "API did not answer as a GraphQL API does. Check ion:endpoint (or ION_API_URI); a proxy or a sign-in page may stand between.",
    ],
    [
      "an endpoint that sends to a sign-in page",
      async () => ({ endpoint: `${await page(302, { location: `https://login.example/?next=${CANARY}` })}/graphql` }),
      "API answered with HTTP 302, a redirect to login.example, and nothing that a GraphQL API says. Check ion:endpoint (or ION_API_URI).",
    ],
    [
      "an endpoint without its path",
      async () => ({ endpoint: await page(404) }),
      "API answered with HTTP 404 and nothing that a GraphQL API says. ION's end in /graphql. Check ion:endpoint (or ION_API_URI).",
    ],
    [
      "a firewall",
      async () => ({ endpoint: `${await page(403)}/graphql` }),
      "ION did not show its webhook receivers: API answered with HTTP 403 Forbidden and nothing of ION's: a firewall or proxy may " +
        "stand between. Nothing is concluded from that. The API key needs to be able to read webhook receivers.",
    ],
    [
      "a key that may not read",
      async () => ({
        endpoint: `${await says(200, { data: { webhookReceivers: null }, errors: [{ message: "User does not have permission.", path: ["webhookReceivers"] }] })}/graphql`,
      }),
      "ION did not show its webhook receivers: User does not have permission. Nothing is concluded from that. The API key needs to " +
        "be able to read webhook receivers.",
    ],
    [
      "an issuer that is a web page",
      async () => ({ authUrl: await page(200) }),
      "AUTH answered the token request with HTTP 200 and no token, but a web page. Check that ion:authUrl (or ION_AUTH_SERVER) is " +
        "ION's token endpoint.",
    ],
    [
      "an issuer that sends to a sign-in page",
      async () => ({ authUrl: await page(302, { location: `https://login.example/?next=${CANARY}` }) }),
      "AUTH answered the token request with HTTP 302 and no token, and sends on to login.example. Check that ion:authUrl (or " +
        "ION_AUTH_SERVER) is ION's token endpoint.",
    ],
    [
      "an emulator that is not running",
      async () => {
        const port = await closedPort();
        return { authUrl: `http://127.0.0.1:${port}/token`, endpoint: `http://127.0.0.1:${port}/graphql` };
      },
      "Could not reach ION at AUTH: nothing answers there (connection refused). If the emulator is to be there, start it in another " +
        `terminal: \`npx ion-emulator --port PORT\`. ${CHANGED} Tried 4 times in 1 s.`,
    ],
  ])("%s", async (_what, wrong, words) => {
    const { graphqlUrl, tokenUrl, clientId } = await start({ clientSecret: CANARY });
    const right = { endpoint: graphqlUrl, authUrl: tokenUrl, clientId, clientSecret: CANARY };
    const connection = { ...right, ...(await wrong()) };
    const ion = new WebhookApi(connection, { retry: { firstWaitMs: 1 } });
    const api = new URL(connection.endpoint);
    const auth = new URL(connection.authUrl);
    expect((await failureOf(ion.receivers())).message).toBe(
      words
        .replace(/\bAPI (?!key)/, `${api.host} `)
        .replace("AUTH", auth.host)
        .replace("PORT", auth.port),
    );
  });

  it("a key without a permission", async () => {
    const emulator = await start();
    emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
    const { graphqlUrl: endpoint, tokenUrl: authUrl, clientId, clientSecret } = emulator;
    const ion = new WebhookApi({ endpoint, authUrl, clientId, clientSecret });
    const { message } = await failureOf(ion.createReceiver({ name: "a", webhookUri: `https://a.example/${CANARY}` }));
    expect(message).toBe(
      'ION did not create the webhook receiver "a": User does not have permission to create this resource. The API key needs ' +
        "the permission CreateWebhookReceiver: an org admin of ION can make a key that has it.",
    );
  });
});

describe("the way there", () => {
  /** What a process of its own says that asks the ION at a URL. */
  async function asked(url: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const settings = {
      ION_API_URI: `${url}/graphql`,
      ION_AUTH_SERVER: `${url}/token`,
      ION_CLIENT_ID: "id",
      ION_CLIENT_SECRET: CANARY,
    };
    const clean = { PATH: process.env.PATH, ...settings, ...env };
    const { output } = await run(
      process.execPath,
      ["--no-warnings", join(import.meta.dirname, "../support/queryReceivers.ts")],
      ".",
      clean,
    );
    expect(output).not.toContain(CANARY);
    return output.trim();
  }
  const DAY = 86_400_000;
  const days = (from: number, to: number) =>
    [new Date(Date.now() + from * DAY), new Date(Date.now() + to * DAY)] as const;

  /** An ION with no receivers behind TLS; returns its port and a file with its certificate. */
  async function secured(host: string, from: number, to: number) {
    const { key, cert } = selfSigned(host, ...days(from, to));
    const answers = {
      access_token: "t",
      expires_in: 300,
      data: { webhookReceivers: { edges: [], pageInfo: { hasNextPage: false } } },
    };
    const server = createHttps({ key, cert }, (_request, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(answers));
    });
    const file = join(await folder(), "cert.pem");
    await writeFile(file, cert);
    return { port: await listen(server), file };
  }

  /** A proxy that answers CONNECT with a status, or, at 200, connects to a port of this machine whatever it is asked for. */
  async function proxy(status: number, port = 0): Promise<NodeJS.ProcessEnv> {
    const server = createHttp();
    server.on("connect", (_request: IncomingMessage, socket) => {
      if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      const onward = connect(port, "127.0.0.1", () => socket.write("HTTP/1.1 200 Yes\r\n\r\n"));
      onward.on("error", () => socket.destroy());
      socket.on("error", () => onward.destroy());
      onward.pipe(socket).pipe(onward);
    });
    return { HTTPS_PROXY: `http://user:${CANARY}@127.0.0.1:${await listen(server)}` };
  }

  /** A plain HTTP server, where TLS is spoken to it. */
  const plain = async () => listen(createHttp((_request, response) => response.end()));
  const reach = (where: string, why: string, hint = "") =>
    `Could not reach ION at ${where}: ${why}. ${hint}${CHANGED} Tried 4 times in 1 s.`;
  const inspected =
    "behind a proxy that inspects TLS, set NODE_USE_SYSTEM_CA=1 if this machine trusts it, or NODE_EXTRA_CA_CERTS to the file of its certificate";
  const through = "ion.invalid through the proxy that HTTPS_PROXY names";

  it("says at each obstacle what to do about it, and that does it", async () => {
    const [trusted, expired, early, others, inside] = await Promise.all([
      secured("127.0.0.1", -1, 1),
      secured("127.0.0.1", -2, -1),
      secured("127.0.0.1", 1, 2),
      secured("ion.example", -1, 1),
      secured("ion.invalid", -1, 1),
    ]);
    const [http, closed] = await Promise.all([plain(), closedPort()]);
    const [refusing, working] = await Promise.all([proxy(407), proxy(200, inside.port)]);
    const at = ({ port }: { port: number }) => `https://127.0.0.1:${port}`;
    const heeded = { NODE_USE_ENV_PROXY: "1" };
    const untrusted = (port: number, code: string, advice: string) =>
      reach(`127.0.0.1:${port}`, `its TLS certificate is not trusted (${code}); ${advice}`);
    const clock = "look at this machine's clock first, then tell who runs it";
    const unheeded =
      "HTTPS_PROXY is set, and Node does not heed it: to go through that proxy, set NODE_USE_ENV_PROXY=1 as well. ";

    const table: Record<string, [said: Promise<string>, words: string]> = {
      "a host that is not known": [asked("https://ion.invalid"), reach("ion.invalid", DNS)],
      "a proxy that Node does not heed": [asked("https://ion.invalid", working), reach("ion.invalid", DNS, unheeded)],
      "a proxy that is not there": [
        asked("https://ion.invalid", { ...heeded, HTTPS_PROXY: `http://127.0.0.1:${closed}` }),
        reach(through, "nothing answers there (connection refused)"),
      ],
      "a proxy that wants to know who it is": [
        asked("https://ion.invalid", { ...heeded, ...refusing }),
        reach(through, "the proxy refused to connect to it (HTTP 407)"),
      ],
      "a proxy that Node is told to heed": [
        asked("https://ion.invalid", { ...heeded, ...working, NODE_EXTRA_CA_CERTS: inside.file }),
        "0 receivers",
      ],
      "a certificate that signs itself": [
        asked(at(trusted)),
        untrusted(trusted.port, "DEPTH_ZERO_SELF_SIGNED_CERT", inspected),
      ],
      "a certificate that Node is told of": [asked(at(trusted), { NODE_EXTRA_CA_CERTS: trusted.file }), "0 receivers"],
      "a certificate that the machine trusts": [
        asked(at(trusted), { NODE_USE_SYSTEM_CA: "1", SSL_CERT_FILE: trusted.file }),
        "0 receivers",
      ],
      "a certificate that is over": [
        asked(at(expired), { NODE_EXTRA_CA_CERTS: expired.file }),
        untrusted(expired.port, "CERT_HAS_EXPIRED", clock),
      ],
      "a certificate for later": [
        asked(at(early), { NODE_EXTRA_CA_CERTS: early.file }),
        untrusted(early.port, "CERT_NOT_YET_VALID", clock),
      ],
      "a certificate of another host": [
        asked(at(others), { NODE_EXTRA_CA_CERTS: others.file }),
        untrusted(
          others.port,
          "ERR_TLS_CERT_ALTNAME_INVALID",
          "it is another host's, so look at the host's name in the URL",
        ),
      ],
      "a port that does not speak TLS": [
        asked(at({ port: http })),
        reach(
          `127.0.0.1:${http}`,
          "it does not speak TLS there: the URL may have to begin with http://, or to name another port",
        ),
      ],
    };
    const rows = Object.entries(table);
    const said = await Promise.all(rows.map(async ([what, [words]]) => [what, plainly(await words)]));
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(rows.map(([what, [, words]]) => [what, words])));
  });
});

const DNS = "its host name is not known (DNS)";

/** Where there is no network at all, a name cannot even be looked up; how long it took depends on the machine. */
const plainly = (words: string) =>
  words.replace("its host name could not be looked up (DNS)", DNS).replace(/in \d+ s\.$/, "in 1 s.");
