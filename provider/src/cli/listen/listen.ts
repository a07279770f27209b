import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidArgumentError } from "commander";
import { verifySignature } from "../../functions/verifySignature.ts";
import { isLoopback } from "../../ion/connectionSettings.ts";
import { IonError, sentence } from "../../ion/errors.ts";
import { escapeText, formatJson, pluralize, shorten } from "../../model/text.ts";
import type { Action, Register } from "../options.ts";
import type { Style, Terminal } from "../terminal.ts";

interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly secret?: string;
  readonly answer: number;
  readonly json?: true;
}

/** `pulumi-ion listen`: a receiver on this machine that prints deliveries. */
export const listen: Register = (program, act) => {
  program
    .command("listen")
    .summary("Receive events on this machine and print them")
    .description(
      "Receive events on this machine, and print each with its time, body and signature check. Use it with the emulator, or " +
        "behind a tunnel: ION delivers only to https:// URLs.",
    )
    .option("-p, --port <port>", "port to listen on; 0 picks a free one", wholeNumber(0, 65535), 8788)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--secret <secret>", "shared secret of the receiver, to check signatures (default: ION_SHARED_SECRET)")
    .option(
      "--answer <code>",
      "HTTP status to answer; if the receiver expects another one, ION sends the event again",
      wholeNumber(200, 599),
      200,
    )
    .option("--json", "print one JSON object per line")
    .addHelpText("after", HELP)
    .action(act(run));
};

const HELP = `
Prefer ION_SHARED_SECRET to --secret: other users of this machine can read command lines. Press Ctrl-C to stop.

Exit codes: 0 stopped by Ctrl-C, 1 error or invalid arguments.

Examples:
  pulumi-ion listen
  ION_SHARED_SECRET=$(pulumi stack output --show-secrets sharedSecret) pulumi-ion listen
  pulumi-ion listen --port 0 --answer 500       watch the sender retry`;

/** More than any event. Longer bodies are not kept in memory. */
const MAX_BYTES = 1 << 20;

/** Lines of a body that are printed. */
const MAX_LINES = 40;

/** Levels of a body that are printed as JSON. */
const MAX_LEVELS = 32;

/** A delivery as it is printed. */
interface Delivery {
  readonly at: Date;
  readonly resource: string | undefined;
  readonly action: string | undefined;
  readonly signature: "valid" | "invalid" | "missing" | "not checked";
  readonly body: string;
  /** The value of the body, if it is JSON and not nested too deeply to print. */
  readonly value: unknown;
  readonly isTooDeep: boolean;
}

const run: Action<ListenOptions> = async (flags, terminal) => {
  const secret = flags.secret ?? terminal.env.ION_SHARED_SECRET;
  const options = { ...flags, ...(secret && { secret }) };
  const server = createServer((request, response) => {
    receive(request, response, options, terminal).catch(() => response.destroy());
  });
  server.listen(options.port, options.host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error, options);
  }
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  const url = `http://${host}:${port}/`;
  if (options.json) terminal.out(formatJson({ listening: { url } }));
  else {
    const signatures = options.secret
      ? "Signatures are checked"
      : "Signatures are not checked (set --secret or ION_SHARED_SECRET)";
    terminal.out(`Listening at ${url} and answering HTTP ${options.answer}. ${signatures}. Press Ctrl-C to stop.`);
  }
  if (!isLoopback(host)) {
    terminal.err("Warning: other machines can reach this address, and everything they send is printed here.");
  }
  await terminal.interrupted();
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  return 0;
};

async function receive(request: IncomingMessage, response: ServerResponse, options: ListenOptions, terminal: Terminal) {
  const print = (json: object, text: string) => terminal.out(options.json ? formatJson(json) : text);
  const raw = await bodyOf(request);
  // Answered first: the sender waits.
  response.writeHead(raw ? options.answer : 413, {
    "Content-Type": "text/plain",
    ...(!raw && { Connection: "close" }),
  });
  response.end();
  const at = new Date();
  if (!raw) {
    const bytes = `more than ${MAX_BYTES}`;
    print({ refused: { at, bytes } }, `Refused a delivery of ${bytes} bytes (HTTP 413).`);
  } else if (request.method !== "POST") {
    // A browser or a health check.
    const { method } = request;
    print({ request: { at, method } }, `Ignored a ${method} request: deliveries are POST requests.`);
  } else {
    const delivery = { at, ...read(raw, request.headers["x-ion-signature"], options.secret) };
    const { value, body, isTooDeep: _isTooDeep, ...rest } = delivery;
    const json = { delivery: { ...rest, answer: options.answer, body: value === undefined ? body : value } };
    print(json, asText(delivery, options, terminal));
  }
}

/** The whole body; undefined if it is too long, without waiting for the rest. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function read(raw: Buffer, signature: string | string[] | undefined, secret: string | undefined): Omit<Delivery, "at"> {
  const body = raw.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Printed as it is.
  }
  const { resource, action } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isTooDeep = isDeeper(value, MAX_LEVELS);
  return {
    resource: typeof resource === "string" ? resource : undefined,
    action: typeof action === "string" ? action : undefined,
    signature: secret ? checkSignature(raw, signature, secret) : "not checked",
    body,
    value: isTooDeep ? undefined : value,
    isTooDeep,
  };
}

/** Whether a value has more levels. Not recursive, because the value may have any number of them. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth < levels; depth += 1) {
    level = level.flatMap((one): unknown[] => (one !== null && typeof one === "object" ? Object.values(one) : []));
  }
  return level.some((one) => one !== null && typeof one === "object");
}

function checkSignature(raw: Buffer, signature: string | string[] | undefined, secret: string) {
  if (signature === undefined) return "missing";
  return typeof signature === "string" && verifySignature(raw, signature, secret) ? "valid" : "invalid";
}

const SIGNATURE_STYLE: Readonly<Record<Delivery["signature"], Style>> = {
  valid: "green",
  invalid: "red",
  missing: "red",
  "not checked": "dim",
};

function asText(
  { at, resource, action, signature, body, value, isTooDeep }: Delivery,
  { answer }: ListenOptions,
  { paint }: Terminal,
) {
  const event = [resource, action]
    .filter((part) => part !== undefined)
    .map(escapeText)
    .join(" ");
  const text = value === undefined ? body : JSON.stringify(value, undefined, 2);
  const lines = text
    .split("\n")
    .map((line) => shorten(line, 200))
    .map(escapeText);
  const more = lines.length - MAX_LINES;
  return [
    `${paint("dim", at.toTimeString().slice(0, 8))} ${paint("bold", event || "unknown event")}  signature ${paint(SIGNATURE_STYLE[signature], signature)}, answered ${answer}`,
    ...(isTooDeep
      ? [paint("dim", `  The body has more than ${MAX_LEVELS} levels, and is printed as it arrived:`)]
      : []),
    ...lines.slice(0, MAX_LINES).map((line) => `  ${line}`),
    ...(more > 0 ? [paint("dim", `  … ${pluralize(more, "more line")} (--json prints all)`)] : []),
  ].join("\n");
}

function listenError(error: unknown, { host, port }: ListenOptions): IonError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new IonError("config", `Port ${port} of ${host} is already in use.`, {
      hints: ["Choose another port with --port, or a free one with --port 0."],
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new IonError("config", `Could not listen at ${host}, port ${port}: ${sentence(reason)}`);
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
