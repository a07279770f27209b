import type { ExecutionResult, GraphQLSchema } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { Encounter } from "../faults/faults.ts";
import { type LoggedRequest, logDocument, logResult } from "../http/requestLog.ts";

/** What a GraphQL request carries through yoga. */
export interface RequestContext extends Record<string, unknown> {
  readonly entry: LoggedRequest;
  readonly encounter: Encounter;
}

/** A GraphQL server that answers as ION does; it knows nothing of tokens and pages. */
export function createGraphQL(schema: GraphQLSchema) {
  return createYoga<RequestContext>({
    schema,
    plugins: [asIon],
    graphiql: false,
    landingPage: false,
    cors: false,
    logging: false,
    multipart: false,
  });
}

const asIon: Plugin<RequestContext, RequestContext> = {
  onParse() {
    return ({ context, result }) => {
      if (!(result instanceof Error) && result) logDocument(context.entry, result, context.params.operationName);
    };
  },
  // Only a document that has been read and found good is work: what is refused anyway meets no fault.
  onExecute({ args, setResultAndStopExecution }) {
    if (args.contextValue.encounter.begin()) setResultAndStopExecution({ data: null });
  },
  // Yoga follows the GraphQL-over-HTTP draft; ION says 200 whenever the operation ran, and adds no extensions.
  onResultProcess({ serverContext, setResultProcessor }) {
    setResultProcessor((result, fetchAPI) => {
      if (Array.isArray(result) || Symbol.asyncIterator in result)
        throw new Error("Neither batches nor streams are on.");
      logResult(serverContext.entry, result);
      const { data, errors } = result;
      const body = {
        errors: errors?.map(({ message, locations, path }) => ({ message, locations, path })),
        data,
      };
      return fetchAPI.Response.json(body, { status: status(result) });
    }, "application/json");
  },
};

function status({ data, errors }: ExecutionResult): number {
  if (data !== undefined) return 200;
  return errors?.map((error) => error.extensions.http?.status).find((code) => code !== undefined) ?? 400;
}
