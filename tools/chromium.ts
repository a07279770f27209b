import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { installPackage } from "./debian.ts";

const SYSTEM_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Starts the Chromium at CHROMIUM_PATH, or the system's. As root on Debian, installs it if there is none.
 * @throws {Error} if no Chromium is found.
 */
export async function startChromium(): Promise<Browser> {
  if (!findChromium()) await installPackage("chromium");
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error(
      "No Chromium was found. Install one (apt-get install chromium), or set CHROMIUM_PATH to the path of its executable.",
    );
  }
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

function findChromium(): string | undefined {
  return process.env.CHROMIUM_PATH ?? SYSTEM_PATHS.find(existsSync);
}
