/** What a GraphQL error means: by its code, else by its message. */
import { IonError, type IonErrorKind, sentence } from "./errors.ts";
import type { GraphQLProblem } from "./http/operation.ts";

/** Codes that GraphQL servers use (`extensions.code`). ION documents none, so this is inferred from common servers. */
const BY_CODE: Readonly<Record<string, IonErrorKind>> = {
  THROTTLED: "rateLimited",
  RATE_LIMITED: "rateLimited",
  TOO_MANY_REQUESTS: "rateLimited",
  UNAUTHENTICATED: "auth",
  FORBIDDEN: "permission",
  PERMISSION_DENIED: "permission",
  UNAUTHORIZED: "permission",
  NOT_FOUND: "notFound",
  CONFLICT: "conflict",
  BAD_USER_INPUT: "invalid",
  BAD_REQUEST: "invalid",
  VALIDATION_ERROR: "invalid",
  GRAPHQL_VALIDATION_FAILED: "refused",
  GRAPHQL_PARSE_FAILED: "refused",
  INTERNAL_SERVER_ERROR: "unknownOutcome",
  INTERNAL_ERROR: "unknownOutcome",
  SERVICE_UNAVAILABLE: "unknownOutcome",
  TIMEOUT: "unknownOutcome",
};

/** Wording of ION and of the Python stack below it (inferred). The first match wins. */
const BY_MESSAGE: ReadonlyArray<readonly [RegExp, IonErrorKind]> = [
  [/\betag\b|out of date|modified by another|\bstale\b/i, "conflict"],
  [/rate limit|too many requests|\bthrottl/i, "rateLimited"],
  [
    /internal (server )?error|\b(Operational|Interface|Internal|Database|Timeout)Error\b|timed out|time-?out|deadlock|temporarily unavailable|service unavailable|bad gateway|connection (reset|refused|closed)|could not connect/i,
    "unknownOutcome",
  ],
  [/permission|not authori[sz]ed|forbidden|access denied/i, "permission"],
  [/not found|does not exist|no longer exists|could not find/i, "notFound"],
];

/** The kind of a GraphQL error; "invalid" if nothing is known about it. */
export function kindOf({ code, message }: Pick<GraphQLProblem, "code" | "message">): IonErrorKind {
  const known = code === undefined ? undefined : BY_CODE[code.toUpperCase()];
  return known ?? BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? "invalid";
}

/** What all errors of an answer say, as sentences. */
export function messagesOf(problems: readonly GraphQLProblem[]): string {
  const more = problems.length > MAX_MESSAGES ? [`And ${problems.length - MAX_MESSAGES} more errors.`] : [];
  return [...problems.slice(0, MAX_MESSAGES).map(({ message }) => sentence(message)), ...more].join(" ");
}

/** Errors of one answer that are printed. */
const MAX_MESSAGES = 5;

/** What an API key needs, if a permission is missing. */
export const permissionHint = (permission: string): string =>
  `The API key needs the permission ${permission}: ask an org admin of ION to create a key that has it.`;

/** A change that ION rejected. `action` follows "ION did not". */
export function rejection(action: string, permission: string, message: string, kind: IonErrorKind): IonError {
  return new IonError(kind, `ION did not ${action}: ${sentence(message)}`, {
    hints: kind === "permission" ? [permissionHint(permission)] : [],
  });
}
