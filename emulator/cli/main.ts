import { InvalidArgumentError, Option, program } from "commander";
import { faultKinds, readFault } from "../faults/faults.ts";
import { commonOptions } from "../faults/options.ts";
import { isLoopback } from "../http/loopback.ts";
import type { Delivery, Emulator, Fault, LoggedRequest } from "../index.ts";
import { DataFileError } from "../store/dataFile.ts";
import { emitCommand } from "./emit.ts";
import { type ApiKeyOptions, addApiKeyOptions, wholeNumber } from "./options.ts";

interface CliOptions extends ApiKeyOptions {
  readonly host: string;
  readonly port: number;
  readonly data?: string;
  readonly tokenLifetime: number;
  readonly pageCap: number;
  readonly latency: number;
  readonly mutationLatency: number;
  readonly fault: readonly Fault[];
  readonly hide: readonly string[];
  readonly deliverAnywhere?: true;
  readonly json?: true;
}

program
  .name("ion-emulator")
  .description("A local ION: its token endpoint, the webhook part of its GraphQL API, and its deliveries.")
  // What follows "emit" is meant for that alone.
  .enablePositionalOptions()
  .addCommand(emitCommand())
  .option("--port <port>", "where to listen; 0 picks a free port", wholeNumber(0, 65535), 8787)
  .option("--host <address>", "the address to bind to", "127.0.0.1")
  .option("--data <file>", "keep the state in this file across restarts (default: in memory only)");

addApiKeyOptions(program)
  .option("--token-lifetime <seconds>", "how long a token is good for", wholeNumber(1), 300)
  .option("--page-cap <count>", "the most objects a page holds", wholeNumber(1), 100)
  .option("--latency <ms>", "how much later every answer comes", wholeNumber(0), 0)
  .option("--mutation-latency <ms>", "how long each mutation takes", wholeNumber(0), 0)
  .addOption(
    new Option("--fault <kind[:key=value,...]>", "misbehave, see below; may be given many times")
      .argParser(nextFault)
      .default([], "none"),
  )
  .addOption(
    new Option("--hide <name,...>", "names that the schema is to lack, see below")
      .argParser(nextNames)
      .default([], "none"),
  )
  .option("--deliver-anywhere", "deliver to other machines, too, not to loopback hosts only")
  .option("--json", "print JSON, one object a line")
  .addHelpText("after", faultHelp)
  .action(run);

await program.parseAsync();

async function run(options: CliOptions): Promise<void> {
  const print = options.json ? (line: object) => console.log(JSON.stringify(line)) : undefined;
  // The whole server, which the other commands never need.
  const { startEmulator } = await import("../index.ts");
  let emulator: Emulator;
  try {
    emulator = await startEmulator({
      host: options.host,
      port: options.port,
      ...(options.data !== undefined && { dataFile: options.data }),
      clientId: options.clientId,
      clientSecret: options.clientSecret,
      tokenLifetimeSeconds: options.tokenLifetime,
      pageCap: options.pageCap,
      latencyMs: options.latency,
      mutationLatencyMs: options.mutationLatency,
      faults: options.fault,
      hide: options.hide,
      delivery: { anywhere: options.deliverAnywhere ?? false },
      onDelivery: (delivery) => {
        if (print) print({ delivery });
        // That it has begun shows in its first attempt.
        else if (delivery.note !== null || delivery.attempts.length > 0) console.log(deliveryLine(delivery));
      },
      onRequest: (request) => (print ? print({ request }) : console.log(requestLine(request))),
    });
  } catch (error) {
    console.error(`ion-emulator: ${startFailure(error, options)}`);
    process.exitCode = error instanceof DataFileError ? 2 : 1;
    return;
  }

  if (!isLoopback(options.host)) {
    console.error("Warning: other machines can reach this emulator, and whoever has its API key can change its state.");
  }
  const { url, graphqlUrl, tokenUrl } = emulator;
  if (print) print({ listening: { url, graphqlUrl, tokenUrl, clientId: options.clientId } });
  else console.log(greeting(emulator, options.host, program.getOptionValueSource("clientSecret") === "default"));

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      await emulator.close();
      process.exit(0);
    });
  }
}

