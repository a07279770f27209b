/** What the lifecycles share to validate inputs. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { describeUnknown } from "../model/text.ts";
import { type Failure, UNKNOWN, type UncheckedInputs } from "./resourceHandler.ts";

/** The input `receiverId`. It has no value if the receiver is new and a partial run does not create it. */
export const receiverIdSchema = z
  .string({
    error: ({ input }) =>
      input === undefined
        ? "has no value. If this run is partial (--target, --exclude), add the webhook receiver to it, or run `pulumi up` for the whole stack"
        : "must be the id of a webhook receiver",
  })
  .min(1, "must not be empty");

/**
 * Validates inputs against a schema. Unknown values pass, and so does what is unchanged since the last run: under
 * `ignoreChanges` it is what ION had, which need not be what a program may declare.
 */
export function inputFailures(schema: z.ZodType, news: UncheckedInputs, olds: UncheckedInputs): Failure[] {
  const parsed = schema.safeParse(news);
  if (parsed.success) return [];
  const isUnchanged = (property: PropertyKey | undefined) =>
    typeof property === "string" && Object.hasOwn(olds, property) && isDeepStrictEqual(news[property], olds[property]);
  return parsed.error.issues
    .filter(({ path }) => !isUnknownAt(news, path) && !isUnchanged(path[0]))
    .map((issue) => {
      return { property: issue.path.join(".") || "inputs", reason: reasonOf(issue) };
    });
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    return describeUnknown(issue.keys);
  }
  const [keyIssue] = issue.code === "invalid_key" ? issue.issues : [];
  return keyIssue?.message ?? issue.message;
}

function isUnknownAt(value: unknown, path: readonly PropertyKey[]): boolean {
  const at = path.reduce((from, key) => (from as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
  return at === UNKNOWN;
}

/** Inputs without the keys that `read` adds to them for the preview: `ignoreChanges` hands them back. */
export function withoutKeys(inputs: UncheckedInputs, keys: readonly string[]): UncheckedInputs {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !keys.includes(key)));
}
