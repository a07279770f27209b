import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidArgumentError } from "commander";
import { verifySignature } from "../../functions/verifySignature.ts";
import { isLoopback } from "../../ion/connectionSettings.ts";
import { IonError } from "../../ion/errors.ts";
import type { Action, Register } from "../options.ts";
import { escapeText, pluralize, type Style, type Terminal } from "../terminal.ts";

interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly secret?: string;
  readonly answer: number;
  readonly json?: true;
}

/** `pulumi-ion listen`: a receiver on this machine, to look at deliveries with. */
export const listen: Register = (program, act) => {
  program
    .command("listen")
    .summary("a receiver on this machine that prints what is delivered")
    .description(
      "Takes deliveries on this machine and prints each: when, of what, its body, and whether its signature is right. For the " +
        "emulator, or behind a tunnel of yours for a real ION, which sends to https:// URLs only.",
    )
    .option("-p, --port <port>", "where to listen; 0 picks a free port", wholeNumber(0, 65535), 8788)
    .option("--host <address>", "the address to bind to", "127.0.0.1")
    .option("--secret <secret>", "the receiver's shared secret, to check signatures with (default: ION_SHARED_SECRET)")
    .option(
      "--answer <code>",
      "the HTTP status to answer with; another than the receiver expects makes ION send again",
      wholeNumber(200, 599),
      200,
    )
    .option("--json", "print JSON, one object a line")
    .addHelpText("after", HELP)
    .action(act(run));
};

const HELP = `
The secret is best given as ION_SHARED_SECRET: other users of this machine can see a command line. Ctrl-C ends it.

Exit codes: 0 ended by Ctrl-C, 1 it could not listen (or was not understood).

Examples:
  pulumi-ion listen
  ION_SHARED_SECRET=$(pulumi stack output --show-secrets sharedSecret) pulumi-ion listen
  pulumi-ion listen --port 0 --answer 500       how does the sender take it?`;

/** More than any delivery: what is longer is not kept in memory. */
const MOST_BYTES = 1 << 20;

/** Lines of a body that are printed. */
const MOST_LINES = 40;

/** A delivery as it is printed. */
interface Delivery {
  readonly at: Date;
  readonly resource: string | undefined;
  readonly action: string | undefined;
  readonly signature: "right" | "wrong" | "missing" | "not checked";
  readonly body: string;
  /** The body's value, where it is JSON. */
  readonly value: unknown;
}

const run: Action<ListenOptions> = async (given, terminal) => {
  const secret = given.secret ?? terminal.env.ION_SHARED_SECRET;
  const options = { ...given, ...(secret && { secret }) };
  const server = createServer((request, response) => {
    receive(request, response, options, terminal).catch(() => response.destroy());
  });
  server.listen(options.port, options.host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new IonError("config", failure(error, options));
  }
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  const url = `http://${host}:${port}/`;
  if (options.json) terminal.out(JSON.stringify({ listening: { url } }));
  else {
    const signatures = options.secret
      ? "Signatures are checked"
      : "Signatures are not checked (no --secret, no ION_SHARED_SECRET)";
    terminal.out(`Listening at ${url} and answering ${options.answer}. ${signatures}. Ctrl-C ends it.`);
  }
  if (!isLoopback(host)) {
    terminal.err("Warning: other machines can reach this, and what they send is printed here.");
  }
  await terminal.interrupted();
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  return 0;
};

async function receive(request: IncomingMessage, response: ServerResponse, options: ListenOptions, terminal: Terminal) {
  const raw = await bodyOf(request);
  // Answered first: the sender waits, the person does not.
  response.writeHead(raw ? options.answer : 413, {
    "Content-Type": "text/plain",
    ...(raw ? {} : { Connection: "close" }),
  });
  response.end();
  if (!raw) {
    const words = `A delivery of more than ${MOST_BYTES} bytes was refused (413).`;
    terminal.out(
      options.json ? JSON.stringify({ refused: { at: new Date(), bytes: `more than ${MOST_BYTES}` } }) : words,
    );
    return;
  }
  if (request.method !== "POST") {
    // A browser, or a health check: no delivery.
    terminal.out(
      options.json
        ? JSON.stringify({ request: { at: new Date(), method: request.method } })
        : `${request.method} request, which is no delivery.`,
    );
    return;
  }
  const delivery = read(raw, request.headers["x-ion-signature"], options.secret);
  if (options.json) {
    const { value, body, ...rest } = delivery;
    terminal.out(
      JSON.stringify({ delivery: { ...rest, answer: options.answer, body: value === undefined ? body : value } }),
    );
  } else terminal.out(inText(delivery, options, terminal));
}

/** The whole body; undefined where it is too long, and then the rest is not waited for. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function read(raw: Buffer, signature: string | string[] | undefined, secret: string | undefined): Delivery {
  const body = raw.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Shown as it came.
  }
  const { resource, action } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const verdict =
    signature === undefined ? "missing" : verifySignature(raw, signature, secret ?? "") ? "right" : "wrong";
  return {
    at: new Date(),
    resource: typeof resource === "string" ? resource : undefined,
    action: typeof action === "string" ? action : undefined,
    signature: secret ? verdict : "not checked",
    body,
    value,
  };
}

const SIGNATURE_STYLE: Readonly<Record<Delivery["signature"], Style>> = {
  right: "green",
  wrong: "red",
  missing: "red",
  "not checked": "dim",
};

function inText(
  { at, resource, action, signature, body, value }: Delivery,
  { answer }: ListenOptions,
  { paint }: Terminal,
) {
  const what = [resource, action]
    .filter((part) => part !== undefined)
    .map(escapeText)
    .join(" ");
  const text = value === undefined ? body : JSON.stringify(value, undefined, 2);
  const lines = text
    .split("\n")
    .map((line) => (line.length > 200 ? `${line.slice(0, 199)}…` : line))
    .map(escapeText);
  const left = lines.length - MOST_LINES;
  return [
    `${paint("dim", at.toTimeString().slice(0, 8))} ${paint("bold", what || "a delivery")}  signature ${paint(SIGNATURE_STYLE[signature], signature)}, answered ${answer}`,
    ...lines.slice(0, MOST_LINES).map((line) => `  ${line}`),
    ...(left > 0 ? [paint("dim", `  … ${pluralize(left, "more line")} (--json has all)`)] : []),
  ].join("\n");
}

function failure(error: unknown, { host, port }: ListenOptions): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is in use: choose another one with --port, or --port 0 for any free one.`;
  }
  return `Could not listen at ${host}, port ${port}: ${error instanceof Error ? error.message : error}`;
}

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
