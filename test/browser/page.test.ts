import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startChromium } from "../../tools/chromium.ts";
import { makeProject, ROOT } from "../e2e/project.ts";
import { asker, start } from "../emulator/setup.ts";
import { webhookServer } from "../emulator/webhookServer.ts";

let browser: Browser;
// Chromium may have to be installed first.
beforeAll(async () => {
  browser = await startChromium();
}, 600_000);
afterAll(() => browser?.close());

/** Opens the page. Errors in the browser, such as violations of the content security policy, fail the test. */
async function visit(url: string, options: BrowserContextOptions = {}, expected = /^$/): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => request.url().startsWith(url) || errors.push(`requested ${request.url()}`));
  onTestFinished(async () => {
    await page.close();
    expect(errors.filter((error) => !expected.test(error))).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** The cells of the matrix. */
const cells = (page: Page) => page.locator("#table .cell");
const cell = (page: Page, event: string) => page.getByRole("button", { name: `${event}, violet: ` });

/** Starts `pulumi-ion listen`. `next` returns the next line that it prints. */
async function listening(secret: string) {
  const child = spawn(process.execPath, [join(ROOT, "provider/bin/pulumi-ion.js"), "listen", "--port", "0", "--json"], {
    env: { ...process.env, ION_SHARED_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
  const { listening } = (await next()) as { listening: { url: string } };
  return { uri: `${listening.url}once-shown`, next };
}

test("shows a real pulumi up, and simulates events, drift and failures", async () => {
  const secret = "a-secret-of-this-test";
  const receiver = await listening(secret);
  const program = `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "${receiver.uri}", sharedSecret: "${secret}" });`;
  const project = await makeProject({ files: { "index.js": program } });
  const { emulator } = project;
  const page = await visit(emulator.url);
  await page.getByText("No receiver yet").waitFor();
  await page.getByText(`export ION_API_URI=${emulator.graphqlUrl}`).waitFor();

  await project.up();
  await page.getByText("34 subscriptions · 1 receiver").waitFor();
  expect(await cells(page).and(page.locator('[aria-pressed="true"]')).count()).toBe(34);
  expect(await cells(page).and(page.locator('[data-mark="created"]')).count()).toBe(34);
  await page.getByText("1 receiver, 34 subscriptions created").waitFor();
  await page.locator("#requests").getByText("createWebhookSubscription").first().waitFor();

  expect(await page.content()).not.toContain(secret);
  expect(await page.content()).not.toContain(receiver.uri);
  await page.getByRole("button", { name: "Show sharedSecret" }).click();
  await page.getByText(secret).waitFor();
  await page.getByRole("button", { name: "Hide sharedSecret" }).click();
  expect(await page.content()).not.toContain(secret);

  await page.getByLabel("Resource").selectOption("PARTS");
  await page.getByLabel("Action").selectOption("UPDATE");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator("#deliveries").getByText("200 delivered").waitFor();
  await page.locator("#deliveries").getByText("signed").first().waitFor();
  const arrived = { resource: "PARTS", action: "UPDATE", signature: "valid" };
  expect(await receiver.next()).toMatchObject({ delivery: arrived });

  await cell(page, "PARTS UPDATE").click();
  await page.locator("#changes").getByText("1 subscription deleted").waitFor();
  expect(await project.preview()).toMatch(/\(create\)\s.*::violet-PARTS-UPDATE]\s[^+~-]*\+ 1 to create/);

  await page.getByText("Simulate failures").click();
  await page.getByLabel("Failure").selectOption("bad-gateway-before");
  await page.getByLabel("Affected requests").selectOption("Writes (mutations)");
  await page.getByText("--fault bad-gateway-before:type=mutation").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("mutations · 0 of 1 affected").waitFor();
  await project.up();
  await page.getByText("mutations · 1 of 1 affected").waitFor();
  await page.locator("#requests").getByText("bad-gateway-before").waitFor();
  await page.locator("#changes").getByText("1 subscription created").waitFor();
  expect(await cell(page, "PARTS UPDATE").getAttribute("aria-pressed")).toBe("true");
});

const hostile = `<img src=x onerror="document.title='broken'">`;

test("shows a receiver name with markup as text", async () => {
  const receiver = await webhookServer();
  const emulator = await start();
  const page = await visit(emulator.url);
  const { id } = emulator.store.createReceiver({ name: hostile, description: hostile, webhookUri: receiver.uri });
  emulator.store.createHeader({ key: "X-Plant", value: hostile, receiverId: id });
  emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
  emulator.emit("PARTS", "UPDATE", { changedFields: { name: hostile } });
  await page.locator("#deliveries").getByText("200 delivered").click();
  await page.getByRole("button", { name: "Show X-Plant" }).click();
  await page.getByRole("button", { name: `PARTS UPDATE, ${hostile}: subscribed` }).click();
  await page.locator("#message").getByText(hostile).waitFor();
  for (const place of ["#table thead", "#receiver h2", "#receiver dl", "#deliveries summary"]) {
    expect([place, await page.locator(place).first().textContent()]).toEqual([place, expect.stringContaining(hostile)]);
  }
  expect(await page.locator("img").count()).toBe(1);
  expect(await page.title()).toBe("ION emulator");
});

test("supports the keyboard and keeps the focus during updates", async () => {
  const emulator = await start();
  const { store } = emulator;
  const { id } = store.createReceiver({ name: "violet", webhookUri: "https://violet.example/x" });
  const page = await visit(emulator.url, { viewport: { width: 390, height: 844 } });
  await cells(page).first().waitFor();
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 120; presses++) {
      if ((await focused())?.startsWith(name)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not lead to ${name}.`);
  };
  await tabTo("ABOM_INSTALLATIONS CREATE");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toBe("FILE_ATTACHMENTS UPDATE, violet: not subscribed");
  expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).toBe("solid");
  await page.keyboard.press("Enter");
  await expect.poll(focused).toBe("FILE_ATTACHMENTS UPDATE, violet: subscribed, created in the last change");
  store.createReceiver({ name: "erp", webhookUri: "https://erp.example/x" });
  await page.locator("#counts").getByText("2 receivers").waitFor();
  expect(await focused()).toMatch(/^FILE_ATTACHMENTS UPDATE, violet/);
  store.deleteReceiver("2");

  await tabTo("active");
  await page.keyboard.press("Space");
  await expect.poll(() => store.findReceiver(id)?.active).toBe(false);
  await page.getByText("inactive and gets no events").waitFor();
  await tabTo("Edit description");
  await page.keyboard.press("Enter");
  // The draft and its caret survive other changes of the receiver.
  await page.keyboard.type("byhand");
  for (let presses = 0; presses < 4; presses++) await page.keyboard.press("ArrowLeft");
  store.createSubscription({ receiverId: id, resource: "RUNS", action: "UPDATE" });
  await page.locator("#counts").getByText("2 subscriptions").waitFor();
  await page.keyboard.type(" ");
  await page.keyboard.press("Enter");
  await expect.poll(() => store.findReceiver(id)?.description).toBe("by hand");
  await tabTo("Delete receiver");
  await page.keyboard.press("Enter");
  await page.getByText("Delete it and 2 subscriptions?").waitFor();
  await tabTo("Delete");
  await page.keyboard.press("Enter");
  await page.getByText("No receiver yet").waitFor();
  expect(store.listReceivers()).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

test("summarizes the result of a large write", async () => {
  const emulator = await start();
  emulator.store.createReceiver({ name: "violet", webhookUri: "https://violet.example/x" });
  const page = await visit(emulator.url);
  const input = '{ receiverId: "1", resource: RUNS, action: CREATE }';
  const aliases = Array.from({ length: 60 }, (_, index) => `s${index}: createWebhookSubscription(input: ${input})`);
  const ask = await asker(emulator);
  await ask(`mutation Write { ${aliases.map((alias) => `${alias} { __typename }`).join(" ")} }`);
  const request = page.locator("#requests > li", { hasText: "mutation Write" });
  await request.getByText("60 × createWebhookSubscription").waitFor();
  await request.getByText("60 subscriptions created").waitFor();
  await page.getByRole("button", { name: "RUNS CREATE, violet: subscribed 60 times" }).waitFor();
});

test("hints at columns that are out of view", async () => {
  const { url, store } = await start();
  for (const name of ["violet", "erp"]) store.createReceiver({ name, webhookUri: "https://violet.example/x" });
  const hint = (page: Page) => page.getByText("Scroll sideways to see all receivers");
  await hint(await visit(url, { viewport: { width: 390, height: 844 } })).waitFor();
  const wide = await visit(url, { viewport: { width: 1200, height: 844 } });
  await cells(wide).first().waitFor();
  await hint(wide).waitFor({ state: "hidden" });
});

test("reloads when the emulator is restarted", async () => {
  const first = await start();
  const page = await visit(first.url, {}, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/);
  await page.getByText("Live", { exact: true }).waitFor();
  await first.close();
  await page.getByText("The emulator does not respond").waitFor();
  const second = await start({ port: Number(new URL(first.url).port) });
  second.store.createReceiver({ name: "another", webhookUri: "https://violet.example/x" });
  await page.locator("#counts").getByText("1 receiver").waitFor();
});

test("disconnects while hidden and catches up when visible", async () => {
  const { url, store } = await start();
  const page = await visit(url);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("Simulate failures").click();
  await page.getByLabel("Failure").selectOption("slow");
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await hide(true);
  store.createReceiver({ name: "violet", webhookUri: "https://violet.example/x" });
  await page.getByText("Paused").waitFor();
  await page.waitForTimeout(300);
  expect(await page.locator("#counts").textContent()).toBe("");
  await hide(false);
  await page.locator("#counts").getByText("1 receiver").waitFor();
  expect(await page.getByLabel("Failure").inputValue()).toBe("slow");
});
