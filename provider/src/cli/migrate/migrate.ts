import { readFile, rename, writeFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { Option } from "commander";
import { IonError } from "../../ion/errors.ts";
import type { Carrier } from "../../model/resourceTypes.ts";
import { escapeText, pluralize } from "../../model/text.ts";
import type { Register } from "../options.ts";
import { quoted } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { migrateState } from "./state.ts";

interface MigrateOptions {
  readonly to: Carrier;
}

/** `pulumi-ion migrate`: a stack that moves between dynamic resources and the provider plugin. */
export const migrate: Register = (program, act) => {
  program
    .command("migrate")
    .argument("<file>", "file that `pulumi stack export --file` wrote; it is changed in place")
    .summary("Move a stack between pulumi-ion and the provider plugin")
    .description(
      "Rewrite an exported stack, so that the provider plugin (pulumi-ion/native, YAML) manages what dynamic resources managed, or " +
        "the other way round. Nothing is sent to ION or to Pulumi.",
    )
    .addOption(
      new Option("--to <engine>", "what the program uses from now on")
        .choices(["plugin", "dynamic"])
        .makeOptionMandatory(),
    )
    .addHelpText("after", HELP)
    .action(act((options: MigrateOptions, terminal, file: string) => run(file, options.to, terminal)));
};

const HELP = `
Exit codes: 0 success, 1 error or invalid arguments; the file is unchanged.

Between \`pulumi stack export --file stack.json\` and \`pulumi stack import --file stack.json\`.

Examples:
  pulumi-ion migrate stack.json --to plugin
  pulumi-ion migrate stack.json --to dynamic`;

async function run(file: string, to: Carrier, terminal: Terminal): Promise<number> {
  const path = resolve(terminal.cwd, file);
  const { state, moved } = migrateState(await readJson(path), to);
  if (moved === 0) {
    terminal.out(
      `Nothing to move: this stack has no ${to === "plugin" ? "dynamic resources of pulumi-ion" : "resources of the provider plugin"}.`,
    );
    return 0;
  }
  // A file that is cut off must never be imported.
  const temporary = `${path}.${process.pid}.new`;
  // Not through a link that somebody else put there: the state may hold secrets.
  await writeFile(temporary, `${JSON.stringify(state, null, 4)}\n`, { mode: 0o600, flag: "wx" });
  await rename(temporary, path);
  const name = quoted(relative(terminal.cwd, path));
  terminal.out(`${pluralize(moved, "resource")} moved in ${name}. Run \`pulumi stack import --file ${name}\`.`);
  return 0;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new IonError("config", `The file ${escapeText(path)} cannot be read.`, {
      hints: ["Write it with `pulumi stack export --file <file>`."],
    });
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new IonError("config", `The file ${escapeText(path)} is not JSON.`);
  }
}
