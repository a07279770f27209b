/** One command for many stacks: the same check for each, a table over all of them, and one exit code. */
import type { Command } from "commander";
import { IonError } from "../ion/errors.ts";
import { escapeText, formatJson, pluralize } from "../model/text.ts";
import { addToSummary, annotation, markdown } from "./drift/github.ts";
import { type Action, guarded, withStack } from "./options.ts";
import { listStacks, type StackOptions } from "./stack.ts";
import type { Style, Terminal } from "./terminal.ts";

/** The options of a command that can check many stacks. */
export interface ManyStacksOptions extends StackOptions {
  readonly allStacks?: true;
  readonly json?: true;
  readonly github?: true;
}

/** Adds the options that choose one stack or many. */
export function withStacks(command: Command): Command {
  return withStack(command).option(
    "--all-stacks",
    "check every stack of the project; for some of them, use a pattern: --stack 'prod-*'",
  );
}

/** The result of a command for one stack. */
interface Row {
  readonly stack: string;
  readonly code: number;
  /** What the command prints with --json: an object, or one with an error. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** Checks that run at the same time: each starts two processes of Pulumi. */
const CONCURRENCY = 4;

/**
 * Makes an action that checks one stack check many, if that is asked for. A stack that cannot be checked is a row.
 *
 * @param summarize one line about the JSON of a stack that could be checked.
 */
export function acrossStacks<Options extends ManyStacksOptions>(
  action: Action<Options>,
  summarize: (result: Row["result"]) => string,
): Action<Options> {
  return async (options, terminal) => {
    const { stack, allStacks } = options;
    const pattern = allStacks ? "*" : typeof stack === "string" && stack.includes("*") ? stack : undefined;
    if (pattern === undefined) return action(options, terminal);
    const all = await listStacks(options, terminal.cwd, terminal.env);
    const stacks = all.filter((name) => matches(name, pattern)).sort();
    if (stacks.length === 0) {
      throw new IonError("config", `No stack of this project matches ${escapeText(pattern)}.`, {
        hints: ["Run `pulumi stack ls` to list the stacks of this project."],
      });
    }
    const { progress } = terminal;
    const rows = await mapConcurrently(
      stacks,
      (name) => checkStack(action, options, name, terminal),
      (done) => progress?.(done < stacks.length ? `${done} of ${pluralize(stacks.length, "stack")}` : ""),
    );
    const code = rows.some((row) => row.code === 1) ? 1 : Math.max(...rows.map((row) => row.code));
    if (options.json) {
      const results = rows.map((row) => ({ ...row.result, stack: row.stack, code: row.code }));
      terminal.out(formatJson({ stacks: results, code }, 2));
    } else await printTable(rows, summarize, options, terminal);
    return code;
  };
}

/** Runs the command for one stack, and reads its JSON. */
async function checkStack<Options extends ManyStacksOptions>(
  action: Action<Options>,
  options: Options,
  stack: string,
  terminal: Terminal,
): Promise<Row> {
  const printed: string[] = [];
  const own: Terminal = {
    ...terminal,
    out: (text) => void printed.push(text),
    err: () => {},
  };
  const { github: _github, allStacks: _all, ...others } = options;
  const code = await guarded(action, { ...others, stack, json: true } as unknown as Options, own);
  return { stack, code, result: JSON.parse(printed.join("\n")) as Row["result"] };
}

const STYLES: Readonly<Record<number, Style>> = { 0: "green", 1: "red" };

async function printTable(
  rows: readonly Row[],
  summarize: (result: Row["result"]) => string,
  options: ManyStacksOptions,
  terminal: Terminal,
): Promise<void> {
  const { out, paint } = terminal;
  const width = Math.max(...rows.map(({ stack }) => escapeText(stack).length));
  const lines = rows.map((row) => ({ ...row, text: errorOf(row) ?? summarize(row.result) }));
  for (const { stack, code, text } of lines) {
    out(`${escapeText(stack).padEnd(width)}  ${paint(STYLES[code] ?? "yellow", text)}`);
  }
  const bad = rows.filter(({ code }) => code !== 0).length;
  const checked = `${pluralize(rows.length, "stack")} checked`;
  out(bad === 0 ? `${checked}, no findings.` : `${checked}, ${bad} with findings. To see them, add --stack <name>.`);
  if (!options.github) return;
  for (const { stack, code, text } of lines) {
    if (code !== 0) out(annotation(code === 1 ? "error" : "warning", "ION webhooks", `${stack}: ${text}`));
  }
  const cells = lines.map(({ stack, text }) => `| ${markdown(stack)} | ${markdown(text)} |`);
  await addToSummary(terminal.env, `### ION webhooks\n\n| stack | result |\n| --- | --- |\n${cells.join("\n")}\n`);
}

function errorOf({ result }: Row): string | undefined {
  const { error } = result as { readonly error?: { readonly summary?: unknown } };
  return error ? escapeText(String(error.summary ?? "failed")) : undefined;
}

/** Whether a name matches a pattern, in which `*` stands for any characters. */
export function matches(name: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Maps a list in its order, with at most {@link CONCURRENCY} running at the same time.
 *
 * @param report called with the number of items that are done, at the start and after each.
 */
export async function mapConcurrently<T, Result>(
  items: readonly T[],
  map: (item: T) => Promise<Result>,
  report: (done: number) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...items.entries()];
  let done = 0;
  report(done);
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      results[next[0]] = await map(next[1]);
      report(++done);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}
