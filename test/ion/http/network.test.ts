/** The errors of real connections, and that following their advice helps. Each one in a process of its own, because Node reads some variables only once. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { selfSigned } from "../../support/selfSigned.ts";
import { CANARY } from "../../support/support.ts";

const SCRIPT = join(import.meta.dirname, "../../support/queryReceivers.ts");
const DAY_MS = 86_400_000;

/** Listens on a free port until the test ends; returns the port. */
async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens. A connection of this test occupies it, so that no other process starts to listen there. */
async function closedPort(): Promise<number> {
  const client = connect(await listen(createServer()), "127.0.0.1");
  await once(client, "connect");
  onTestFinished(() => void client.destroy());
  return client.localPort ?? 0;
}

/** An ION server behind TLS with a certificate for `host` that is valid from one day to another, counted from today. */
async function startWithTls(host: string, from: number, to: number) {
  const [validFrom, validTo] = [from, to].map((days) => new Date(Date.now() + days * DAY_MS)) as [Date, Date];
  const { key, cert } = selfSigned(host, validFrom, validTo);
  const answers = {
    access_token: "t",
    expires_in: 300,
    data: { webhookReceivers: { edges: [], pageInfo: { hasNextPage: false } } },
  };
  const server = createHttps({ key, cert }, (_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(answers));
  });
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-tls-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const certificate = join(folder, "cert.pem");
  await writeFile(certificate, cert);
  const port = await listen(server);
  return { port, certificate, url: `https://127.0.0.1:${port}` };
}

/** A proxy that answers CONNECT with a status; with 200, it connects to a port of this machine whatever host is asked for. */
async function startProxy(status: number, port = 0): Promise<NodeJS.ProcessEnv> {
  const server = createHttp();
  server.on("connect", (_request: IncomingMessage, socket) => {
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const target = connect(port, "127.0.0.1", () => socket.write("HTTP/1.1 200 Yes\r\n\r\n"));
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
    target.pipe(socket).pipe(target);
  });
  return { HTTPS_PROXY: `http://user:${CANARY}@127.0.0.1:${await listen(server)}` };
}

/** What a process prints that reads the receivers of the ION at a URL. */
async function query(url: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const settings = {
    ION_API_URI: `${url}/graphql`,
    ION_AUTH_SERVER: `${url}/token`,
    ION_CLIENT_ID: "id",
    ION_CLIENT_SECRET: CANARY,
  };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--no-warnings", SCRIPT], {
    env: { PATH: process.env.PATH, ...settings, ...env },
  });
  expect(stdout + stderr).not.toContain(CANARY);
  return (
    (stdout + stderr)
      .trim()
      .replace(/127\.0\.0\.1:\d+/g, "HOST")
      .replace(/--port \d+/, "--port PORT")
      .replace(/in \d+ s\./, "in 1 s.")
      // Without any network, a name cannot be resolved.
      .replace("its host name could not be resolved (DNS)", "its host name does not exist (DNS)")
  );
}

