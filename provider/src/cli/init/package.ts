/** How a new project gets this version of pulumi-ion. */
import { constants, existsSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { IonError } from "../../ion/errors.ts";
import { escapeText } from "../../model/text.ts";
import type { Terminal } from "../terminal.ts";
import { runCommand } from "./runCommand.ts";

/** The folder of the package that runs. */
export function findPackage(folder: string = __dirname): string {
  const file = join(folder, "package.json");
  if (existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === "pulumi-ion")
    return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new IonError("config", "The folder of pulumi-ion was not found.");
  return findPackage(parent);
}

/**
 * What the project's package.json requires: this version from the registry if npm installed the package that runs from there,
 * otherwise a tarball inside the project, so that `npm ci` works on every machine. The registry is never asked by name: while
 * the package is not published, that name may be anybody's.
 */
export async function requirementOf(root: string, version: string, target: string, { env }: Terminal): Promise<string> {
  if (isFromRegistry(root)) return `^${version}`;
  // npm would overwrite a file in the project, or write through a link.
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-pack-"));
  try {
    const packed = await runCommand("npm", ["pack", root, "--ignore-scripts", "--loglevel=error", "--json"], {
      cwd: folder,
      env,
      isCaptured: true,
    });
    const [first] = JSON.parse(packed) as readonly { readonly filename?: string }[];
    const name = first?.filename;
    if (!name) throw new IonError("config", `\`npm pack ${escapeText(root)}\` named no file.`);
    await copyFile(join(folder, name), join(target, name), constants.COPYFILE_EXCL).catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === "EEXIST" ? alreadyHas(target, [name]) : error;
    });
    return `file:${name}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The error if a folder has files that the project needs. */
export function alreadyHas(target: string, files: readonly string[]): IonError {
  return new IonError("config", `${escapeText(target)} already has ${files.map(escapeText).join(", ")}.`, {
    hints: ["Choose another folder: `pulumi-ion init` overwrites no file."],
  });
}

/** Whether npm installed a package from a registry, by npm's own record of the folder. */
export function isFromRegistry(root: string): boolean {
  const record = join(dirname(root), ".package-lock.json");
  if (!existsSync(record)) return false;
  const { packages = {} } = JSON.parse(readFileSync(record, "utf8")) as {
    readonly packages?: Readonly<Record<string, { readonly resolved?: string } | undefined>>;
  };
  return /^https:/.test(packages["node_modules/pulumi-ion"]?.resolved ?? "");
}
