/**
 * `npm run screenshots`: the emulator's page for docs/, as it is after a provisioning, a fault, some events, and two
 * changes made by hand.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { type Emulator, startEmulator } from "ion-emulator";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { startChromium } from "./chromium.ts";

const DOCS = resolve(import.meta.dirname, "../docs");
const DESKTOP = { width: 1200, height: 900 };
const PHONE = { width: 390, height: 844 };
const VIOLET =
  "ABOM_INSTALLATIONS FILE_ATTACHMENTS ISSUES ORGANIZATIONS PARTS PLAN_INPUTS PLAN_ITEMS PLANS PROCEDURES " +
  "PURCHASE_ORDER_LINES PURCHASE_ORDERS RECEIPTS RECEIPT_ITEMS RUNS RUN_STEPS STEPS SUPPLIERS";

await using emulator = closing(await startEmulator({ delivery: { retryAfterMs: 50 } }));
await using browser = closing(await startChromium());
await using receiver = closing(await startReceiver());
await tell(emulator, receiver.uri);
for (const [name, options] of Object.entries<BrowserContextOptions>({
  "page-light": { viewport: DESKTOP, colorScheme: "light" },
  "page-dark": { viewport: DESKTOP, colorScheme: "dark" },
  "page-narrow": { viewport: PHONE, colorScheme: "light", hasTouch: true },
})) {
  await shoot(browser, emulator.url, join(DOCS, `${name}.png`), options);
}

/** Lets happen what the pictures are to show. */
async function tell(emulator: Emulator, webhookUri: string) {
  const ask = await client(emulator);
  emulator.faults.add({ kind: "rate-limit", on: { type: "mutation" }, times: 1 });
  await ask("query Snapshot { webhookReceivers(first: 50) { edges { node { id } } } }");
  const violet = `name: "Violet", description: "Keeps Violet up to date", webhookUri: "${webhookUri}/violet"`;
  const erp = `name: "ERP", webhookUri: "${webhookUri}/erp"`;
  const receivers = [violet, erp].map(
    (input, index) => `r${index}: createWebhookReceiver(input: { ${input} }) { __typename }`,
  );
  const pairs = [
    ...VIOLET.split(" ").flatMap((resource) => [`1 ${resource} CREATE`, `1 ${resource} UPDATE`]),
    ...["2 PARTS UPDATE", "2 PURCHASE_ORDERS CREATE", "2 PURCHASE_ORDERS UPDATE", "2 RUNS UPDATE", "2 RUNS DELETE"],
  ];
  const subscriptions = pairs.map((pair, index) => {
    const [receiverId, resource, action] = pair.split(" ");
    const input = `{ receiverId: ${receiverId}, resource: ${resource}, action: ${action} }`;
    return `s${index}: createWebhookSubscription(input: ${input}) { __typename }`;
  });
  const create = `mutation Write { ${receivers.join(" ")} }`;
  await ask(create);
  await ask(create);
  await ask(`mutation Write { ${subscriptions.join(" ")} }`);
  emulator.faults.clear();
  emulator.faults.add({ kind: "bad-gateway-before", on: { type: "mutation" }, times: 3 });

  for (const [resource, action] of [
    ["SUPPLIERS", "CREATE"],
    ["RUNS", "UPDATE"],
  ] as const) {
    emulator.emit(resource, action);
    await emulator.settled();
  }
  const [ended] = emulator.store.listSubscriptions("1").filter(({ resource }) => resource === "PLANS");
  if (ended) emulator.store.deleteSubscription(ended.id);
  emulator.store.createSubscription({ receiverId: "2", resource: "SUPPLIERS", action: "UPDATE" });
  emulator.store.updateReceiver("1", { description: "Keeps Violet up to date (do not touch)" });
}

async function client({ tokenUrl, graphqlUrl, clientId, clientSecret }: Emulator) {
  const key = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const answer = await fetch(tokenUrl, { method: "POST", body: new URLSearchParams(key) });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  return async (query: string) => {
    const { status } = await fetch(graphqlUrl, { method: "POST", headers, body: JSON.stringify({ query }) });
    if (status !== 200 && status !== 429) throw new Error(`The emulator answered ${status}.`);
  };
}

/** A receiver that has a bad moment every now and then. */
async function startReceiver() {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(++count === 1 ? 503 : 200).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function shoot(browser: Browser, url: string, path: string, options: BrowserContextOptions) {
  const page = await browser.newPage(options);
  await page.goto(url);
  await page.locator("#counts").getByText("39 subscriptions").waitFor();
  await page.screenshot({ path, fullPage: true });
  await page.close();
}

function closing<Resource extends { close(): Promise<void> }>(resource: Resource) {
  return Object.assign(resource, { [Symbol.asyncDispose]: () => resource.close() });
}
