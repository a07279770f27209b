import type { ExecutionResult, GraphQLSchema } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { RequestFaults } from "../faults/faults.ts";
import { type LoggedRequest, logDocument, logResult } from "../http/requestLog.ts";

/** The context of a GraphQL request. */
export interface RequestContext extends Record<string, unknown> {
  readonly entry: LoggedRequest;
  readonly faults: RequestFaults;
}

/** A GraphQL handler that responds like ION. It does not check tokens. */
export function createGraphQLHandler(schema: GraphQLSchema) {
  return createYoga<RequestContext>({
    schema,
    plugins: [ionResponses],
    graphiql: false,
    landingPage: false,
    cors: false,
    logging: false,
    multipart: false,
  });
}

const ionResponses: Plugin<RequestContext, RequestContext> = {
  onParse() {
    return ({ context, result }) => {
      if (!(result instanceof Error) && result) logDocument(context.entry, result, context.params.operationName);
    };
  },
  // Faults affect valid documents only.
  onExecute({ args, setResultAndStopExecution }) {
    if (args.contextValue.faults.beforeProcessing()) setResultAndStopExecution({ data: null });
  },
  // Yoga follows the GraphQL-over-HTTP draft. ION responds 200 whenever the operation ran, and adds no extensions.
  onResultProcess({ serverContext, setResultProcessor }) {
    setResultProcessor((result, fetchAPI) => {
      if (Array.isArray(result) || Symbol.asyncIterator in result) throw new Error("Batches and streams are disabled.");
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
