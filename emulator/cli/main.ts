import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { format, parse } from "node:path";
import { InvalidArgumentError, Option, program } from "commander";
import { type Fault, faultKinds, parseFault } from "../faults/kinds.ts";
import { commonOptions } from "../faults/options.ts";
import { isLoopback } from "../http/loopback.ts";
import type { Authorization, Emulator, EmulatorOptions, TokenPath } from "../index.ts";
import { DataFileError } from "../store/dataFile.ts";
import { emitCommand } from "./emit.ts";
import { type ApiKeyOptions, addApiKeyOptions, wholeNumber } from "./options.ts";
import { deliveryLine, greeting, listOfEnvironments, requestLine } from "./output.ts";

interface CliOptions extends ApiKeyOptions {
  readonly host: string;
  readonly port: number;
  readonly environments: number;
  readonly data?: string;
  readonly tokenLifetime: number;
  readonly tokenPath: TokenPath;
  readonly authorization: Authorization;
  readonly pageCap: number;
  readonly latency: number;
  readonly mutationLatency: number;
  readonly fault: readonly Fault[];
  readonly schema?: string;
  readonly hide: readonly string[];
  readonly deliverAnywhere?: true;
  readonly json?: true;
}

const { version } = createRequire(import.meta.url)("ion-emulator/package.json") as { version: string };

program
  .name("ion-emulator")
  .version(version)
  .description("A local ION: its token endpoint, the webhook part of its GraphQL API, and event deliveries.")
  // Options after "emit" belong to emit.
  .enablePositionalOptions()
  .addCommand(emitCommand())
  .option("--port <port>", "port to listen on; 0 selects a free port", wholeNumber(0, 65535), 8787)
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option(
    "--environments <count>",
    "number of ION environments, each with its own port (the next ones after --port) and its own state",
    wholeNumber(1, 1000),
    1,
  )
  .option("--data <file>", "file that keeps the state across restarts (default: in memory only)");

addApiKeyOptions(program)
  .option("--token-lifetime <seconds>", "lifetime of a token", wholeNumber(1), 300)
  .addOption(
    new Option("--token-path <path>", "path of the token endpoint")
      .choices(["/realms", "/auth/realms", "both"])
      .default("both"),
  )
  .addOption(
    new Option("--authorization <form>", "form of the Authorization header: Bearer <token>, or the bare token")
      .choices(["bearer", "bare"])
      .default("bearer"),
  )
  .option("--page-cap <count>", "maximum number of objects in a page of results", wholeNumber(1), 100)
  .option("--latency <ms>", "delay of every response", wholeNumber(0), 0)
  .option("--mutation-latency <ms>", "duration of each mutation", wholeNumber(0), 0)
  .addOption(
    new Option("--fault <kind[:key=value,...]>", "simulate a failure, see below; can be repeated")
      .argParser(addFault)
      .default([], "none"),
  )
  .option("--schema <file>", "SDL of the webhook part of an ION (default: Violet's guide)", schemaText)
  .addOption(
    new Option("--hide <name,...>", "leave names out of the schema, see below; can be repeated")
      .argParser(addNames)
      .default([], "none"),
  )
  .option("--deliver-anywhere", "deliver events to other machines, not only to loopback hosts")
  .option("--json", "print one JSON object per line")
  .addHelpText("after", faultHelp)
  .action(run);

await program.parseAsync();

async function run(options: CliOptions): Promise<void> {
  const emulators: Emulator[] = [];
  const close = () => Promise.all(emulators.map((emulator) => emulator.close()));
  try {
    // The other commands do not need the server.
    const { startEmulator } = await import("../index.ts");
    for (let at = 0; at < options.environments; at += 1) emulators.push(await startEmulator(optionsOf(at, options)));
  } catch (error) {
    console.error(`ion-emulator: ${startFailure(error, options, emulators.length)}`);
    process.exitCode = error instanceof DataFileError ? 2 : 1;
    await close();
    return;
  }

  const hasPage = isLoopback(options.host);
  if (!hasPage) {
    console.error("Warning: other machines can reach this emulator. Anyone who has its API key can change its state.");
  }
  const showSecret = program.getOptionValueSource("clientSecret") === "default";
  const [first, ...others] = emulators;
  if (options.json) {
    const listening = emulators.map(({ url, graphqlUrl, tokenUrl, clientId }) => {
      return { url, graphqlUrl, tokenUrl, clientId };
    });
    printJson({ listening: others.length === 0 ? listening[0] : listening });
  } else if (others.length > 0) console.log(listOfEnvironments(emulators, { showSecret }));
  else if (first) console.log(greeting(first, { hasPage, showSecret }));

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      await close();
      process.exit(0);
    });
  }
}

