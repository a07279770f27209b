import { Command, InvalidArgumentError } from "commander";
import type { Emission } from "../deliveries/deliveries.ts";
import { type ApiKeyOptions, addApiKeyOptions, wholeNumber } from "./options.ts";

interface EmitCommandOptions extends ApiKeyOptions {
  readonly url: URL;
  readonly count: number;
  readonly entityId?: string;
}

/** GraphQL's Int. */
const mostChanges = 2 ** 31 - 1;

/** A failure as it is told to whoever typed the command. */
class Failure extends Error {}

/** `ion-emulator emit`: asks a running emulator for changes. */
export function emitCommand(): Command {
  const command = new Command("emit")
    .description("Make a running emulator deliver: commit changes, as if somebody had made them in ION.")
    .argument("<resource>", "what changes, such as PARTS", name)
    .argument("<action>", "CREATE, UPDATE or DELETE", name)
    .option("--count <count>", "how many such changes there are", wholeNumber(1, mostChanges), 1)
    .option("--entity-id <id>", "the object that changes (default: a new one with every change)")
    .option("--url <url>", "where the emulator runs", origin, new URL("http://127.0.0.1:8787"));
  return addApiKeyOptions(command).action(async (resource: string, action: string, options: EmitCommandOptions) => {
    try {
      const { changes, deliveries, note } = await emit(resource, action, options);
      console.log(`${counted(changes, "change")} of ${resource} ${action}: ${counted(deliveries, "delivery")}.`);
      if (note !== null) console.log(note);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.error(`ion-emulator: ${error.message}`);
      process.exitCode = 1;
    }
  });
}

async function emit(resource: string, action: string, options: EmitCommandOptions): Promise<Emission> {
  const { url, count, entityId, clientId, clientSecret } = options;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const { access_token: token } = await ask(url, "/realms/api-keys/protocol/openid-connect/token", { body: form });
  // Literals instead of variables: an enum's type may go by another name here.
  const query = `mutation ($count: Int!, $entityId: ID) {
    emulatorEmit(resource: ${resource}, action: ${action}, count: $count, entityId: $entityId) { changes deliveries note }
  }`;
  const { data, errors, message } = await ask(url, "/graphql", {
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables: { count, entityId } }),
  });
  if (data?.emulatorEmit) return data.emulatorEmit;
  throw new Failure(errors?.[0]?.message ?? message ?? notAnEmulator(url));
}

/** What an emulator may answer. */
interface Answer {
  readonly access_token?: string;
  readonly data?: { readonly emulatorEmit: Emission | null } | null;
  readonly errors?: readonly { readonly message: string }[];
  /** Why the request as a whole was refused. */
  readonly message?: string;
}

async function ask(url: URL, path: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(new URL(path, url), { method: "POST", redirect: "error", ...request }).catch(() => {
    throw new Failure(
      `no emulator answers at ${url.origin}. Start one with "npx ion-emulator", or say with --url where it runs.`,
    );
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.status === 401) {
    throw new Failure(
      `the emulator at ${url.origin} refuses this API key. Give the one that it was started with, as --client-id and ` +
        "--client-secret, or in ION_EMULATOR_CLIENT_ID and ION_EMULATOR_CLIENT_SECRET.",
    );
  }
  if (typeof answer !== "object" || answer === null) throw new Failure(notAnEmulator(url));
  return answer;
}

function notAnEmulator(url: URL): string {
  return `what answers at ${url.origin} is no ion-emulator, or an older one.`;
}

function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.replace(/y$/, "ie")}s`;
}

function name(text: string): string {
  if (/^[A-Za-z_]\w*$/.test(text)) return text;
  throw new InvalidArgumentError("ION's names are of letters, digits and underscores, such as PARTS.");
}

function origin(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new InvalidArgumentError("It must be a URL, such as http://127.0.0.1:8787.");
}