it("reports every obstacle on the way to ION with advice, and the advice helps", async () => {
  const [trusted, expired, early, other, inside] = await Promise.all([
    startWithTls("127.0.0.1", -1, 1),
    startWithTls("127.0.0.1", -2, -1),
    startWithTls("127.0.0.1", 1, 2),
    startWithTls("ion.example", -1, 1),
    startWithTls("ion.invalid", -1, 1),
  ]);
  const plainHttp = await listen(createHttp((_request, response) => response.end()));
  const [refusing, working, closed] = await Promise.all([startProxy(407), startProxy(200, inside.port), closedPort()]);
  const useProxy = { NODE_USE_ENV_PROXY: "1" };
  const trust = ({ certificate }: typeof trusted) => ({ NODE_EXTRA_CA_CERTS: certificate });
  const outputs: Record<string, Promise<string>> = {
    "a host that does not exist": query("https://ion.invalid"),
    "a proxy that Node does not use": query("https://ion.invalid", working),
    "a proxy that is not running": query("https://ion.invalid", {
      ...useProxy,
      HTTPS_PROXY: `http://127.0.0.1:${closed}`,
    }),
    "a proxy that requires a login": query("https://ion.invalid", { ...useProxy, ...refusing }),
    "a proxy, with NODE_USE_ENV_PROXY": query("https://ion.invalid", { ...useProxy, ...working, ...trust(inside) }),
    "this machine, with a proxy for everything else": query(trusted.url, {
      ...useProxy,
      ...refusing,
      ...trust(trusted),
    }),
    "a self-signed certificate": query(trusted.url),
    "a self-signed certificate, with NODE_EXTRA_CA_CERTS": query(trusted.url, trust(trusted)),
    "a certificate that the machine trusts, with NODE_USE_SYSTEM_CA": query(trusted.url, {
      NODE_USE_SYSTEM_CA: "1",
      SSL_CERT_FILE: trusted.certificate,
    }),
    "an expired certificate": query(expired.url, trust(expired)),
    "a certificate that is not valid yet": query(early.url, trust(early)),
    "a certificate of another host": query(other.url, trust(other)),
    "a port without TLS": query(`https://127.0.0.1:${plainHttp}`),
    "an emulator that is not running": query(`http://127.0.0.1:${closed}`),
  };
  const rows = await Promise.all(Object.entries(outputs).map(async ([what, output]) => [what, await output]));
  expect(Object.fromEntries(rows)).toMatchInlineSnapshot(`
    {
      "a certificate of another host": "Could not reach ION at HOST: its TLS certificate is not trusted (ERR_TLS_CERT_ALTNAME_INVALID). Tried 4 times in 1 s. The certificate was issued for another host: check the host name in the URL.",
      "a certificate that is not valid yet": "Could not reach ION at HOST: its TLS certificate is not trusted (CERT_NOT_YET_VALID). Tried 4 times in 1 s. Check this machine's clock first, then contact the owner of the server.",
      "a certificate that the machine trusts, with NODE_USE_SYSTEM_CA": "0 receivers",
      "a host that does not exist": "Could not reach ION at ion.invalid: its host name does not exist (DNS). Tried 4 times in 1 s.",
      "a port without TLS": "Could not reach ION at HOST: it does not use TLS there (the URL may need http:// or another port). Tried 4 times in 1 s.",
      "a proxy that Node does not use": "Could not reach ION at ion.invalid: its host name does not exist (DNS). Tried 4 times in 1 s. HTTPS_PROXY is set, but Node does not use it. To use that proxy, also set NODE_USE_ENV_PROXY=1.",
      "a proxy that is not running": "Could not reach ION at ion.invalid through the proxy in HTTPS_PROXY: nothing listens there (connection refused). Tried 4 times in 1 s.",
      "a proxy that requires a login": "Could not reach ION at ion.invalid through the proxy in HTTPS_PROXY: the proxy refused to connect to it (HTTP 407). Tried 4 times in 1 s.",
      "a proxy, with NODE_USE_ENV_PROXY": "0 receivers",
      "a self-signed certificate": "Could not reach ION at HOST: its TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). Tried 4 times in 1 s. Behind a proxy that inspects TLS, set NODE_USE_SYSTEM_CA=1 if this machine trusts the proxy's certificate, or set NODE_EXTRA_CA_CERTS to the path of that certificate.",
      "a self-signed certificate, with NODE_EXTRA_CA_CERTS": "0 receivers",
      "an emulator that is not running": "Could not reach ION at HOST: nothing listens there (connection refused). Tried 4 times in 1 s. If you meant the local emulator, start it again as before: \`npm run practice\`, or \`npx --no-install ion-emulator --port PORT\`.",
      "an expired certificate": "Could not reach ION at HOST: its TLS certificate is not trusted (CERT_HAS_EXPIRED). Tried 4 times in 1 s. Check this machine's clock first, then contact the owner of the server.",
      "this machine, with a proxy for everything else": "0 receivers",
    }
  `);
});
