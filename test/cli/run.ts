import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { main } from "../../provider/src/cli/main.ts";
import { connectionTo } from "../support/support.ts";

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Where a command runs. */
export interface Place {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly columns?: number;
  /** Marks colored text, such as `<red>…</red>`. */
  readonly colors?: boolean;
}

/** Environment variables that name an emulator. */
export function envOf(emulator: Emulator): NodeJS.ProcessEnv {
  const { endpoint, authUrl, clientId, clientSecret } = connectionTo(emulator);
  return { ION_API_URI: endpoint, ION_AUTH_SERVER: authUrl, ION_CLIENT_ID: clientId, ION_CLIENT_SECRET: clientSecret };
}

/** A temporary folder without a Pulumi project above it. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "pulumi-ion-cli-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Runs a command in this process. */
export async function cli(args: readonly string[], place: Place = {}): Promise<Ran> {
  const { colors = false, columns = 100 } = place;
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(
    args,
    {
      cwd: place.cwd ?? tmpdir(),
      env: place.env ?? {},
      columns,
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      paint: (style, text) => (colors ? `<${style}>${text}</${style}>` : text),
      interrupted: () => Promise.resolve(),
    },
    "1.2.3",
  );
  return { code, out: out.join("\n"), err: err.join("\n") };
}
