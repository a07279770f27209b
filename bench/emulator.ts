/** An ION emulator in its own process, so that it does not share an event loop with the benchmark. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type LoggedRequest, startEmulator } from "../emulator/index.ts";

/** The delays of the emulator. */
export interface Delays {
  /** Milliseconds of delay of every response. */
  readonly latencyMs: number;
  /** Milliseconds that each mutation takes in addition. */
  readonly mutationLatencyMs: number;
}

/** The requests since the last reset or report, and the objects in the emulator. */
export interface Activity {
  readonly tokens: number;
  readonly graphql: number;
  /** The number of mutations in each request with mutations. */
  readonly batches: readonly number[];
  readonly receivers: number;
  readonly subscriptions: number;
}

/** The URLs and the API key of an emulator. */
export interface Connection {
  readonly graphqlUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** An emulator in another process. */
export interface RemoteEmulator extends AsyncDisposable {
  readonly connection: Connection;
  /** Deletes all objects and sets the delays. */
  reset(delays: Delays): Promise<void>;
  /** Reports the activity since the last reset or report. */
  report(): Promise<Activity>;
}

type Command = { readonly reset: Delays } | "report";

/** Starts an emulator in its own process. */
export async function launchEmulator(): Promise<RemoteEmulator> {
  const child = fork(import.meta.filename);
  const receive = async <T>() => (await once(child, "message"))[0] as T;
  const send = <T>(command: Command) => {
    const reply = receive<T>();
    child.send(command);
    return reply;
  };
  return {
    connection: await receive<Connection>(),
    reset: (delays) => send<void>({ reset: delays }),
    report: () => send<Activity>("report"),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

async function stop(child: ChildProcess) {
  const exit = once(child, "exit");
  child.disconnect();
  await exit;
}

async function serve(send: (message: unknown) => void) {
  const emulator = await startEmulator();
  const { store, settings, requests, graphqlUrl, tokenUrl, clientId, clientSecret } = emulator;
  process.on("disconnect", () => void emulator.close());
  process.on("message", (command: Command) => {
    if (command === "report") {
      send({ ...countRequests(requests.splice(0)), ...countObjects() });
      return;
    }
    for (const { id } of store.listReceivers()) store.deleteReceiver(id);
    requests.length = 0;
    Object.assign(settings, command.reset);
    send(null);
  });
  send({ graphqlUrl, tokenUrl, clientId, clientSecret } satisfies Connection);

  function countObjects() {
    return { receivers: store.listReceivers().length, subscriptions: store.listSubscriptions().length };
  }
}

function countRequests(requests: readonly LoggedRequest[]): Pick<Activity, "tokens" | "graphql" | "batches"> {
  const graphql = requests.filter(({ kind }) => kind === "graphql");
  return {
    tokens: requests.filter(({ kind }) => kind === "token").length,
    graphql: graphql.length,
    batches: graphql.filter(({ operation }) => operation?.type === "mutation").map(({ fields }) => fields.length),
  };
}

if (process.send) await serve((message) => process.send?.(message));
