/** Commands that people copy into a shell. */
import { escapeLine } from "../model/text.ts";

/** A value in the syntax of a shell; with unsafe characters, in that of Bash and Zsh. */
export function quoted(text: string): string {
  if (/^[\w./@=-][\w./:@=-]*$/.test(text)) return text;
  if (escapeLine(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${escapeLine(text.replace(/[\\']/g, "\\$&"))}'`;
}