function greeting(emulator: Emulator, host: string, defaultSecret: boolean): string {
  const { url, graphqlUrl, tokenUrl, clientId, clientSecret } = emulator;
  // A secret that someone chose is not ours to show.
  const secret = defaultSecret ? quoted(clientSecret) : "...  # the one you gave this emulator";
  const address = isLoopback(host)
    ? `${url} (open it in a browser to watch and to meddle; Ctrl-C ends it)`
    : `${graphqlUrl} (open it in a browser for GraphiQL; Ctrl-C ends it)`;
  return `ION emulator at ${address}

export ION_API_URI=${quoted(graphqlUrl)}
export ION_AUTH_SERVER=${quoted(tokenUrl)}
export ION_CLIENT_ID=${quoted(clientId)}
export ION_CLIENT_SECRET=${secret}
`;
}

function requestLine({ kind, operation, fields, status, milliseconds, fault }: LoggedRequest): string {
  const failed = fields.filter((field) => field.outcome !== "ok").length;
  const words = [
    new Date().toTimeString().slice(0, 8),
    status === 0 ? "---" : String(status),
    `${Math.round(milliseconds)} ms`.padStart(8),
    kind === "graphql" ? (operation?.type ?? kind) : kind,
    ...(operation?.name ? [operation.name] : []),
    ...(fields.length > 0 ? [summary(fields.map(({ field }) => field))] : []),
    ...(failed > 0 ? [`(${failed} failed)`] : []),
    ...(fault === undefined ? [] : [`[${fault}]`]),
  ];
  return words.join(" ");
}

function deliveryLine({ resource, action, receiver, state, note, attempts }: Delivery): string {
  const attempt = attempts.at(-1);
  const words = [
    new Date().toTimeString().slice(0, 8),
    note === null && attempt?.status ? String(attempt.status) : "---",
    note === null ? `${Math.round(attempt?.milliseconds ?? 0)} ms`.padStart(8) : state.padStart(8),
    `delivery of ${resource} ${action} to ${JSON.stringify(receiver.name)} at ${receiver.host}`,
    ...(attempts.length > 1 && note === null ? [`attempt ${attempts.length}`] : []),
  ];
  const why = note ?? attempt?.reason;
  return `${words.join(" ")}${why == null ? "" : `: ${why}`}`;
}

function summary(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count > 1 ? `${count} × ${name}` : name)).join(", ");
}

function startFailure(error: unknown, { host, port }: CliOptions): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE") {
    return `port ${port} of ${host} is in use; choose another one with --port, or --port 0 for any free one.`;
  }
  return error.message;
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function faultHelp(): string {
  const width = Math.max(...faultKinds.map(({ kind }) => kind.length)) + 2;
  const kinds = faultKinds.map(({ kind, summary, options }) => {
    const own = options.length > 0 ? ` [${options.join(", ")}]` : "";
    return `  ${kind.padEnd(width)}${summary}${own}`;
  });
  return `
Faults:
${kinds.join("\n")}

  Each takes ${commonOptions.join(", ")}, too: it hits GraphQL requests unless kind=token,
  of this type, with this root field, of this operation name; the first unless told to let some pass (after), and
  one unless told how many (times; Infinity never ends).

Examples:
  ion-emulator --fault drop-after:field=createWebhookSubscription
  ion-emulator --fault rate-limit:retryAfter=2,times=3 --fault bad-gateway-before:kind=token,after=1
  ion-emulator --fault partial:fields=0+2,type=mutation,times=Infinity
  ion-emulator --hide webhookReceivers,WebhookReceiver._etag,webhookSubscriptions.filters,CreateWebhookHeaderInput
`;
}

function nextFault(text: string, before: readonly Fault[]): readonly Fault[] {
  try {
    return [...before, readFault(text)];
  } catch (error) {
    throw error instanceof TypeError ? new InvalidArgumentError(error.message) : error;
  }
}

function nextNames(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...text.split(",")];
}
