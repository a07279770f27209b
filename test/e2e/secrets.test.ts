import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { leaksIn } from "../support/leaks.ts";
import { makeProject, type Project } from "./project.ts";

/** What is planted: in config, in the program in plain, in ION, and in what changes later. */
const PLANTED = {
  "the URL": 'https://events.example/canary-url-1?q="é🙂"',
  "the URL's path": "canary-url-1",
  "the plain receiver's URL": "https://plain.example/canary-url-2",
  "the shared secret": "canary shared/3+é",
  "the header": "canary-header-4",
  "the header added outside": "canary-added-5",
  "the next header": "canary-next-6",
  "the shared secret taken over": "canary-taken-7",
  "the shared secret set outside": "canary-outside-8",
  "the client secret": "emulator-secret",
};

const program = (header: string, more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    const pulumi = require("@pulumi/pulumi");
    const erp = new ion.WebhookReceiver("erp", {
      webhookUri: new pulumi.Config().requireSecret("uri"), sharedSecret: ${JSON.stringify(PLANTED["the shared secret"])},
      headers: { "X-Key": "${header}" } });
    const plain = new ion.WebhookReceiver("plain", { webhookUri: "${PLANTED["the plain receiver's URL"]}" });
    new ion.WebhookSubscriptions("subs", { receiverId: plain.id, subscriptions: { PARTS: ["CREATE"] }, unmanaged: "delete" });
    new ion.WebhookReceiver("taken", { webhookUri: "https://taken.example/" });
    ${more}
    const found = ion.getWebhookReceiverOutput({ name: "taken" });
    Object.assign(exports, { uri: erp.webhookUri, secret: plain.sharedSecret, headers: erp.headers, found });`,
});

/** Every file that Pulumi keeps for the stack: state, its backups and its history. */
async function stateFiles(project: Project): Promise<string> {
  const folder = join(project.dir, "state");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

/**
 * What Pulumi itself says in plain, to any provider's users: from -v=9 on, its engine shows what it sends over gRPC; and
 * its SDK tells of each registration in a debug message, which --debug, --json and --event-log show. No provider can
 * keep a secret out of these; README.md says so.
 */
const PULUMIS_OWN =
  /"(?:Unm|M)arshaling property for RPC\[|\bRegisterResource RPC finished: resource:|eventSink::Debug\(/;

/** A command's output without what Pulumi says of its own accord; and how many lines that were. */
function ours(output: string): { readonly text: string; readonly dropped: number } {
  const lines = output.split("\n");
  const kept = lines.filter((line) => !PULUMIS_OWN.test(line));
  return { text: kept.join("\n"), dropped: lines.length - kept.length };
}

const LOUD = ["-v=9", "--logtostderr", "--logflow", "--debug"];
const STACK = ["--stack", "test"];
const YES = ["--yes", "--skip-preview", ...STACK];

describe("secrets that the program hands over in plain", () => {
  it("are ciphertext in the state and absent from all that is printed, at any verbosity, through the life of a stack", async () => {
    const project = await makeProject({ files: program(PLANTED["the header"]), config: { uri: PLANTED["the URL"] } });
    const { store, faults } = project.emulator;
    const sharedSecret = PLANTED["the shared secret taken over"];
    store.createReceiver({ name: "taken", webhookUri: "https://taken.example/", sharedSecret });
    const generated: string[] = [];
    /** Runs a command, and holds what it printed and left behind against everything planted and made. */
    const scan = async (code: number, ...args: string[]) => {
      const events = join(project.dir, "events.json");
      const done = await project.pulumi(...args);
      const { text, dropped } = ours(done.output);
      expect(done.code, text).toBe(code);
      generated.push(...store.listReceivers().map((receiver) => receiver.sharedSecret));
      const secrets = { ...PLANTED, ...Object.fromEntries(generated.map((value, at) => [`secret ${at}`, value])) };
      const written = `${await stateFiles(project)}\n${ours(await readFile(events, "utf8").catch(() => "")).text}`;
      expect(leaksIn(text, secrets), args.join(" ")).toEqual([]);
      expect(leaksIn(written, secrets), `files after ${args.join(" ")}`).toEqual([]);
      expect(leaksIn(JSON.stringify(project.emulator.requests), secrets)).toEqual([]);
      return { text, dropped };
    };
    // Hidden options, as those who debug Pulumi set them.
    project.env.PULUMI_DEBUG_COMMANDS = "true";
    const events = ["--event-log", join(project.dir, "events.json")];

    // Takes one over, makes the others, and names what nobody declared when it is met.
    const up = await scan(0, "up", ...YES, ...LOUD, ...events);
    expect(up.dropped).toBeGreaterThan(20);
    const [erp, plain] = ["erp", "plain"].map(
      (name) => store.listReceivers().find((found) => found.name === name)?.id ?? "",
    );
    if (!erp || !plain) throw new Error("They were not made.");
    store.createHeader({ key: "X-Added", value: PLANTED["the header added outside"], receiverId: erp });
    store.updateReceiver(plain, { sharedSecret: PLANTED["the shared secret set outside"] });
    store.createSubscription({ receiverId: plain, resource: "RUNS", action: "CREATE" });
    const preview = await scan(0, "preview", "--diff", ...STACK, ...LOUD);
    expect(preview.text).toContain("header X-Added was added");
    await scan(0, "preview", "--json", ...STACK);
    await scan(0, "refresh", ...YES, "--diff", ...LOUD);
    await project.write(program(PLANTED["the next header"]));
    const json = await scan(0, "up", ...YES, "--json", ...events);
    expect(json.dropped).toBeGreaterThan(0);

    // Something goes wrong, and ION repeats all that it holds and was sent.
    const { "the header added outside": _removed, "the header": _replaced, ...there } = PLANTED;
    const repeated = Object.values(there).join(") Key (x)=(");
    faults.add({
      kind: "unique-constraint",
      on: { field: "createWebhookReceiver" },
      message: repeated,
    });
    await project.write(
      program(PLANTED["the next header"], `new ion.WebhookReceiver("late", { webhookUri: "https://late.example/" });`),
    );
    const failed = await scan(1, "up", ...YES, "--diff", ...LOUD);
    expect(failed.text).toMatch(/did not create the webhook receiver .{0,2}late/);

    await scan(0, "stack", "output", "--json", ...STACK);
    await scan(0, "stack", "history", "--json", ...STACK);
    const exported = (await scan(0, "stack", "export", ...STACK)).text;
    await scan(0, "destroy", ...YES, "--diff", ...LOUD);

    const { deployment } = JSON.parse(exported) as {
      deployment: { resources: { inputs?: object; outputs?: object }[] };
    };
    const texts = deployment.resources.flatMap(({ inputs, outputs }) =>
      [inputs, outputs].flatMap((one) => (one && "__provider" in one ? [String(one.__provider)] : [])),
    );
    expect(texts).toHaveLength(10);
    for (const text of texts) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200);
      expect(text).toContain('require("pulumi-ion/dynamic")');
    }
  });

  it("are ciphertext also where a receiver is only partly made", async () => {
    const project = await makeProject({ files: program(PLANTED["the header"]), config: { uri: PLANTED["the URL"] } });
    const { settings, store } = project.emulator;
    settings.deniedPermissions.add("CreateWebhookHeader");
    const { code, output } = await project.pulumi("up", ...YES);
    expect(code).not.toBe(0);
    expect(output).toContain("add the header X-Key");
    expect(output).toContain("CreateWebhookHeader");
    const exported = await project.resources();
    expect(exported.find(({ urn }) => urn.endsWith("::erp"))?.initErrors).toHaveLength(1);
    expect(leaksIn(`${JSON.stringify(exported)}\n${output}`, PLANTED)).toEqual([]);
    settings.deniedPermissions.clear();
    await project.up();
    expect(store.listReceivers()).toHaveLength(3);
    expect(store.listHeaders()).toMatchObject([{ key: "X-Key", value: PLANTED["the header"] }]);
    await project.preview("--expect-no-changes");
  });
});
