import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Emulator } from "../../emulator/index.ts";
import type { Declared } from "../../provider/cli/stackState.ts";
import { configOf } from "../support/support.ts";
import { folder, type Place } from "./run.ts";

/** A stack as its state has it, on the ION that its config names. */
export interface Kept {
  readonly emulator: Emulator;
  readonly declared: Declared;
  /** What the program calls the connection to another ION, and what it declares there. */
  readonly other?: { readonly connection: string; readonly emulator: Emulator; readonly declared: Declared };
}

/** What answers as `pulumi` does for stacks that are kept in files: test/cli/stacks.test.ts has the real one. */
const PULUMI = `#!/bin/sh
for arg in "$@"; do case "$arg" in --stack=*) stack="\${arg#--stack=}" ;; esac; done
case "$1 $2" in
  "config --json") file="$stack.config.json" ;;
  "stack export") file="$stack.state.json" ;;
  "stack --show-name") echo dev; exit 0 ;;
esac
if [ ! -f "$file" ]; then echo "error: no stack named '$stack' found" >&2; exit 255; fi
case " $* " in *" --show-secrets "*) cat "$file" ;; *) echo "[secret]" ;; esac
`;

/** A folder of a Pulumi project with stacks; "dev" is the selected one. */
export async function projectWith(stacks: Readonly<Record<string, Kept>>): Promise<Place> {
  const { cwd, env } = await projectAsking(PULUMI);
  for (const [name, { emulator, declared, other }] of Object.entries(stacks)) {
    const values = { ...configOf(emulator), ...(other && configOf(other.emulator, `ion-${other.connection}`)) };
    const config = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }]));
    const resources = [...resourcesOf(declared), ...(other ? resourcesOf(other.declared, other.connection) : [])];
    await writeFile(join(cwd, `${name}.config.json`), JSON.stringify(config));
    await writeFile(join(cwd, `${name}.state.json`), JSON.stringify({ version: 3, deployment: { resources } }));
  }
  return { cwd, env };
}

/** A folder of a Pulumi project whose `pulumi` is a shell script. */
export async function projectAsking(script: string) {
  const cwd = await folder();
  const bin = join(cwd, "node_modules/.bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(cwd, "Pulumi.yaml"), "name: test\nruntime: nodejs\n");
  await writeFile(join(bin, "pulumi"), script, { mode: 0o755 });
  return { cwd, env: { PATH: process.env.PATH } };
}

function resourcesOf({ receivers, subscriptions, watched }: Declared, connection?: string) {
  const type = "pulumi-nodejs:dynamic/ion:UnmanagedSubscriptions";
  const place = { ionEndpoint: connection === undefined ? "loopback" : `loopback (${connection})`, connection };
  const placed = (outputs: object) => ({ ...outputs, ...place });
  return [
    ...[...receivers, ...subscriptions].map((one) => ({ ...one, outputs: placed(one.outputs) })),
    ...[...watched].map((receiverId) => ({
      urn: `urn:pulumi:test::project::${type}::${receiverId}`,
      type,
      id: `unmanaged-${receiverId}`,
      outputs: placed({ receiverId }),
    })),
    { urn: "urn:pulumi:test::project::pulumi:pulumi:Stack::project-test", type: "pulumi:pulumi:Stack" },
  ];
}