function printJson(line: object): void {
  console.log(JSON.stringify(line));
}

/** The options of one of the environments. */
function optionsOf(at: number, options: CliOptions): EmulatorOptions {
  const { environments, json } = options;
  const environment = environments > 1 ? at + 1 : undefined;
  const print = (line: object, text: () => string) => {
    if (json) printJson({ ...(environment !== undefined && { environment }), ...line });
    else console.log(environment === undefined ? text() : `[${environment}] ${text()}`);
  };
  return {
    host: options.host,
    port: options.port === 0 ? 0 : options.port + at,
    ...(options.data !== undefined && { dataFile: dataFileOf(options.data, environment) }),
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    tokenLifetimeSeconds: options.tokenLifetime,
    tokenPath: options.tokenPath,
    authorization: options.authorization,
    pageCap: options.pageCap,
    latencyMs: options.latency,
    mutationLatencyMs: options.mutationLatency,
    faults: options.fault,
    ...(options.schema !== undefined && { schema: options.schema }),
    hide: options.hide,
    delivery: { anywhere: options.deliverAnywhere ?? false },
    onDelivery: (delivery) => {
      // There is nothing to print as text before the first attempt.
      const isStarted = delivery.note !== null || delivery.attempts.length > 0;
      if (json || isStarted) print({ delivery }, () => deliveryLine(delivery));
    },
    onRequest: (request) => print({ request }, () => requestLine(request)),
  };
}

/** The data file of one of the environments: `ion-2.json` for `ion.json`. */
function dataFileOf(file: string, environment: number | undefined): string {
  if (environment === undefined) return file;
  const { dir, name, ext } = parse(file);
  return format({ dir, name: `${name}-${environment}`, ext });
}

/** @param started - how many environments have started before */
function startFailure(error: unknown, { host, port }: CliOptions, started: number): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE") {
    return `port ${port + started} of ${host} is in use. Choose another one with --port, or use --port 0 for any free port.`;
  }
  if ("code" in error && error.code === "ERR_SOCKET_BAD_PORT") {
    return "there are not enough ports after --port. Choose a lower one, or use --port 0 for any free ports.";
  }
  return error.message;
}

function faultHelp(): string {
  const width = Math.max(...faultKinds.map(({ kind }) => kind.length)) + 2;
  const kinds = faultKinds.map(({ kind, summary, options }) => {
    const ownOptions = options.length > 0 ? ` [${options.join(", ")}]` : "";
    return `  ${kind.padEnd(width)}${summary}${ownOptions}`;
  });
  return `
Faults:
${kinds.join("\n")}

  Every fault also takes ${commonOptions.join(", ")}. It affects GraphQL requests (kind=token: token
  requests) of this type, with this root field and this operation name. "after" is how many matching requests pass
  first (default: 0), "times" how many the fault affects (default: 1; Infinity: all).

Examples:
  ion-emulator --fault drop-after:field=createWebhookSubscription
  ion-emulator --fault rate-limit:retryAfter=2,times=3 --fault bad-gateway-before:kind=token,after=1
  ion-emulator --fault partial:fields=0+2,type=mutation,times=Infinity
  ion-emulator --hide webhookReceivers,WebhookReceiver._etag,webhookSubscriptions.filters,CreateWebhookHeaderInput
`;
}

function addFault(argument: string, previous: readonly Fault[]): readonly Fault[] {
  try {
    return [...previous, parseFault(argument)];
  } catch (error) {
    throw error instanceof TypeError ? new InvalidArgumentError(error.message) : error;
  }
}

function schemaText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function addNames(argument: string, previous: readonly string[]): readonly string[] {
  return [...previous, ...argument.split(",")];
}
