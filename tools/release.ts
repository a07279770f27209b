/**
 * `npm run release`: builds everything that a release contains, in `.release`: two npm packages, the plugin's archives, its schema,
 * an SBOM, release notes and checksums. It publishes nothing. With `--check`, it builds twice and fails if the results differ.
 *
 * The packages name the repository that `--repository <url>` gives, or in GitHub Actions the one of the workflow: npm refuses the
 * provenance of a package that names another one, or none. `--folder <path>` builds into another folder, which must be empty.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeArchive } from "./pluginArchive.ts";

const ROOT = resolve(import.meta.dirname, "..");
const PACKAGES = ["provider", "emulator"];
const CHECKSUMS = "SHA256SUMS";

/** Where Pulumi runs, in its own names. The plugin is the same everywhere: Node runs it. */
const PLATFORMS = ["darwin", "linux", "windows"].flatMap((system) => [`${system}-amd64`, `${system}-arm64`]);

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    repository: { type: "string" },
    folder: { type: "string" },
  },
});
const repository = findRepository(values.repository, process.env);

if (values.check) {
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), "pulumi-ion-release-")));
  try {
    const [first, second] = folders.map((folder) => build(folder));
    if (first !== second) throw new Error(`Two builds differ:\n${first}\n${second}`);
    console.log(`${first}\nTwo builds are equal. Nothing was published.`);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
} else {
  const folder = resolve(values.folder ?? join(ROOT, ".release"));
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty.`);
  console.log(`${build(folder)}\nBuilt in ${folder}. Nothing was published.`);
}
console.log(
  repository === undefined
    ? "These packages cannot be published: they name no repository. Add --repository <url>, or build in GitHub Actions."
    : `The packages name the repository ${repository}.`,
);

/** The repository's URL, if it is known. @throws Error if it is not one */
function findRepository(given: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = env;
  const text = given ?? (server && name ? `${server}/${name}` : undefined);
  if (text === undefined) return undefined;
  const [, url] = /^(https:\/\/[\w.-]+(?::\d+)?\/[\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(text) ?? [];
  if (url !== undefined) return url;
  throw new Error("--repository must be a URL such as https://github.com/<owner>/<repository>.");
}

/** Copies a package's folder, and names the repository in the copy. */
function copyPackage(name: string, parent: string): string {
  const copy = join(parent, name);
  cpSync(join(ROOT, name), copy, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  if (repository === undefined) return copy;
  editJson(join(copy, "package.json"), linksOf(name, repository));
  const server = downloadUrlOf(repository);
  if (name !== "provider" || server === undefined) return copy;
  editJson(join(copy, "bin/plugin/schema.json"), { pluginDownloadURL: server });
  for (const file of globSync("sdk/**/pulumi-plugin.json", { cwd: copy })) editJson(join(copy, file), { server });
  return copy;
}

/** Adds fields to a JSON file. */
function editJson(file: string, fields: object) {
  const content = { ...JSON.parse(readFileSync(file, "utf8")), ...fields };
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Where Pulumi downloads the plugin's archives from: the releases of a repository on GitHub. */
function downloadUrlOf(url: string): string | undefined {
  const [, path] = /^https:\/\/github\.com\/(.+)$/.exec(url) ?? [];
  return path && `github://api.github.com/${path}`;
}

/** What a package says about its repository, in the form that npm itself writes. */
function linksOf(directory: string, url: string) {
  return {
    homepage: `${url}/tree/HEAD/${directory}#readme`,
    bugs: { url: `${url}/issues` },
    repository: { type: "git", url: `git+${url}.git`, directory },
  };
}

/** Builds a release into an empty folder. Returns its checksums. */
function build(folder: string): string {
  const version = versionOf("provider");
  if (versionOf("emulator") !== version) throw new Error("The two packages have different versions.");
  const copies = mkdtempSync(join(tmpdir(), "pulumi-ion-pack-"));
  try {
    for (const name of PACKAGES) {
      npm("pack", copyPackage(name, copies), "--ignore-scripts", "--pack-destination", folder);
    }
    writePlugin(join(copies, "provider"), version, folder);
  } finally {
    rmSync(copies, { recursive: true });
  }
  writeFileSync(join(folder, `pulumi-ion-${version}-sbom.json`), sbom(version));
  writeFileSync(join(folder, "notes.md"), notesFor(version));
  const sums = readdirSync(folder)
    .sort()
    .map((name) => `${sha256(join(folder, name))}  ${name}\n`)
    .join("");
  writeFileSync(join(folder, CHECKSUMS), sums);
  return sums;
}

