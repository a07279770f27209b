/** How a function of a program reads ION. */
import type { ConnectionPool } from "../ion/connectionPool.ts";
import { isIonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { escapeLines } from "../model/text.ts";
import { oncePerProgram, programError, track } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import { type ConnectionArgs, checkConnection, stackConfig } from "../program/resourceConnection.ts";

/** The connections of this program run. What speaks HTTP is loaded by the first look-up. */
const pool = oncePerProgram("lookups", async (): Promise<ConnectionPool> => {
  const { ConnectionPool } = await import("../ion/connectionPool.ts");
  return new ConnectionPool(stackConfig, process.env, {
    warn: (message) => void pulumi.log.warn(escapeLines(message)),
  });
});

/**
 * Reads ION for a function of a program, which the program waits for.
 *
 * @throws RunError that starts with the function's name.
 */
export function lookUp<T>(
  name: string,
  { connection }: ConnectionArgs,
  read: (api: WebhookApi) => Promise<T>,
): Promise<T> {
  const result = pool().then((connections) => {
    checkConnection(name, connection);
    return read(connections.get(connection));
  });
  return track(result).catch((error: unknown) => {
    // Pulumi prints a RunError as it is, and any other error with a stack.
    throw isIonError(error) ? programError(`${name}: ${error.message}`) : error;
  });
}
