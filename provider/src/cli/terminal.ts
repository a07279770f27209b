import { styleText } from "node:util";

/** How a piece of text looks if the terminal has colors. */
export type Style = Parameters<typeof styleText>[0];

/** Where a command runs and prints. */
export interface Terminal {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Characters per line. */
  readonly columns: number;
  /** Prints to standard output: the answer. */
  out(text: string): void;
  /** Prints to standard error: failures and warnings. */
  err(text: string): void;
  /** Colors text for {@link Terminal.out}, unless NO_COLOR is set or it is no terminal. */
  paint(style: Style, text: string): string;
  /** Asks the person at the terminal; undefined if there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Shows a line that the next one replaces, and an empty one removes; undefined if standard error is no terminal. */
  readonly progress?: (line: string) => void;
  /** Resolves when the user presses Ctrl-C. */
  interrupted(): Promise<void>;
}

/** The terminal that this process was started in. */
export function processTerminal(): Terminal {
  // `pulumi-ion status | head` closes the pipe early, and that is no failure.
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
    ...(process.stdin.isTTY && process.stdout.isTTY && { ask }),
    // "\r" and "erase the line" are in every terminal that Node supports, and in CI standard error is none.
    ...(process.stderr.isTTY && { progress: (line) => void process.stderr.write(`\r\u001b[2K${line}`) }),
    interrupted: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      }),
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const readline = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await readline.question(question);
  } finally {
    readline.close();
  }
}

/**
 * Waits for ION, and prints a notice if that takes long, because requests are retried.
 *
 * @param milliseconds until the notice. @default 4000
 */
export async function withSlowNotice<T>(answer: Promise<T>, terminal: Terminal, milliseconds = 4000): Promise<T> {
  const notice = "pulumi-ion: No answer from ION yet; retrying (press Ctrl-C to stop).";
  const timer = setTimeout(() => terminal.err(notice), milliseconds);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

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
