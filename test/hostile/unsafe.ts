/** Finds what must not be in an output. Shares no code with the escaping and the redaction that it checks. */

/** What a terminal acts on or does not show. Line breaks separate the lines of our own output. */
const UNSAFE = /[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A command to a CI runner, as the runners of GitHub and Azure read it: they ignore spaces before it. */
const COMMAND = /^\s*::|##\[|##vso\[/;

/** The annotations that `--github` prints. */
const ANNOTATION = /^::(error|warning|notice) title=[^:,]+::/;

/** Length of a piece of a secret that counts as the secret. */
const PIECE = 8;

/** What is wrong with an output; never a secret itself. */
export function unsafeIn(output: string, secrets: readonly string[] = [], { annotations = false } = {}): string[] {
  const lines = output.split("\n").map((line) => (annotations ? line.replace(ANNOTATION, "annotation ") : line));
  const pieces = secrets.flatMap((secret) =>
    Array.from({ length: Math.max(1, secret.length - PIECE + 1) }, (_, at) => secret.slice(at, at + PIECE)),
  );
  return [
    ...lines.filter((line) => UNSAFE.test(line)).map((line) => `unsafe characters: ${JSON.stringify(line)}`),
    ...lines.filter((line) => COMMAND.test(line)).map((line) => `a command: ${JSON.stringify(line)}`),
    ...lines
      .filter((line) => pieces.some((piece) => line.includes(piece)))
      .map((line) => `a secret: ${JSON.stringify(line)}`),
  ];
}

/** Text that attacks whoever prints it. */
export const EVIL =
  "x\n::set-output name=a::b\r\n::error::injected\n##[add-mask]y ::warning::z ##vso[task.setvariable]v " +
  "\u001b[31mred\u001b]0;title\u0007\u009b2J\u0085\u202eexe\u2066\u2028\u2029\u200b\u{e0041}\u115f\ufe0f\ud83d`|<b>[l](u)$(id)";
