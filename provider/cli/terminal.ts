import { styleText } from "node:util";

/** How a piece of text looks where the terminal has colours. */
export type Style = Parameters<typeof styleText>[0];

/** Where a command runs and whom it speaks to. */
export interface Terminal {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Characters a line. */
  readonly columns: number;
  /** Prints lines for who asked. */
  out(text: string): void;
  /** Prints lines beside the answer: failures and warnings. */
  err(text: string): void;
  /** Colours a text for {@link Terminal.out}, where it is to have colours (NO_COLOR, no terminal: none). */
  paint(style: Style, text: string): string;
  /** Settles when the person has had enough (Ctrl-C). */
  interrupted(): Promise<void>;
}

/** The terminal that this process was started in. */
export function processTerminal(): Terminal {
  // `pulumi-ion status | head` ends the reader early, and that is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  return {
    cwd: process.cwd(),
    env: process.env,
    columns: process.stdout.columns ?? 100,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
    interrupted: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      }),
  };
}

/**
 * A text of somebody else's, fit to print: what would move the cursor, begin a line or turn the writing direction is
 * shown as an escape.
 */
export function escapeText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Waits, and says so where it takes long: ION is asked again and again before it counts as not there. */
export async function withSlowNotice<T>(answer: Promise<T>, terminal: Terminal, milliseconds = 4000): Promise<T> {
  const words = "pulumi-ion: ION takes its time, or is not there; still trying (Ctrl-C ends it).";
  const timer = setTimeout(() => terminal.err(words), milliseconds);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/** A receiver as a person finds it in ION. */
export const formatReceiver = (name: string, id: string) => `"${escapeText(name)}" (id ${escapeText(id)})`;

/** "1 receiver", "3 receivers". */
export const pluralize = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Breaks a list, or the words of a sentence, into lines that fit. */
export function wrap(words: readonly string[], columns: number, indent = "", separator = ", "): string {
  const lines = [indent];
  words.forEach((word, at) => {
    const piece = at < words.length - 1 ? word + separator : word;
    const line = lines.at(-1) ?? "";
    if (line.length > indent.length && line.length + piece.trimEnd().length > columns) lines.push(indent + piece);
    else lines[lines.length - 1] = line + piece;
  });
  return lines.map((line) => line.trimEnd()).join("\n");
}
