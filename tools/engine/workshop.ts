// The temporary folder that an engine is made in, beside its final place, and what keeps several runs apart.
// Each run has its own. The folder also says whose it is, so that a later run waits for it or clears it away.

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
/** Milliseconds without a heartbeat after which a run is not waited for any more (suspended, or its process id reused). */
const silent = 60_000;
/** Milliseconds without a heartbeat after which a folder is nobody's, even if its process cannot be looked up. */
const abandoned = 3_600_000;

interface Owner {
  pid: number;
  machine: string;
  /** Milliseconds since 1970. */
  startedAt: number;
}

/** A run's own temporary folder. */
export interface Workshop {
  folder: string;
  /** Removes the folder with all that is in it. */
  close(): void;
}

/** Makes a temporary folder in `versions` and keeps it marked as in use. */
export function openWorkshop(versions: string): Workshop {
  mkdirSync(versions, { recursive: true });
  const folder = mkdtempSync(join(versions, prefix));
  const owner: Owner = { pid: process.pid, machine: thisMachine(), startedAt: Date.now() };
  const file = join(folder, "owner.json");
  writeFileSync(file, JSON.stringify(owner));
  const timer = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // another run took the folder for abandoned; the step that needs it will say so
    }
  }, heartbeat);
  timer.unref();
  return {
    folder,
    close() {
      clearInterval(timer);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Removes what runs that were killed have left in `versions`. */
export function sweep(versions: string): void {
  for (const { folder, owner, age } of workshopsIn(versions)) {
    if (age < abandoned && !(owner !== undefined && isGone(owner))) continue;
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // another run is removing it too
    }
  }
}

/** The process id of a living run that started before the one with this workshop; undefined when there is none. */
export function runBefore(versions: string, mine: Workshop): number | undefined {
  const all = workshopsIn(versions);
  const name = basename(mine.folder);
  const startedAt = all.find((one) => one.name === name)?.owner?.startedAt ?? Number.POSITIVE_INFINITY;
  return all.find(
    ({ name: other, owner, age }) =>
      owner !== undefined &&
      age < silent &&
      !isGone(owner) &&
      (owner.startedAt < startedAt || (owner.startedAt === startedAt && other < name)),
  )?.owner?.pid;
}

/**
 * Moves a finished folder to its place by one rename. Where the place is taken, keeps what is there if that is valid,
 * and otherwise moves it aside into the workshop first.
 */
export async function place(
  made: string,
  target: string,
  workshop: Workshop,
  isValid: () => Promise<boolean>,
): Promise<"placed" | "taken"> {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(made, target);
      return "placed";
    } catch (error) {
      if (attempt > 3 || lstatSync(target, { throwIfNoEntry: false }) === undefined) throw error;
    }
    if (await isValid()) return "taken";
    try {
      renameSync(target, join(workshop.folder, `broken-${attempt}`));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

interface Found {
  folder: string;
  name: string;
  owner: Owner | undefined;
  /** Milliseconds since its last heartbeat. */
  age: number;
}

function workshopsIn(versions: string): Found[] {
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
      // removed a moment ago
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
    // not written yet, or only half
  }
  return undefined;
}

/** Known to have ended; a process of another machine never is. */
function isGone(owner: Owner): boolean {
  if (owner.machine !== thisMachine()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Where process ids mean the same: containers that share a home folder may share the host's name as well. */
function thisMachine(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
