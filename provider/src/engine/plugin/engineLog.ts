import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { escapeLines } from "../../model/text.ts";

/** Warnings for the person at the terminal, which Pulumi's engine prints. */
export class EngineLog {
  #address: string | undefined;
  #client: Promise<EngineClient> | undefined;
  readonly #sending = new Set<Promise<unknown>>();

  constructor(address: string | undefined) {
    this.#address = address;
  }

  /** The engine's address; undefined if it is not known yet, as under a debugger. */
  get address(): string | undefined {
    return this.#address;
  }

  /** A process that was started by hand serves one engine after the other. */
  set address(address: string | undefined) {
    if (address === this.#address) return;
    this.#address = address;
    void this.#client?.then((client) => client.close());
    this.#client = undefined;
  }

  /** Sends a warning. */
  warn(message: string): void {
    const sending = this.#send(escapeLines(message)).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Resolves when every warning is sent: the engine may end the process after an answer. */
  async sent(): Promise<void> {
    if (this.#sending.size > 0) await Promise.allSettled(this.#sending);
  }

  async #send(message: string): Promise<void> {
    const address = this.#address;
    if (address === undefined) return;
    const { LogRequest, LogSeverity } = await import("@pulumi/pulumi/proto/engine_pb.js");
    this.#client ??= connect(address);
    const client = await this.#client;
    const request = new LogRequest().setSeverity(LogSeverity.WARNING).setMessage(message);
    await new Promise<void>((resolve) => client.log(request, () => resolve()));
  }
}

async function connect(address: string): Promise<EngineClient> {
  const { credentials } = await import("@grpc/grpc-js");
  const { EngineClient } = await import("@pulumi/pulumi/proto/engine_grpc_pb.js");
  return new EngineClient(address, credentials.createInsecure());
}
