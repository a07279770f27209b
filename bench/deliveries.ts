/**
 * `npm run bench:deliveries`: measures the memory of an emulator that delivers a million events to a receiver that fails
 * one of ten. Exits with 1 if an event is lost or if the emulator exceeds its memory limit.
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

/** Runs the receiver, and the emulator in its own process with a limited heap. */
async function measure(): Promise<void> {
  const arrived = new Uint8Array(events);
  let arrivals = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const fails = ++arrivals % 10 === 0;
    if (!fails) arrived[Number(JSON.parse(body).entityId)] = 1;
    response.writeHead(fails ? 500 : 200).end();
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
  const lost = events - arrived.reduce((sum, count) => sum + count, 0);
  console.log(`\n${arrivals} requests, ${lost} events lost, heap limit ${LIMIT_MB} MB`);
  if (code !== 0 || !last?.done || lost > 0) process.exitCode = 1;
}

/** Runs the emulator, and emits events in batches of 10,000. */
async function deliver(webhookUri: string): Promise<void> {
  const emulator = await startEmulator({ delivery: { retryAfterMs: 1, attempts: 30 } });
  const { id: receiverId } = emulator.store.createReceiver({ name: "Receiver", webhookUri });
  for (const resource of RESOURCES) emulator.store.createSubscription({ resource, action: "UPDATE", receiverId });
  const step = Math.ceil(events / 20);
  const report = (delivered: number, done: boolean) => {
    // Measures what is reachable, without garbage.
    gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send?.({ delivered, heapMb: heapUsed / 2 ** 20, rssMb: rss / 2 ** 20, done });
  };
  for (let event = 0; event < events; event++) {
    emulator.emit(RESOURCES[event % RESOURCES.length] ?? "", "UPDATE", { entityId: `${event}` });
    if (event % 10_000 === 9_999) await emulator.settled();
    if (event % step === step - 1) report(event + 1 - emulator.pendingDeliveries, false);
  }
  await emulator.settled();
  report(events, true);
  await emulator.close();
  process.disconnect?.();
}
