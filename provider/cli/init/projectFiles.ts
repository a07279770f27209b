/** The files of a new project. They are in `template/`, one folder a language. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findPackage } from "./package.ts";

/** Texts by path. */
type Files = ReadonlyMap<string, string>;

/** The files of a project with this name. */
export async function projectFiles(language: string, name: string): Promise<Files> {
  const folder = join(findPackage(), "template", language);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, "utf8");
      // npm packs no file named .gitignore.
      const to = path.slice(folder.length + 1).replace(/^gitignore$/, ".gitignore");
      return [to, text.replaceAll("__PROJECT__", name)] as const;
    });
  return new Map(await Promise.all(texts));
}

/** The files that a folder already has. */
export const conflictsWith = (target: string, files: Files): string[] =>
  [...files.keys()].filter((path) => existsSync(join(target, path))).sort();

/** Writes the files. @param requirement what package.json requires of pulumi-ion */
export async function writeProject(target: string, files: Files, requirement: string): Promise<void> {
  for (const [path, text] of files) {
    const file = join(target, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text.replace("__PULUMI_ION__", requirement), { flag: "wx" });
  }
}
