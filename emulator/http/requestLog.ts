import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from "graphql";

/** How a root field of a GraphQL operation ended: "refused" if the document, or a fault, kept all of it from running. */
export type Outcome = "ok" | "error" | "refused";

/** One root field of a GraphQL operation. */
export interface LoggedField {
  /** The name it has in the answer; the field's own unless the document gave another. */
  readonly alias: string;
  readonly field: string;
  outcome: Outcome;
}

/** One HTTP request, without anything that could be a secret: no header, no variable, no argument. */
export interface LoggedRequest {
  /** "other" is the page, and every path that is not there. */
  kind: "token" | "graphql" | "other";
  /** The GraphQL operation's kind and name; null unless a document was read. */
  operation: { readonly type: "query" | "mutation" | "subscription"; readonly name: string | null } | null;
  /** The GraphQL operation's root fields, in order. */
  fields: readonly LoggedField[];
  /** The HTTP status of the answer; 0 if a fault let none come. */
  status: number;
  /** Milliseconds from the request to its answer, latency included. */
  milliseconds: number;
  /** The kinds of the faults that hit it, if any did, with ", " between them. */
  fault?: string;
}

/** Notes which operation a document holds, every field of it "refused" until `logResult` knows better. */
export function logDocument(entry: LoggedRequest, document: DocumentNode, operationName: string | undefined): void {
  const operation = getOperationAST(document, operationName);
  if (!operation) return;
  entry.operation = { type: operation.operation, name: operation.name?.value ?? null };
  entry.fields = rootFields(document, operation.selectionSet);
}

/** Notes how each root field ended. */
export function logResult(
  entry: LoggedRequest,
  result: {
    readonly data?: unknown;
    readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[] | undefined;
  },
): void {
  if (!result.data) return;
  const failed = new Set(result.errors?.map((error) => error.path?.[0]));
  for (const field of entry.fields) field.outcome = failed.has(field.alias) ? "error" : "ok";
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
