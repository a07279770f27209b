import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { leaksIn } from "../support/leaks.ts";
import { makeProject, type Project } from "./project.ts";

/** Secrets in the config, in plain text in the program, in ION and in later changes. */
const SECRETS = {
  "the URL": 'https://events.example/canary-url-1?q="é🙂"',
  "the URL's path": "canary-url-1",
  "the plain receiver's URL": "https://plain.example/canary-url-2",
  "the shared secret": "canary shared/3+é",
  "the header": "canary-header-4",
  "the header added outside": "canary-added-5",
  "the next header": "canary-next-6",
  "the adopted shared secret": "canary-adopted-7",
  "the shared secret set outside": "canary-outside-8",
  "the client secret": "emulator-secret",
};

const program = (header: string, more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    const pulumi = require("@pulumi/pulumi");
    const erp = new ion.WebhookReceiver("erp", {
      webhookUri: new pulumi.Config().requireSecret("uri"), sharedSecret: ${JSON.stringify(SECRETS["the shared secret"])},
      headers: { "X-Key": "${header}" } });
    const plain = new ion.WebhookReceiver("plain", { webhookUri: "${SECRETS["the plain receiver's URL"]}" });
    new ion.WebhookSubscriptions("subs", { receiverId: plain.id, subscriptions: { PARTS: ["CREATE"] }, unmanaged: "delete" });
    new ion.WebhookReceiver("adopted", { webhookUri: "https://adopted.example/" });
    ${more}
    const found = ion.getWebhookReceiverOutput({ name: "adopted" });
    Object.assign(exports, { uri: erp.webhookUri, secret: plain.sharedSecret, headers: erp.headers, found });`,
});

/** The content of every file of the stack: state, backups and history. */
async function readStateFiles(project: Project): Promise<string> {
  const folder = join(project.dir, "state");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

/**
 * Lines in which Pulumi itself prints secrets in plain text, for any provider: with -v=9 the engine logs its gRPC
 * messages, and the SDK logs each registration in a debug message, which --debug, --json and --event-log show. No
 * provider can prevent that, as the documentation says.
 */
const PULUMI_LINES =
  /"(?:Unm|M)arshaling property for RPC\[|\bRegisterResource RPC finished: resource:|eventSink::Debug\(/;

/** A command's output without Pulumi's own lines, and their number. */
function withoutPulumiLines(output: string): { readonly text: string; readonly dropped: number } {
  const lines = output.split("\n");
  const kept = lines.filter((line) => !PULUMI_LINES.test(line));
  return { text: kept.join("\n"), dropped: lines.length - kept.length };
}

const VERBOSE = ["-v=9", "--logtostderr", "--logflow", "--debug"];
const STACK = ["--stack", "test"];
const YES = ["--yes", "--skip-preview", ...STACK];

describe.each(CARRIERS)("secrets that the program passes as plain text (%s)", (carrier) => {
  it("encrypts secrets in the state and never prints them, at any verbosity, in the whole lifecycle of a stack", async () => {
    const project = await makeProject({
      carrier,
      files: program(SECRETS["the header"]),
      config: { uri: SECRETS["the URL"] },
    });
    const { store, faults } = project.emulator;
    const sharedSecret = SECRETS["the adopted shared secret"];
    store.createReceiver({ name: "adopted", webhookUri: "https://adopted.example/", sharedSecret });
    const generated: string[] = [];
    /** Runs a command, and expects no secret in its output, in the files it writes and in the requests it sends. */
    const scan = async (code: number, ...args: string[]) => {
      const events = join(project.dir, "events.json");
      const result = await project.pulumi(...args);
      const { text, dropped } = withoutPulumiLines(result.output);
      expect(result.code, text).toBe(code);
      generated.push(...store.listReceivers().map((receiver) => receiver.sharedSecret));
      const secrets = {
        ...SECRETS,
        ...Object.fromEntries(generated.map((value, index) => [`generated secret ${index}`, value])),
      };
      const written = `${await readStateFiles(project)}\n${withoutPulumiLines(await readFile(events, "utf8").catch(() => "")).text}`;
      expect(leaksIn(text, secrets), args.join(" ")).toEqual([]);
      expect(leaksIn(written, secrets), `files after ${args.join(" ")}`).toEqual([]);
      expect(leaksIn(JSON.stringify(project.emulator.requests), secrets)).toEqual([]);
      return { text, dropped };
    };
    // Enables hidden options such as --event-log.
    project.env.PULUMI_DEBUG_COMMANDS = "true";
    const events = ["--event-log", join(project.dir, "events.json")];

    // Adopts one receiver and creates the others.
    const up = await scan(0, "up", ...YES, ...VERBOSE, ...events);
    expect(up.dropped).toBeGreaterThan(20);
    const [erp, plain] = ["erp", "plain"].map(
      (name) => store.listReceivers().find((found) => found.name === name)?.id ?? "",
    );
    if (!erp || !plain) throw new Error("The receivers were not created.");
    store.createHeader({ key: "X-Added", value: SECRETS["the header added outside"], receiverId: erp });
    store.updateReceiver(plain, { sharedSecret: SECRETS["the shared secret set outside"] });
    store.createSubscription({ receiverId: plain, resource: "RUNS", action: "CREATE" });
    const preview = await scan(0, "preview", "--diff", ...STACK, ...VERBOSE);
    expect(preview.text).toContain("header X-Added was added");
    await scan(0, "preview", "--json", ...STACK);
    await scan(0, "refresh", ...YES, "--diff", ...VERBOSE);
    await project.write(program(SECRETS["the next header"]));
    const json = await scan(0, "up", ...YES, "--json", ...events);
    expect(json.dropped).toBeGreaterThan(0);

    // A create fails, and ION repeats everything that it stores and received.
    const { "the header added outside": _removed, "the header": _replaced, ...current } = SECRETS;
    const repeated = Object.values(current).join(") Key (x)=(");
    faults.add({
      kind: "unique-constraint",
      on: { field: "createWebhookReceiver" },
      message: repeated,
    });
    await project.write(
      program(SECRETS["the next header"], `new ion.WebhookReceiver("late", { webhookUri: "https://late.example/" });`),
    );
    const failed = await scan(1, "up", ...YES, "--diff", ...VERBOSE);
    expect(failed.text).toMatch(/did not create the webhook receiver .{0,2}late/);

    await scan(0, "stack", "output", "--json", ...STACK);
    await scan(0, "stack", "history", "--json", ...STACK);
    const exported = (await scan(0, "stack", "export", ...STACK)).text;
    await scan(0, "destroy", ...YES, "--diff", ...VERBOSE);

    const { deployment } = JSON.parse(exported) as {
      deployment: { resources: { inputs?: object; outputs?: object }[] };
    };
    const references = deployment.resources.flatMap(({ inputs, outputs }) =>
      [inputs, outputs].flatMap((values) => (values && "__provider" in values ? [String(values.__provider)] : [])),
    );
    expect(references).toHaveLength(carrier === "dynamic" ? 10 : 0);
    for (const reference of references) {
      expect(Buffer.byteLength(reference)).toBeLessThanOrEqual(200);
      expect(reference).toContain('require("pulumi-ion/dynamic")');
    }
  });

  it("encrypts the secrets of a receiver that is created only in part", async () => {
    const project = await makeProject({
      carrier,
      files: program(SECRETS["the header"]),
      config: { uri: SECRETS["the URL"] },
    });
    const { settings, store } = project.emulator;
    settings.deniedPermissions.add("CreateWebhookHeader");
    const { code, output } = await project.pulumi("up", ...YES);
    expect(code).not.toBe(0);
    expect(output).toContain("create the header X-Key");
    expect(output).toContain("CreateWebhookHeader");
    const exported = await project.resources();
    expect(exported.find(({ urn }) => urn.endsWith("::erp"))?.initErrors).toHaveLength(1);
    expect(leaksIn(`${JSON.stringify(exported)}\n${output}`, SECRETS)).toEqual([]);
    settings.deniedPermissions.clear();
    await project.up();
    expect(store.listReceivers()).toHaveLength(3);
    expect(store.listHeaders()).toMatchObject([{ key: "X-Key", value: SECRETS["the header"] }]);
    await project.preview("--expect-no-changes");
  });
});
