import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Emulator } from "../../emulator/index.ts";
import type { Declarations } from "../../provider/src/cli/stackState.ts";
import { configOf } from "../support/support.ts";
import { TYPE_PREFIX, urnOf } from "./declare.ts";
import { folder, type Place } from "./run.ts";

/** A stack: the ION environment that its config names, and what its state declares there. */
export interface StackFixture {
  readonly emulator: Emulator;
  readonly declarations: Declarations;
  /** The same for a named connection. */
  readonly other?: { readonly connection: string; readonly emulator: Emulator; readonly declarations: Declarations };
}

/** Answers like `pulumi` for stacks in files; "dev" is the selected one. stacks.test.ts uses the real one. */
const PULUMI = `#!/bin/sh
next=""
for arg in "$@"; do
  if [ "$next" = stack ]; then stack="$arg"; fi
  case "$arg" in --stack) next=stack ;; *) next="" ;; esac
done
case "$1 $2" in
  "stack ls")
    list=""
    for config in *.config.json; do
      name="\${config%.config.json}"
      current=false; if [ "$name" = dev ]; then current=true; fi
      list="$list\${list:+, }{\\"name\\": \\"$name\\", \\"current\\": $current}"
    done
    echo "[$list]"; exit 0 ;;
  "stack export") file="$stack.state.json" ;;
  "config "*) file="$stack.config.json" ;;
esac
if [ ! -f "$file" ]; then echo "error: no stack named '$stack' found" >&2; exit 255; fi
case " $* " in *" --show-secrets "*) cat "$file" ;; *) echo "[secret]" ;; esac
`;

/** A folder with a Pulumi project and its stacks. */
export async function projectWith(stacks: Readonly<Record<string, StackFixture>>) {
  const place = await projectRunning(PULUMI);
  for (const [name, { emulator, declarations, other }] of Object.entries(stacks)) {
    const values = { ...configOf(emulator), ...(other && configOf(other.emulator, `ion-${other.connection}`)) };
    const config = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, { value, secret: key.endsWith(":clientSecret") }]),
    );
    const resources = [
      ...resourcesIn(emulator, declarations),
      ...(other ? resourcesIn(other.emulator, other.declarations, other.connection) : []),
    ];
    await writeFile(join(place.cwd, `${name}.config.json`), JSON.stringify(config));
    await writeFile(join(place.cwd, `${name}.state.json`), JSON.stringify({ version: 3, deployment: { resources } }));
  }
  return place;
}

/** A folder with a Pulumi project whose own `pulumi` is a shell script. */
export async function projectRunning(script: string): Promise<Required<Pick<Place, "cwd" | "env">>> {
  const cwd = await folder();
  const bin = join(cwd, "node_modules/.bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(cwd, "Pulumi.yaml"), "name: test\nruntime: nodejs\n");
  await writeFile(join(bin, "pulumi"), script, { mode: 0o755 });
  return { cwd, env: { PATH: process.env.PATH } };
}

function resourcesIn(
  { graphqlUrl: ionEndpoint }: Emulator,
  { receivers, subscriptions, unmanagedPolicies }: Declarations,
  connection?: string,
) {
  const resource = (type: string, urn: string, id: string, outputs: object) => {
    return { type: TYPE_PREFIX + type, urn, id, outputs: { ...outputs, ionEndpoint, connection } };
  };
  return [
    ...receivers.map(({ urn, id, state }) => resource("WebhookReceiver", urn, id, state)),
    ...subscriptions.map(({ urn, id, ...outputs }) => resource("WebhookSubscription", urn, id, outputs)),
    ...[...unmanagedPolicies].map((receiverId) => {
      const urn = urnOf("UnmanagedSubscriptions", receiverId);
      return resource("UnmanagedSubscriptions", urn, `unmanaged-${receiverId}`, { receiverId });
    }),
    { urn: "urn:pulumi:test::project::pulumi:pulumi:Stack::project-test", type: "pulumi:pulumi:Stack" },
  ];
}
