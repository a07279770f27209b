/**
 * `node tools/lockfile.ts`, after a change of dependencies: puts into package-lock.json the binaries for platforms that
 * the registry at hand does not serve. npm leaves them out there, and `npm ci` then refuses the lockfile everywhere.
 * They get their exact version, off the package that asks for them, and no checksum.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Package {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

const PATH = "package-lock.json";
const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const CPUS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

const lock = JSON.parse(readFileSync(PATH, "utf8")) as { packages: Record<string, Package> };
for (const asking of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(asking.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const words = name.split(/[-/]/);
    const os = SYSTEMS.filter((system) => words.includes(system));
    const cpu = CPUS.filter((kind) => words.includes(kind));
    // Others are optional for reasons of their own, and are for the registry to serve.
    if (lock.packages[key] || !/^\d/.test(version) || cpu.length === 0) continue;
    lock.packages[key] = {
      version,
      ...(asking.dev && { dev: true }),
      optional: true,
      ...(os.length > 0 && { os }),
      cpu,
    };
    console.log(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)));
writeFileSync(PATH, `${JSON.stringify(lock, null, 2)}\n`);
