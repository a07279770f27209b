import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from "graphql";

/** The result of a root field. "refused" means that it did not run, because the document or a fault prevented it. */
export type Outcome = "ok" | "error" | "refused";

/** A root field of a GraphQL operation. */
export interface LoggedField {
  /** The field's name in the response; its own name unless the document has an alias. */
  readonly alias: string;
  readonly field: string;
  outcome: Outcome;
}

/** An HTTP request without anything that could be secret: no header, variable or argument. */
export interface LoggedRequest {
  /** "other" is the web page, and every path that does not exist. */
  kind: "token" | "graphql" | "other";
  /** The type and name of the GraphQL operation; null if no document was parsed. */
  operation: { readonly type: "query" | "mutation" | "subscription"; readonly name: string | null } | null;
  /** The root fields of the GraphQL operation, in order. */
  fields: readonly LoggedField[];
  /** The HTTP status; 0 if a fault suppressed the response. */
  status: number;
  /** Milliseconds between request and response, including latency. */
  milliseconds: number;
  /** The kinds of the faults that affected the request, separated by ", ". */
  fault?: string;
}

/** Logs the operation of a document. Every field is "refused" until `logResult` updates it. */
export function logDocument(entry: LoggedRequest, document: DocumentNode, operationName: string | undefined): void {
  const operation = getOperationAST(document, operationName);
  if (!operation) return;
  entry.operation = { type: operation.operation, name: operation.name?.value ?? null };
  entry.fields = rootFields(document, operation.selectionSet);
}

/** Logs the outcome of each root field. */
export function logResult(
  entry: LoggedRequest,
  result: {
    readonly data?: unknown;
    readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[] | undefined;
  },
): void {
  if (!result.data) return;
  const failed = new Set(result.errors?.map((error) => error.path?.[0]));
  for (const field of entry.fields) {
    if (field.outcome === "refused") field.outcome = failed.has(field.alias) ? "error" : "ok";
  }
}

/** Logs that a root field failed, with the error in its own value. */
export function logFailure(entry: LoggedRequest, alias: string): void {
  for (const field of entry.fields) {
    if (field.alias === alias) field.outcome = "error";
  }
}

function rootFields(document: DocumentNode, selectionSet: SelectionSetNode): LoggedField[] {
  return selectionSet.selections.flatMap((selection): LoggedField[] => {
    if (selection.kind === Kind.FIELD) {
      return [{ alias: (selection.alias ?? selection.name).value, field: selection.name.value, outcome: "refused" }];
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(document, selection.selectionSet);
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? rootFields(document, fragment.selectionSet) : [];
  });
}
