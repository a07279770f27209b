/**
 * Run `node tools/lockfile.ts` after a change of dependencies. Adds to package-lock.json the platform-specific binaries
 * that the current registry does not serve: npm omits them, and then `npm ci` fails on those platforms. Their exact
 * version comes from the package that depends on them. They have no checksum.
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
for (const dependent of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(dependent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const words = name.split(/[-/]/);
    const os = SYSTEMS.filter((system) => words.includes(system));
    const cpu = CPUS.filter((kind) => words.includes(kind));
    // Other packages are optional for other reasons, and the registry serves them.
    if (lock.packages[key] || !/^\d/.test(version) || cpu.length === 0) continue;
    lock.packages[key] = {
      version,
      ...(dependent.dev && { dev: true }),
      optional: true,
      ...(os.length > 0 && { os }),
      cpu,
    };
    console.log(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(PATH, `${JSON.stringify(lock, null, 2)}\n`);
