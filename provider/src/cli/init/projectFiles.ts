/** The files of a new project. They are in `template/`: one folder a language, and `common` for all. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { statOf } from "../files.ts";
import { findPackage } from "./package.ts";

/** The languages of `pulumi-ion init`. */
export const LANGUAGES = ["typescript", "yaml", "python"] as const;

/** Texts by path. */
type Files = ReadonlyMap<string, string>;

/** The files of a project with this name. */
export async function projectFiles(language: string, name: string): Promise<Files> {
  const folders = ["common", language].map((folder) => join(findPackage(), "template", folder));
  const files = await Promise.all(folders.map((folder) => filesIn(folder, name)));
  return new Map(files.flat());
}

async function filesIn(folder: string, name: string) {
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
  return Promise.all(texts);
}

/** What a folder has where files would be written: the files, and links or files in place of their folders. */
export function conflictsWith(target: string, files: Files): string[] {
  const conflicts = [...files.keys()].flatMap((path) => {
    const parts = path.split(sep);
    const folders = parts.slice(1).map((_part, at) => parts.slice(0, at + 1).join(sep));
    const blocked = folders.find((folder) => statOf(join(target, folder))?.isDirectory() === false);
    if (blocked !== undefined) return [blocked];
    return statOf(join(target, path)) === undefined ? [] : [path];
  });
  return [...new Set(conflicts)].sort();
}

/** Writes the files. @param requirement what package.json requires of pulumi-ion */
export async function writeProject(target: string, files: Files, requirement: string): Promise<void> {
  for (const [path, text] of files) {
    const file = join(target, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text.replace("__PULUMI_ION__", requirement), { flag: "wx" });
  }
}
