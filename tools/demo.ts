/**
 * `npm run demo`: the whole lifecycle with the real Pulumi engine and a local ION: create, a clean preview, drift detected
 * and reverted. All files are in `.demo`, which is recreated each time. With `--language yaml`, the program is YAML, on the provider
 * plugin.
 */
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type Emulator, startEmulator } from "ion-emulator";
import * as project from "./emulatorProject.ts";
import { disposable, ensureEngine, type Language, languageOf, printHeading, ROOT, runTool } from "./emulatorProject.ts";

const FOLDER = join(ROOT, ".demo");
const PLACE = { folder: FOLDER, state: join(FOLDER, ".state"), stack: "dev" };

/** The files of each program, by language. A placeholder stands for the project's name. */
const PROGRAMS: Readonly<Record<Language, readonly string[]>> = {
  typescript: ["Pulumi.yaml", "index.ts"],
  yaml: ["provider/template/yaml/Pulumi.yaml"],
};

const pulumi = (...args: string[]) => project.pulumi(PLACE, args);

await runTool(async () => {
  const { values } = parseArgs({ options: { language: { type: "string", default: "typescript" } } });
  const language = languageOf(values.language);
  printHeading("Start a local ION and find the Pulumi engine");
  await ensureEngine();
  await using emulator = disposable(await startEmulator({ port: 0 }));
  console.log(`ION emulator at ${emulator.url}: open it in a browser to watch`);
  await prepare(emulator, language);

  printHeading("`pulumi up` creates Violet's receiver and its 34 subscriptions");
  await pulumi("up", "--yes", "--skip-preview", "--suppress-progress");

  printHeading("ION now contains");
  printState(emulator);

  printHeading("`pulumi preview` shows no changes");
  await pulumi("preview", "--diff", "--expect-no-changes");

  printHeading("Somebody deletes a subscription in ION and deactivates the receiver");
  changeByHand(emulator);
  printState(emulator);

  printHeading("`pulumi preview --diff` shows the drift");
  await pulumi("preview", "--diff");

  printHeading("`pulumi up` reverts it");
  await pulumi("up", "--yes", "--skip-preview", "--diff");
  printState(emulator);
  await pulumi("preview", "--diff", "--expect-no-changes");

  printHeading("Done. No process is left running");
  const option = language === "typescript" ? "" : ` -- --language ${language}`;
  console.log(`To try it yourself, with a project and an ION emulator that stay:

  npm run practice${option}

To use it with your own ION, follow docs/real-ion.md.`);
});

/**
 * Creates a project with this repository's program, or with that of a template, and a stack of its own. The repository's Pulumi.dev.yaml is not used: it may
 * name a real ION.
 */
async function prepare({ graphqlUrl, tokenUrl, clientId, clientSecret }: Emulator, language: Language) {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(PLACE.state, { recursive: true });
  for (const file of PROGRAMS[language]) {
    const text = await readFile(join(ROOT, file), "utf8");
    await writeFile(join(FOLDER, basename(file)), text.replace("__PROJECT__", "violet-webhooks"));
  }
  await symlink(join(ROOT, "node_modules"), join(FOLDER, "node_modules"), "junction");
  await pulumi("stack", "init");
  const plain = [`ion:endpoint=${graphqlUrl}`, `ion:authUrl=${tokenUrl}`, `ion:clientId=${clientId}`];
  const secret = [`ion:clientSecret=${clientSecret}`, "webhookUri=https://violet.example/webhooks/demo"];
  const flags = [...plain.flatMap((one) => ["--plaintext", one]), ...secret.flatMap((one) => ["--secret", one])];
  await pulumi("config", "set-all", ...flags);
}

/** Makes the changes that a person might make in ION's UI. */
function changeByHand({ store }: Emulator) {
  const parts = store.listSubscriptions().find(({ resource, action }) => resource === "PARTS" && action === "UPDATE");
  const [receiver] = store.listReceivers();
  if (!parts || !receiver) throw new Error("`pulumi up` did not create the expected receiver and subscriptions.");
  store.deleteSubscription(parts.id);
  store.updateReceiver(receiver.id, { active: false });
  console.log(`deleted: PARTS UPDATE (id ${parts.id}); deactivated: receiver ${receiver.id}`);
}

/** Prints each receiver with a table of its subscriptions. */
function printState({ store }: Emulator) {
  for (const receiver of store.listReceivers()) {
    const subscriptions = store.listSubscriptions(receiver.id);
    const { id, name, active } = receiver;
    console.log(`receiver ${id} "${name}", ${active ? "active" : "NOT ACTIVE"}, ${subscriptions.length} subscriptions`);
    const resources = [...new Set(subscriptions.map(({ resource }) => resource))].sort();
    const cell = (resource: string, action: string) =>
      subscriptions.some((subscription) => subscription.resource === resource && subscription.action === action)
        ? action
        : "-".padEnd(action.length);
    for (const resource of resources) {
      console.log(`  ${resource.padEnd(22)}${cell(resource, "CREATE")}  ${cell(resource, "UPDATE")}`);
    }
  }
}
