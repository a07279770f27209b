import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);
const SYSTEM_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Starts the Chromium at CHROMIUM_PATH, or the system's. As root on Debian, installs it if there is none.
 * @throws {Error} if no Chromium is found.
 */
export async function startChromium(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  if (!findChromium() && isRoot && existsSync("/etc/debian_version")) {
    // If it fails, the error below says what to do.
    await run("apt-get", ["update"]).catch(() => {});
    await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"]).catch(() => {});
  }
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error(
      "No Chromium was found. Install one (apt-get install chromium), or set CHROMIUM_PATH to the path of its executable.",
    );
  }
  return chromium.launch({ executablePath, args: isRoot ? ["--no-sandbox"] : [] });
}

function findChromium(): string | undefined {
  return process.env.CHROMIUM_PATH ?? SYSTEM_PATHS.find(existsSync);
}
