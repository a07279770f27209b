import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GraphQLClient } from "graphql-request";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/index.ts";

/** Starts an emulator on a free port and closes it after the test. */
export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Creates an empty folder and removes it after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ion-emulator-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A form for the token endpoint, with the emulator's default API key. */
export function tokenForm(fields: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({
    grant_type: "client_credentials",
    client_id: "emulator",
    client_secret: "emulator-secret",
    ...fields,
  });
}

export async function fetchToken(tokenUrl: string): Promise<string> {
  const response = await fetch(tokenUrl, { method: "POST", body: tokenForm() });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

interface Answer {
  readonly status: number;
  readonly body: {
    // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the test's query
    readonly data?: Record<string, any> | null;
    readonly errors?: readonly { readonly message: string; readonly path?: readonly (string | number)[] }[];
    readonly message?: string;
  };
}

export type Ask = (query: string, variables?: object) => Promise<Answer>;

/** Creates a client of the GraphQL endpoint. It gets a new token unless an `Authorization` header is passed. */
export async function asker(
  { graphqlUrl, tokenUrl }: Pick<Emulator, "graphqlUrl" | "tokenUrl">,
  headers?: { readonly authorization: string; readonly origin?: string },
): Promise<Ask> {
  const authorization = headers?.authorization ?? `Bearer ${await fetchToken(tokenUrl)}`;
  return async (query, variables) => {
    const response = await fetch(graphqlUrl, {
      method: "POST",
      headers: {
        Authorization: authorization,
        "Content-Type": "application/json",
        ...(headers?.origin !== undefined && { Origin: headers.origin }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
}

/** The usual GraphQL client of TypeScript users. */
export async function graphqlRequest({ graphqlUrl, tokenUrl }: Emulator): Promise<GraphQLClient> {
  return new GraphQLClient(graphqlUrl, { headers: { Authorization: `Bearer ${await fetchToken(tokenUrl)}` } });
}

export const webhookUri = "https://violet.example/hooks/1";
