import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { create } from "tar";

const PROVIDER = resolve(import.meta.dirname, "../provider");

/** Writes the archive that `pulumi plugin install` installs, of a package's folder. The same content makes the same bytes. */
export function writeArchive(file: string, folder = PROVIDER): void {
  const cwd = mkdtempSync(join(tmpdir(), "pulumi-ion-plugin-"));
  try {
    for (const name of ["bin/pulumi-resource-ion", "bin/pulumi-resource-ion.cmd", "LICENSE"]) {
      copyFileSync(join(folder, name), join(cwd, basename(name)));
    }
    cpSync(join(folder, "bin/plugin"), join(cwd, "plugin"), { recursive: true });
    const files = readdirSync(cwd, { recursive: true, encoding: "utf8" }).sort();
    create({ file, cwd, sync: true, gzip: true, portable: true, mtime: new Date(0), noDirRecurse: true }, files);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
