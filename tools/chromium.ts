import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);
const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Starts a Chromium: that of CHROMIUM_PATH, or the system's; root on Debian gets it installed if there is none.
 * @throws {Error} that says what to do if there is none to be had.
 */
export async function startChromium(): Promise<Browser> {
  const root = process.getuid?.() === 0;
  if (!found() && root && existsSync("/etc/debian_version")) {
    // What it says is worth a line only if there is no browser in the end.
    await run("apt-get", ["update"]).catch(() => {});
    await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"]).catch(() => {});
  }
  const executablePath = found();
  if (!executablePath) {
    throw new Error(
      "There is no Chromium. Install one (apt-get install chromium), or set CHROMIUM_PATH to where it is.",
    );
  }
  return chromium.launch({ executablePath, args: root ? ["--no-sandbox"] : [] });
}

function found(): string | undefined {
  return process.env.CHROMIUM_PATH ?? usual.find(existsSync);
}