/** Writes the plugin's archives and its schema. */
function writePlugin(provider: string, version: string, folder: string) {
  copyFileSync(join(provider, "bin/plugin/schema.json"), join(folder, `pulumi-ion-${version}-schema.json`));
  const [archive = "", ...others] = PLATFORMS.map((platform) =>
    join(folder, `pulumi-resource-ion-v${version}-${platform}.tar.gz`),
  );
  writeArchive(archive, provider);
  for (const other of others) copyFileSync(archive, other);
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as { version: string }).version;
}

/** The packages that a release depends on. */
function sbom(version: string): string {
  const options = ["--sbom-format", "cyclonedx", "--package-lock-only"];
  const folder = join(mkdtempSync(join(tmpdir(), "pulumi-ion-sbom-")), "pulumi-ion");
  mkdirSync(folder);
  try {
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Packages };
    const { provider, emulator, ...others } = released(packages);
    const installed = { "node_modules/pulumi-ion": provider, "node_modules/ion-emulator": emulator, ...others };
    const lock = { ...project(version), lockfileVersion: 3, requires: true };
    writeFileSync(join(folder, "package.json"), JSON.stringify(project(version)));
    const lockfile = { ...lock, packages: { "": project(version), ...installed } };
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lockfile));
    return reproducible(npmIn(folder, "sbom", ...options));
  } finally {
    rmSync(dirname(folder), { recursive: true });
  }
}

interface Entry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: object;
}
type Packages = Readonly<Record<string, Entry | undefined>>;

/** What the released packages install, from the lockfile: the rest serves development only. */
function released(packages: Packages): Packages {
  const found = new Map<string, Entry>();
  const add = (place: string) => {
    const entry = packages[place];
    if (!entry || found.has(place)) return;
    // Peers are the user's own.
    const { peerDependencies: _peers, ...own } = entry;
    found.set(place, own);
    for (const name of Object.keys(entry.dependencies ?? {})) add(placeOf(name, place));
  };
  /** Where Node finds a package from the folder of another one. */
  const placeOf = (name: string, from: string): string => {
    const place = `${from && `${from}/`}node_modules/${name}`;
    if (from === "" || packages[place]) return place;
    return placeOf(name, from.includes("/node_modules/") ? from.slice(0, from.lastIndexOf("/node_modules/")) : "");
  };
  for (const name of PACKAGES) add(name);
  return Object.fromEntries(found);
}

/** A manifest that installs what is released. npm needs a version. */
function project(version: string): object {
  return { name: "pulumi-ion", version, dependencies: { "pulumi-ion": version, "ion-emulator": version } };
}

/** An SBOM without its random number and its time. */
function reproducible(text: string): string {
  const {
    serialNumber: _serial,
    metadata,
    ...rest
  } = JSON.parse(text) as {
    serialNumber?: string;
    metadata?: Record<string, unknown>;
  };
  const { timestamp: _timestamp, ...others } = metadata ?? {};
  return `${JSON.stringify({ ...rest, metadata: others }, undefined, 2)}\n`;
}

/** What the changelogs of both packages say about a version. */
function notesFor(version: string): string {
  return PACKAGES.map((folder) => {
    const [title, ...sections] = readFileSync(join(ROOT, folder, "CHANGELOG.md"), "utf8").split(/^## /m);
    const section = sections.find((one) => one.startsWith(`${version}\n`));
    if (title === undefined || section === undefined)
      throw new Error(`${folder}/CHANGELOG.md has no section for ${version}.`);
    return `#${title.trim()}\n\n${section.slice(version.length).trim()}\n`;
  }).join("\n");
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function npm(...args: string[]): string {
  return npmIn(ROOT, ...args);
}

function npmIn(cwd: string, ...args: string[]): string {
  return execFileSync("npm", [...args, "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    shell: process.platform === "win32",
  });
}
