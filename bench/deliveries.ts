/**
 * `npm run bench:deliveries`: the memory of an emulator that delivers a million events to a receiver of which one answer
 * in ten is wrong. Ends with 1 where an event is lost, or where the emulator outgrows its limit.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { startEmulator } from "ion-emulator";
import { table } from "./table.ts";

const LIMIT_MB = 256;
const RESOURCES = ["PARTS", "RUNS", "RUN_STEPS", "ISSUES", "PURCHASE_ORDERS"];

interface Reading {
  readonly delivered: number;
  readonly heapMb: number;
  readonly rssMb: number;
  readonly done: boolean;
}

const { values } = parseArgs({ options: { events: { type: "string", default: "1000000" }, to: { type: "string" } } });
const events = Number(values.events);
if (values.to === undefined) await measure();
else await deliver(values.to);

/** The receiver, and the emulator as a process of its own with a heap that cannot grow beyond the limit. */
async function measure(): Promise<void> {
  const arrived = new Uint8Array(events);
  let arrivals = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const wrong = ++arrivals % 10 === 0;
    if (!wrong) arrived[Number(JSON.parse(body).entityId)] = 1;
    response.writeHead(wrong ? 500 : 200).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const emulator = fork(import.meta.filename, ["--events", `${events}`, "--to", uri], {
    execArgv: [`--max-old-space-size=${LIMIT_MB}`, "--expose-gc"],
  });
  const started = performance.now();
  const rows: string[][] = [];
  let last: Reading | undefined;
  emulator.on("message", (reading: Reading) => {
    last = reading;
    const seconds = (performance.now() - started) / 1000;
    rows.push([reading.delivered, seconds, reading.heapMb, reading.rssMb].map((number) => number.toFixed(0)));
    console.error(rows.at(-1)?.join(" "));
  });
  const [code] = await once(emulator, "exit");
  server.closeAllConnections();
  server.close();
  console.log(table(["delivered", "seconds", "heap, MB", "process, MB"], rows));
  const lost = events - arrived.reduce((sum, one) => sum + one, 0);
  console.log(`\n${arrivals} arrivals, ${lost} events lost, heap limit ${LIMIT_MB} MB`);
  if (code !== 0 || !last?.done || lost > 0) process.exitCode = 1;
}

/** The emulator: one emission an event, 10,000 of them at a time. */
async function deliver(webhookUri: string): Promise<void> {
  const emulator = await startEmulator({ delivery: { retryAfterMs: 1, attempts: 30 } });
  const { id: receiverId } = emulator.store.createReceiver({ name: "Receiver", webhookUri });
  for (const resource of RESOURCES) emulator.store.createSubscription({ resource, action: "UPDATE", receiverId });
  const step = Math.ceil(events / 20);
  const tell = (delivered: number, done: boolean) => {
    // What is held, not what is left lying about.
    gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send?.({ delivered, heapMb: heapUsed / 2 ** 20, rssMb: rss / 2 ** 20, done });
  };
  for (let event = 0; event < events; event++) {
    emulator.emit(RESOURCES[event % RESOURCES.length] ?? "", "UPDATE", { entityId: `${event}` });
    if (event % 10_000 === 9_999) await emulator.settled();
    if (event % step === step - 1) tell(event + 1 - emulator.pendingDeliveries, false);
  }
  await emulator.settled();
  tell(events, true);
  await emulator.close();
  process.disconnect?.();
}
