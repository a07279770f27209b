/** What GitHub Actions reads: annotations on standard output, and a job summary. */
import { appendFile } from "node:fs/promises";
import { escapeLines } from "../../model/text.ts";

/** A workflow command. Its message may hold anything (GitHub's "Workflow commands for GitHub Actions"). */
export function annotation(level: "error" | "warning" | "notice", title: string, message: string): string {
  return `::${level} title=${property(title)}::${data(message)}`;
}

const data = (text: string) => escapeLines(text).replaceAll("%", "%25").replaceAll("\n", "%0A");
const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Text for Markdown, with all of Markdown and HTML escaped. */
export const markdown = (text: string) =>
  escapeLines(text)
    .replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "")
    .replace(/[\\`*_{}[\]()#+!|~@:-]/g, "\\$&")
    .replace(/\n+/g, " ");

/** Adds to the job summary, if there is one. */
export async function addToSummary(env: NodeJS.ProcessEnv, text: string): Promise<void> {
  if (env.GITHUB_STEP_SUMMARY) await appendFile(env.GITHUB_STEP_SUMMARY, `${text}\n`);
}
