/** One GraphQL document and its answer. */

/** A document to run. */
export interface Operation {
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Values that no message may show, even if ION repeats them. */
  readonly secrets?: readonly string[];
}

/** A GraphQL error, with secrets redacted. */
export interface GraphQLProblem {
  readonly message: string;
  /** The machine-readable code (`extensions.code`), if there is one. */
  readonly code: string | undefined;
  /** Where in the answer it occurred: the alias of the root field first. Undefined if it concerns the whole document. */
  readonly path: readonly string[] | undefined;
}

/** What ION answered: data, and errors of single fields. */
export interface Answer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly problems: readonly GraphQLProblem[];
}
