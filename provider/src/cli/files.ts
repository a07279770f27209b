import { lstatSync, type Stats } from "node:fs";

/** What is at a path, which may be a link that leads nowhere; undefined if there is nothing, or no folder on the way. */
export function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
