/**
 * `npm run screenshots`: takes pictures of the emulator's page for docs/, after a deployment, a fault, some events and
 * some changes by hand.
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
await prepare(emulator, receiver.uri);
for (const [name, options] of Object.entries<BrowserContextOptions>({
  "page-light": { viewport: DESKTOP, colorScheme: "light" },
  "page-dark": { viewport: DESKTOP, colorScheme: "dark" },
  "page-narrow": { viewport: PHONE, colorScheme: "light", hasTouch: true },
})) {
  await shoot(browser, emulator.url, join(DOCS, `${name}.png`), options);
}

/** Creates the activity that the pictures show. */
async function prepare(emulator: Emulator, webhookUri: string) {
  const send = await createClient(emulator);
  emulator.faults.add({ kind: "rate-limit", on: { type: "mutation" }, times: 1 });
  await send("query Snapshot { webhookReceivers(first: 50) { edges { node { id } } } }");
  const violet = `name: "Violet", description: "Keeps Violet up to date", webhookUri: "${webhookUri}/violet"`;
  const erp = `name: "ERP", webhookUri: "${webhookUri}/erp"`;
  const receivers = [violet, erp].map(
    (input, index) => `r${index}: createWebhookReceiver(input: { ${input} }) { __typename }`,
  );
  const subscribed = [
    ...VIOLET.split(" ").flatMap((resource) => [`1 ${resource} CREATE`, `1 ${resource} UPDATE`]),
    ...["2 PARTS UPDATE", "2 PURCHASE_ORDERS CREATE", "2 PURCHASE_ORDERS UPDATE", "2 RUNS UPDATE", "2 RUNS DELETE"],
  ];
  const subscriptions = subscribed.map((subscription, index) => {
    const [receiverId, resource, action] = subscription.split(" ");
    const input = `{ receiverId: ${receiverId}, resource: ${resource}, action: ${action} }`;
    return `s${index}: createWebhookSubscription(input: ${input}) { __typename }`;
  });
  const create = `mutation Write { ${receivers.join(" ")} }`;
  await send(create);
  await send(create);
  await send(`mutation Write { ${subscriptions.join(" ")} }`);
  emulator.faults.clear();
  emulator.faults.add({ kind: "bad-gateway-before", on: { type: "mutation" }, times: 3 });

  for (const [resource, action] of [
    ["SUPPLIERS", "CREATE"],
    ["RUNS", "UPDATE"],
  ] as const) {
    emulator.emit(resource, action);
    await emulator.settled();
  }
  const [deleted] = emulator.store.listSubscriptions("1").filter(({ resource }) => resource === "PLANS");
  if (deleted) emulator.store.deleteSubscription(deleted.id);
  emulator.store.createSubscription({ receiverId: "2", resource: "SUPPLIERS", action: "UPDATE" });
  emulator.store.updateReceiver("1", { description: "Keeps Violet up to date (do not touch)" });
}

async function createClient({ tokenUrl, graphqlUrl, clientId, clientSecret }: Emulator) {
  const key = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const answer = await fetch(tokenUrl, { method: "POST", body: new URLSearchParams(key) });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  return async (query: string) => {
    const { status } = await fetch(graphqlUrl, { method: "POST", headers, body: JSON.stringify({ query }) });
    if (status !== 200 && status !== 429) throw new Error(`The emulator responded with status ${status}.`);
  };
}

/** A receiver whose first response is an error. */
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
