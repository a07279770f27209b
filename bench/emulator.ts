/** An ION emulator in a process of its own, so that it shares no event loop with the harness. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type LoggedRequest, startEmulator } from "../emulator/index.ts";

/** How slow ION is. */
export interface Slowness {
  /** Milliseconds by which every answer comes later. */
  readonly latencyMs: number;
  /** Milliseconds that each mutation takes. */
  readonly mutationLatencyMs: number;
}

/** What was asked of the emulator since its last reset, and what is in it. */
export interface Tally {
  readonly tokens: number;
  readonly graphql: number;
  /** Mutations of each request that had any. */
  readonly batches: readonly number[];
  readonly receivers: number;
  readonly subscriptions: number;
}

/** Where an emulator answers, and the key to it. */
export interface Address {
  readonly graphqlUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** An emulator in another process. */
export interface RemoteEmulator extends AsyncDisposable {
  readonly address: Address;
  /** Empties it, and sets how slow it is. */
  reset(slowness: Slowness): Promise<void>;
  /** Tells what was asked since the last reset or tally. */
  tally(): Promise<Tally>;
}

type Order = { readonly reset: Slowness } | "tally";

/** Starts an emulator in a process of its own. */
export async function launchEmulator(): Promise<RemoteEmulator> {
  const child = fork(import.meta.filename);
  const answer = async <T>() => (await once(child, "message"))[0] as T;
  const ask = <T>(order: Order) => {
    const answered = answer<T>();
    child.send(order);
    return answered;
  };
  return {
    address: await answer<Address>(),
    reset: (slowness) => ask<void>({ reset: slowness }),
    tally: () => ask<Tally>("tally"),
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess) {
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
}

async function serve(tell: (message: unknown) => void) {
  const emulator = await startEmulator();
  const { store, settings, requests, graphqlUrl, tokenUrl, clientId, clientSecret } = emulator;
  process.on("disconnect", () => void emulator.close());
  process.on("message", (order: Order) => {
    if (order === "tally") {
      tell({ ...count(requests.splice(0)), ...sizes() });
      return;
    }
    for (const { id } of store.listReceivers()) store.deleteReceiver(id);
    requests.length = 0;
    Object.assign(settings, order.reset);
    tell(null);
  });
  tell({ graphqlUrl, tokenUrl, clientId, clientSecret } satisfies Address);

  function sizes() {
    return { receivers: store.listReceivers().length, subscriptions: store.listSubscriptions().length };
  }
}

function count(requests: readonly LoggedRequest[]): Pick<Tally, "tokens" | "graphql" | "batches"> {
  const graphql = requests.filter(({ kind }) => kind === "graphql");
  return {
    tokens: requests.filter(({ kind }) => kind === "token").length,
    graphql: graphql.length,
    batches: graphql.filter(({ operation }) => operation?.type === "mutation").map(({ fields }) => fields.length),
  };
}

if (process.send) await serve((message) => process.send?.(message));
