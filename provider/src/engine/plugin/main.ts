/** Serves the provider plugin: one process for each provider of a stack. */
import { flushCompileCache } from "node:module";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { EngineLog } from "./engineLog.ts";
import { createService, type PluginOptions } from "./service.ts";

/** Pulumi's engine sends the whole state of a component in one message. */
const UNLIMITED = -1;

/** Serves Pulumi's engine until it ends. Prints the port that it listens on. */
export function start(package_: Pick<PluginOptions, "version" | "schema">): void {
  const [engine] = process.argv.slice(2);
  const server = new Server({
    "grpc.max_receive_message_length": UNLIMITED,
    "grpc.max_send_message_length": UNLIMITED,
  });
  const service = createService({ ...package_, log: new EngineLog(engine), env: process.env });
  server.addService(ResourceProviderService, service.methods);
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
    setImmediate(flushCompileCache);
  });
  // The engine ends its plugins with it. What is being written is finished first.
  process.on("SIGINT", () => void service.idle().then(() => process.exit()));
  if (engine !== undefined) exitWithParent();
}

/** The engine ends this process when it is done. If the engine is killed, standard input closes, and this process exits. */
function exitWithParent(): void {
  const { ppid } = process;
  const isAlive = () => {
    try {
      return process.ppid === ppid && process.kill(ppid, 0);
    } catch {
      return false;
    }
  };
  const watch = () => {
    setInterval(() => {
      if (!isAlive()) process.exit();
    }, 100);
  };
  process.stdin.on("end", watch);
  process.stdin.on("error", watch);
  process.stdin.resume();
}
