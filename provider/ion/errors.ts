/** What went wrong, as far as a caller has to tell one failure from another. */
export type IonErrorKind =
  | "config" // a setting is missing or wrong
  | "auth" // the key or token was not accepted
  | "permission" // the key may not do this
  | "gone" // the object does not exist, or is not visible
  | "conflict" // another writer was first (etag)
  | "invalid" // ION refuses a value
  | "refused" // ION refuses the whole document before running any of it
  | "unsupported" // ION's schema lacks a name that this needs
  | "rateLimited" // 429
  | "unreachable" // never got through to ION
  | "unknownOutcome" // sent, and the answer was lost: it may or may not have happened
  | "unexpectedAnswer" // an answer that does not fit ION's schema
  | "elsewhere" // the resource lives in another ION
  | "ambiguous"; // several objects fit, or one fits and is not ours to take

/**
 * An error for the person at the terminal: what failed, on which object, in ION's own words, and what to do.
 * It never holds a request, variables, a header, a token or a body, and prints without a stack.
 */
export class IonError extends Error {
  readonly kind: IonErrorKind;
  /** Seconds that ION asked to wait (Retry-After), where it did. */
  readonly retryAfter: number | undefined;

  constructor(kind: IonErrorKind, message: string, options: { retryAfter?: number | undefined } = {}) {
    super(escapeControlCharacters(message));
    this.name = "IonError";
    this.kind = kind;
    this.retryAfter = options.retryAfter;
    // Pulumi's dynamic provider prints `${error}: ${error.stack}`: a stack would bury what there is to read.
    this.stack = this.message;
  }

  override toString(): string {
    return "pulumi-ion";
  }
}

/** Leaves no character that a terminal would obey: ION repeats names, and anybody may have given them. */
export const escapeControlCharacters = (text: string) =>
  text.replace(/[^\P{Cc}\n\t]/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What a person who has just changed the config needs to know of Pulumi, to follow an error of kind "auth" or "unreachable". */
export const CONFIG_JUST_CHANGED =
  "If you have just changed this stack's config, add --run-program to the command: without it, Pulumi refreshes and " +
  "destroys with the config of the last `pulumi up`.";

/** Tells an IonError from anything else, also when two copies of this package are loaded. */
export function isIonError(error: unknown): error is IonError {
  return error instanceof Error && error.name === "IonError";
}

/**
 * What to say of an error that is a bug of ours, to follow a name: its kind and where it began. Its message may repeat a
 * value, as those of JSON.parse and Headers do, and that may be a secret.
 */
export function describeBug(error: unknown): string {
  const { name = "unknown", stack = "" } = error instanceof Error ? error : {};
  const [, place] = /^ {4}at [^\n]*?([\w.-]+\.[cm]?[jt]s:\d+):\d+\)?$/m.exec(stack) ?? [];
  return `failed in a way that it should not (${place ? `${name} at ${place}` : name}). Please report this.`;
}

/** ION's words for each kind of failure. ION documents no error codes for GraphQL errors, so this reads the message (inferred). */
const WORDING: ReadonlyArray<readonly [RegExp, IonErrorKind]> = [
  [/\betag\b|out of date|modified by another|\bstale\b/i, "conflict"],
  [/permission|not authori[sz]ed|forbidden|access denied/i, "permission"],
  [/not found|does not exist|no longer exists|could not find/i, "gone"],
  [/rate limit|too many requests/i, "rateLimited"],
];

/** Finds the kind of a GraphQL error by ION's wording; a refused value where nothing else fits. */
export function kindOf(message: string): IonErrorKind {
  return WORDING.find(([pattern]) => pattern.test(message))?.[1] ?? "invalid";
}
