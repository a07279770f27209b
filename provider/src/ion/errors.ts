import { escapeLines } from "../model/text.ts";
import { appendHelp } from "../model/troubleshooting.ts";

/** What went wrong, as far as a caller has to distinguish. */
export type IonErrorKind =
  | "config" // a setting is missing or wrong
  | "auth" // the key or token was not accepted
  | "permission" // the key may not do this
  | "notFound" // the object does not exist, or is not visible
  | "conflict" // the object was changed at the same time (etag)
  | "invalid" // ION rejects a value
  | "refused" // ION rejects the whole document and ran none of it
  | "unsupported" // ION's schema lacks a name that this needs
  | "rateLimited" // ION asks to wait
  | "unreachable" // the request did not reach ION
  | "unknownOutcome" // the request was sent and its answer lost: it may have been applied
  | "unexpectedAnswer" // the answer does not match ION's schema
  | "elsewhere" // the resource belongs to another ION environment
  | "ambiguous"; // several objects match, or the one that matches must not be adopted without asking

/** What else an error says. */
export interface IonErrorDetails {
  /** More sentences about what happened, such as what ION answered. */
  readonly detail?: string | undefined;
  /** What to do, each a sentence. */
  readonly hints?: readonly string[] | undefined;
  /** Seconds that ION asked to wait (Retry-After). */
  readonly retryAfter?: number | undefined;
  /** Where it is explained: the path and the section of a page. It is on the last line of the message. */
  readonly help?: string | undefined;
}

/**
 * An error for the person at the terminal. It never holds a request, variables, a header, a token or a body, and it prints
 * without a stack.
 */
export class IonError extends Error {
  readonly kind: IonErrorKind;
  /** What failed, on which object: one sentence, with its full stop. */
  readonly summary: string;
  readonly detail: string | undefined;
  readonly hints: readonly string[];
  readonly retryAfter: number | undefined;
  readonly help: string | undefined;

  constructor(kind: IonErrorKind, summary: string, { detail, hints = [], retryAfter, help }: IonErrorDetails = {}) {
    const text = [summary, detail, ...hints].filter(Boolean).join(" ");
    super(escapeLines(appendHelp(text, help)));
    this.name = "IonError";
    this.kind = kind;
    this.summary = summary;
    this.detail = detail;
    this.hints = hints;
    this.retryAfter = retryAfter;
    this.help = help;
    // Pulumi's dynamic provider prints `${error}: ${error.stack}`: a stack would bury the message.
    this.stack = this.message;
  }

  /** The same error with other parts. */
  with({
    kind = this.kind,
    summary = this.summary,
    ...details
  }: Partial<IonErrorDetails & Pick<IonError, "kind" | "summary">>): IonError {
    const { detail, hints, retryAfter, help } = this;
    return new IonError(kind, summary, { detail, hints, retryAfter, help, ...details });
  }

  /** The same error with more to say. */
  add({ detail, hints = [] }: Pick<IonErrorDetails, "detail" | "hints">): IonError {
    const details = [this.detail, detail].filter((one) => one !== undefined);
    return this.with({ detail: details.length > 0 ? details.join(" ") : undefined, hints: [...this.hints, ...hints] });
  }

  override toString(): string {
    return "pulumi-ion";
  }
}

/** Ends a text from outside with a full stop, so that another sentence can follow. */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** The hint of an error that was already printed in full. */
const SEE_FIRST_ERROR = "See the first error for details.";

/** The same error, after it was printed in full. */
export const alreadyPrinted = ({ kind, summary }: IonError): IonError =>
  new IonError(kind, summary, { hints: [SEE_FIRST_ERROR] });

/** Whether an error was already printed in full, for another resource. */
export const isAlreadyPrinted = ({ hints }: IonError): boolean => hints.includes(SEE_FIRST_ERROR);

/** Whether an error is an IonError, also if two copies of this package are loaded. */
export function isIonError(error: unknown): error is IonError {
  return error instanceof Error && error.name === "IonError";
}

/** Whether an object changed, or was deleted, since it was read. */
export const isStale = ({ kind }: IonError): boolean => kind === "conflict" || kind === "notFound";

/** Describes an unexpected error by its type and place. Its message may repeat a secret, as those of JSON.parse do. */
export function describeBug(error: unknown): string {
  const { name = "unknown", stack = "" } = error instanceof Error ? error : {};
  const [place] = stack.split("\n").flatMap((line) => {
    const end = line.startsWith("    at ") ? (line.split(/[/\\ (]/).at(-1) ?? "") : "";
    return /^([\w.-]{1,100}\.[cm]?[jt]s:\d+):\d+\)?$/.exec(end)?.[1] ?? [];
  });
  return `failed unexpectedly (${place ? `${name} at ${place}` : name}). Please report this bug.`;
}
