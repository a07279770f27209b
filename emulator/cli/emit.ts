import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import { Command, InvalidArgumentError } from "commander";
import type { Emission } from "../deliveries/delivery.ts";
import { isLoopback, lookUpLoopback } from "../http/loopback.ts";
import { type ApiKeyOptions, addApiKeyOptions, wholeNumber } from "./options.ts";
import { printable } from "./output.ts";

interface EmitCommandOptions extends ApiKeyOptions {
  readonly url: URL;
  readonly count: number;
  readonly entityId?: string;
}

/** The maximum of GraphQL's Int. */
const MAX_CHANGES = 2 ** 31 - 1;

/** A failure with a message for the user. */
class Failure extends Error {}

/** `ion-emulator emit`: simulates changes in a running emulator. */
export function emitCommand(): Command {
  const command = new Command("emit")
    .description("Simulate changes in ION: a running emulator delivers an event to every subscribed receiver.")
    .argument("<resource>", "resource that changes, for example PARTS", name)
    .argument("<action>", "CREATE, UPDATE or DELETE", name)
    .option("--count <count>", "number of changes", wholeNumber(1, MAX_CHANGES), 1)
    .option("--entity-id <id>", "id of the object that changes (default: a new object for each change)")
    .option("--url <url>", "address of the emulator", origin, new URL("http://127.0.0.1:8787"));
  return addApiKeyOptions(command).action(async (resource: string, action: string, options: EmitCommandOptions) => {
    try {
      const { changes, deliveries, note } = await emit(resource, action, options);
      console.log(
        `${plural(Number(changes), "change")} of ${resource} ${action}: ${plural(Number(deliveries), "delivery")}.`,
      );
      if (note !== null) console.log(printable(String(note)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.error(`ion-emulator: ${printable(error.message)}`);
      process.exitCode = 1;
    }
  });
}

async function emit(resource: string, action: string, options: EmitCommandOptions): Promise<Emission> {
  const { url, count, entityId, clientId, clientSecret } = options;
  const form = {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }).toString(),
  };
  // The emulator can be started with any --token-path and --authorization.
  const tokenPath = "/api-keys/protocol/openid-connect/token";
  const { access_token: token } = await post(url, [
    [`/realms${tokenPath}`, form],
    [`/auth/realms${tokenPath}`, form],
  ]);
  // Literals, because the types of variables can be renamed by --hide.
  const query = `mutation ($count: Int!, $entityId: ID) {
    emulatorEmit(resource: ${resource}, action: ${action}, count: $count, entityId: $entityId) { changes deliveries note }
  }`;
  const request = (authorization: string): Request => [
    "/graphql",
    {
      headers: { Authorization: authorization, "Content-Type": "application/json" },
      body: JSON.stringify({ query, variables: { count, entityId } }),
    },
  ];
  const { data, errors, message } = await post(url, [request(`Bearer ${token}`), request(`${token}`)]);
  if (data?.emulatorEmit) return data.emulatorEmit;
  throw new Failure(errors?.[0]?.message ?? message ?? notAnEmulator(url));
}

/** A response of an emulator. */
interface EmulatorResponse {
  readonly access_token?: string;
  readonly data?: { readonly emulatorEmit: Emission | null } | null;
  readonly errors?: readonly { readonly message: string }[];
  /** Why the whole request was refused. */
  readonly message?: string;
}

interface Content {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Request = readonly [path: string, content: Content];

/** Sends the first request, and the next one as long as the answer is 401 or 404. */
async function post(
  url: URL,
  [[path, content], ...others]: readonly [Request, ...Request[]],
): Promise<EmulatorResponse> {
  const response = await send(new URL(path, url), content).catch(() => {
    throw new Failure(
      `no emulator responds at ${url.origin}. Start one with "npx --no-install ion-emulator", or pass its address with --url.`,
    );
  });
  const [next, ...rest] = others;
  if (next && (response.status === 401 || response.status === 404)) return post(url, [next, ...rest]);
  if (response.status === 401) {
    throw new Failure(
      `the emulator at ${url.origin} refuses this API key. Pass the key that it was started with: --client-id and ` +
        "--client-secret, or ION_EMULATOR_CLIENT_ID and ION_EMULATOR_CLIENT_SECRET.",
    );
  }
  try {
    const answer: unknown = JSON.parse(response.body);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // It is not JSON.
  }
  throw new Failure(notAnEmulator(url));
}

/** Posts to this machine without the proxy that `fetch` and Node's global agents may use, and follows no redirect. */
async function send(url: URL, { headers, body }: Content): Promise<{ readonly status: number; readonly body: string }> {
  const { Agent, request } = url.protocol === "https:" ? https : http;
  const isLocal = isLoopback(url.hostname);
  const options = { method: "POST", headers, ...(isLocal && { agent: new Agent(), lookup: lookUpLoopback }) };
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  request(url, options, resolve).on("error", reject).end(body);
  const response = await promise;
  return { status: response.statusCode ?? 0, body: await text(response) };
}

function notAnEmulator(url: URL): string {
  return `the server at ${url.origin} is not an ion-emulator, or an older version.`;
}

function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.replace(/y$/, "ie")}s`;
}

function name(argument: string): string {
  if (/^[A-Za-z_]\w*$/.test(argument)) return argument.toUpperCase();
  throw new InvalidArgumentError("ION's names consist of letters, digits and underscores, for example PARTS.");
}

function origin(argument: string): URL {
  const url = URL.parse(argument);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new InvalidArgumentError("It must be a URL, for example http://127.0.0.1:8787.");
}
