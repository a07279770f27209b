/** Where an error is explained: a section of docs/troubleshooting.md. The build puts a copy into the package and into the plugin. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { escapeLine } from "../model/text.ts";
import { appendHelp, sectionFor } from "../model/troubleshooting.ts";
import { type IonError, isAlreadyPrinted } from "./errors.ts";

/** The page, seen from dist/ion/ of the package and from the chunks of the bundled plugin. */
const PAGE = "../troubleshooting.md";

/** The section about a message, with the path of the page on this machine: in the package, or in the plugin's folder. */
export function helpFor(message: string, folder = __dirname): string | undefined {
  const section = sectionFor(message);
  if (section === undefined) return undefined;
  const page = join(folder, PAGE);
  return existsSync(page) ? `${escapeLine(page)}#${section}` : undefined;
}

/** What this process has referred to. Pulumi prints the error of each resource. */
const named = new Set<string>();

/** The same as {@link helpFor}, once in this process for each section. */
function helpOnce(message: string): string | undefined {
  const help = helpFor(message);
  if (help === undefined || named.has(help)) return undefined;
  named.add(help);
  return help;
}

/** An error that refers to its section, if it has one and this process has not referred to it yet. */
export function withHelp(error: IonError): IonError {
  if (error.help !== undefined || isAlreadyPrinted(error)) return error;
  const help = helpOnce(error.message);
  return help === undefined ? error : error.with({ help });
}

/** The same for a text: a warning, or why an input is invalid. */
export function textWithHelp(text: string): string {
  return appendHelp(text, helpOnce(text));
}
