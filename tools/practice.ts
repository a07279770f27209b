/**
 * `npm run practice`: a local ION, a project that manages it and a receiver that prints its events, until Ctrl-C. All of it is in
 * one folder, and the next run continues there. It neither uses nor changes `pulumi login`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Emulator, startEmulator } from "ion-emulator";
import { nodeProblem } from "../provider/dist/model/nodeVersion.js";
import {
  disposable,
  ensureEngine,
  type Language,
  languageOf,
  type ProjectPlace,
  printHeading,
  pulumi,
  ROOT,
  run,
  runTool,
  settingsOf,
  stopped,
} from "./emulatorProject.ts";

/** What the next run needs, so that the stack finds its ION, and ION its receiver. */
interface Ports {
  readonly emulator: number;
  readonly receiver: number;
}

await runTool(async () => {
  const { folder, language, open } = readOptions();
  const own = join(folder, ".practice");
  const place = { folder, state: join(own, "state"), stack: "practice" };
  const file = join(own, "ports.json");
  const isNew = !existsSync(file);
  if (isNew && existsSync(folder)) {
    throw new Error(`${folder} is not a practice project. To use another folder: npm run practice -- <folder>`);
  }
  if (!isNew && language)
    throw new Error(
      `${folder} has a program already. For another one: npm run practice -- <folder> --language ${language}`,
    );

  printHeading("Find the Pulumi engine");
  await ensureEngine();
  // Not recursive: a folder that somebody else has just created is not ours.
  if (isNew) await mkdir(folder);
  let isComplete = !isNew;
  try {
    await mkdir(place.state, { recursive: true });
    const ports: Ports = isNew ? { emulator: 0, receiver: await freePort() } : JSON.parse(await readFile(file, "utf8"));
    await using emulator = disposable(await start(ports.emulator, join(own, "ion.json")));
    if (isNew) {
      await createProject(place, emulator, language ?? "typescript", ports);
      await writeFile(join(own, ".gitignore"), "*\n");
      const emulatorPort = Number(new URL(emulator.url).port);
      await writeFile(file, JSON.stringify({ ...ports, emulator: emulatorPort } satisfies Ports));
      isComplete = true;
      printHeading("`pulumi up` creates Violet's receiver and its subscriptions");
      await pulumi(place, ["up", "--yes", "--skip-preview"], { isQuiet: true });
      console.log(`ION now has ${emulator.store.listSubscriptions().length} subscriptions.`);
    }
    await stayOpen(place, emulator, ports, open);
  } finally {
    if (!isComplete) await rm(folder, { recursive: true, force: true });
  }
});

function readOptions() {
  const { values, positionals } = parseArgs({
    options: { language: { type: "string" }, open: { type: "boolean", default: true } },
    allowNegative: true,
    allowPositionals: true,
  });
  const [folder = "../ion-practice", ...others] = positionals;
  if (others.length > 0) throw new Error("npm run practice -- [folder] [--language typescript | yaml] [--no-open]");
  const language = values.language === undefined ? undefined : languageOf(values.language);
  return { folder: resolve(ROOT, folder), language, open: values.open };
}

/** Starts the emulator where the stack expects it. Its data file keeps ION's state. */
async function start(port: number, dataFile: string): Promise<Emulator> {
  try {
    return await startEmulator({ port, dataFile });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new Error(
      `Port ${port} is in use. If \`npm run practice\` runs in another terminal, stop it there with Ctrl-C, or use another folder: npm run practice -- <folder>`,
    );
  }
}

/** Creates the project as a user does, with `pulumi-ion init`. */
async function createProject(
  place: ProjectPlace,
  { graphqlUrl, tokenUrl, clientId, clientSecret }: Emulator,
  language: Language,
  { receiver }: Ports,
) {
  printHeading(`\`pulumi-ion init\` creates a project in ${shown(place.folder)}`);
  console.log("npm installs its packages …");
  const connection = ["--endpoint", graphqlUrl, "--auth-url", tokenUrl, "--client-id", clientId];
  const args = ["init", place.folder, "--language", language, "--stack", place.stack, ...connection];
  await run(place, process.execPath, [join(ROOT, "provider/bin/pulumi-ion.js"), ...args], {
    env: { ION_CLIENT_SECRET: clientSecret, ION_WEBHOOK_URI: `http://127.0.0.1:${receiver}/` },
    isQuiet: true,
  });
}

/** Prints events and what to do, until Ctrl-C. */
async function stayOpen(place: ProjectPlace, { url }: Emulator, ports: Ports, open: boolean) {
  const { promise: isListening, resolve: heard } = Promise.withResolvers<void>();
  let count = 0;
  const listener = run(
    place,
    process.execPath,
    [join(place.folder, "node_modules/pulumi-ion/bin/pulumi-ion.js"), "listen", "--port", String(ports.receiver)],
    {
      onLine: (line) => {
        // The first line says where it listens, and how to stop it alone.
        if (count++ === 0) heard();
        else console.log(line);
      },
    },
  );
  await Promise.race([isListening, listener]);
  printHeading("Ready");
  console.log(whatToDo(place, url));
  if (open && process.stdout.isTTY) openBrowser(url);
  try {
    await listener;
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    const folder = shown(place.folder);
    console.log(
      `\nStopped. ${folder} keeps everything: the next \`npm run practice\` continues there. To start over, delete it.`,
    );
  }
}

function whatToDo(place: ProjectPlace, url: string): string {
  const settings = Object.entries(settingsOf(place));
  const exported =
    process.platform === "win32"
      ? settings.map(([name, value]) => `  $env:${name} = "${value}"`)
      : [`  export ${settings.map(([name, value]) => `${name}=${quoted(value)}`).join(" ")}`];
  const version = nodeOfUser();
  const hasOldNode = version !== undefined && nodeProblem(version) !== undefined;
  if (hasOldNode) exported.unshift(`  export PATH=${quoted(join(ROOT, "node_modules/.bin"))}:$PATH`);
  return `ION is at ${url}: open it in a browser.

Open a second terminal in this repository. Send an event, which appears below:

  npx --no-install ion-emulator emit parts update --url ${url}

Change something in ION: click a ✓ in the browser. Then see the difference and revert it${hasOldNode ? `, with the Node of this repository (yours, ${version}, is too old)` : ""}:

  cd ${quoted(shown(place.folder))}
${exported.join("\n")}
  npx pulumi preview --diff
  npx pulumi up

Press Ctrl-C to stop. Events appear here:`;
}

/** The version of Node that the person's npm runs with. npm scripts run with the one in node_modules. */
function nodeOfUser(): string | undefined {
  const [, version] = /\bnode\/v(\d+\.\d+\.\d+)/.exec(process.env.npm_config_user_agent ?? "") ?? [];
  return version;
}

/** A folder as a person in the repository names it. */
function shown(folder: string): string {
  return relative(ROOT, folder) || ".";
}

function quoted(text: string): string {
  return /^[\w./:%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Opens the default browser. If there is none, the address is on the screen. */
function openBrowser(url: string) {
  const [command, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? [
    "xdg-open",
  ];
  if (command === undefined) return;
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
