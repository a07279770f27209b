// The temporary folder in which a run builds an engine, next to the final one. Each run has its own. The folder names its
// owner, so that another run can wait for it, or remove it if the owner has exited.

import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";

const prefix = ".engine-";
const heartbeat = 5_000;
/** Milliseconds without a heartbeat after which no run waits for the owner (suspended, or its process id reused). */
const silent = 60_000;
/** Milliseconds without a heartbeat after which a folder is removed, even if its owner cannot be checked. */
const abandoned = 3_600_000;

interface Owner {
  pid: number;
  machine: string;
  /** Milliseconds since the Unix epoch. */
  startedAt: number;
}

/** The temporary folder of a run. */
export interface BuildDirectory {
  folder: string;
  /** Removes the folder with its content. */
  remove(): void;
}

/** Creates a temporary folder in `versions` and keeps it marked as in use. */
export function createBuildDirectory(versions: string): BuildDirectory {
  mkdirSync(versions, { recursive: true });
  const folder = mkdtempSync(join(versions, prefix));
  const owner: Owner = { pid: process.pid, machine: thisMachine(), startedAt: Date.now() };
  const file = join(folder, "owner.json");
  writeFileSync(file, JSON.stringify(owner));
  const timer = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // Another run has removed the folder. The step that needs it will fail.
    }
  }, heartbeat);
  timer.unref();
  return {
    folder,
    remove() {
      clearInterval(timer);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Removes the folders of killed runs from `versions`. */
export function removeAbandoned(versions: string): void {
  for (const { folder, owner, age } of buildDirectoriesIn(versions)) {
    if (age < abandoned && !(owner !== undefined && hasExited(owner))) continue;
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another run is removing it, too.
    }
  }
}

/** Finds the process id of a running run that started before this one. */
export function findEarlierRun(versions: string, own: BuildDirectory): number | undefined {
  const all = buildDirectoriesIn(versions);
  const name = basename(own.folder);
  const startedAt = all.find((directory) => directory.name === name)?.owner?.startedAt ?? Number.POSITIVE_INFINITY;
  return all.find(
    ({ name: other, owner, age }) =>
      owner !== undefined &&
      age < silent &&
      !hasExited(owner) &&
      (owner.startedAt < startedAt || (owner.startedAt === startedAt && other < name)),
  )?.owner?.pid;
}

/**
 * Moves a finished folder to its target with one atomic rename. If the target exists, keeps it if it is valid, and
 * otherwise moves it to the build directory first.
 */
export async function install(
  finished: string,
  target: string,
  buildDirectory: BuildDirectory,
  isValid: () => Promise<boolean>,
): Promise<"installed" | "exists"> {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(finished, target);
      return "installed";
    } catch (error) {
      if (attempt > 3 || lstatSync(target, { throwIfNoEntry: false }) === undefined) throw error;
    }
    if (await isValid()) return "exists";
    try {
      renameSync(target, join(buildDirectory.folder, `broken-${attempt}`));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

interface Found {
  folder: string;
  name: string;
  owner: Owner | undefined;
  /** Milliseconds since the last heartbeat. */
  age: number;
}

function buildDirectoriesIn(versions: string): Found[] {
  let names: string[];
  try {
    names = readdirSync(versions).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
  const found: Found[] = [];
  for (const name of names) {
    const folder = join(versions, name);
    try {
      const file = join(folder, "owner.json");
      const owner = parseOwner(file);
      found.push({ folder, name, owner, age: Date.now() - statSync(owner === undefined ? folder : file).mtimeMs });
    } catch {
      // Removed in the meantime.
    }
  }
  return found;
}

function parseOwner(file: string): Owner | undefined {
  try {
    const { pid, machine, startedAt } = JSON.parse(readFileSync(file, "utf8"));
    if (Number.isInteger(pid) && typeof machine === "string" && typeof startedAt === "number") {
      return { pid, machine, startedAt };
    }
  } catch {
    // Not written yet, or only in part.
  }
  return undefined;
}

/** Whether the owner is known to have exited. Always false for another machine. */
function hasExited(owner: Owner): boolean {
  if (owner.machine !== thisMachine()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Identifies the process id namespace: containers that share a home folder may share a host name as well. */
function thisMachine(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
