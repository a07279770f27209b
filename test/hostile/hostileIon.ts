/** An ION and a token endpoint that answer whatever a test wants. */
import type { ServerResponse } from "node:http";
import { buildSchema, introspectionFromSchema } from "graphql";
import type { ConnectionSettings } from "../../provider/src/ion/connectionSettings.ts";
import { SDL, serve } from "../support/support.ts";

/** Secrets that no output may show a piece of. */
export const SECRETS = {
  client: "Kq3vX9zLw7TpR2mNc5Yd",
  token: "Hb8rJ4sWf6QeU1tZg0Vn",
  path: "Mx2kD7pLj9CwB5yGq3Ra",
  shared: "Ty6nF1vSz8KoE4hXu2Ib",
  header: "Wa9mQ5cRd3JlP7gNe0Ov",
};

/** What to answer. What is omitted is as ION answers it. */
export interface Answers {
  /** The receivers in the list. */
  readonly receivers?: readonly object[];
  /** The whole answer to the list, by the cursor that is asked for. */
  readonly list?: (after: string | undefined) => object;
  /** What a mutation answers, by the names of its fields and their aliases; null for an error. */
  readonly payload?: object | null;
  /** Errors besides the data, or instead of it. */
  readonly errors?: readonly object[];
  /** The names that the schema has for resources and actions. */
  readonly names?: { readonly resource: readonly string[]; readonly action: readonly string[] };
  /** Changes the introspection, as text. */
  readonly schema?: (introspection: string) => string;
  /** The HTTP status of all answers of ION, and their body instead of JSON data. */
  readonly status?: number;
  readonly body?: object;
  /** The answer of the token endpoint, and its status. */
  readonly token?: object;
  readonly tokenStatus?: number;
}

/** An answer that is not JSON: it is sent by a function. */
export class RawAnswer {
  readonly send: (response: ServerResponse) => void;
  constructor(send: (response: ServerResponse) => void) {
    this.send = send;
  }
}

/** One page of receivers. */
const page = (receivers: readonly object[], hasNextPage = false) => ({
  data: {
    webhookReceivers: {
      edges: receivers.map((node, at) => ({ cursor: `cursor ${at}`, node })),
      pageInfo: { hasNextPage },
    },
  },
});

/** A receiver as ION lists it. */
export const receiver = (fields: object = {}) => ({
  id: "1",
  _etag: "etag",
  name: "Violet",
  description: null as string | null,
  webhookUri: `https://hooks.example/${SECRETS.path}`,
  sharedSecret: SECRETS.shared,
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
  subscriptions: [] as object[],
  headers: [] as object[],
  ...fields,
});

const INTROSPECTION = JSON.stringify(introspectionFromSchema(buildSchema(SDL), { descriptions: false }));

/** The status and the content of the answer to a request. */
export function answerTo(answers: Answers, path: string, body: string): readonly [status: number, content: object] {
  if (!/^\/graphql(\?|$)/.test(path)) {
    return [answers.tokenStatus ?? 200, answers.token ?? { access_token: SECRETS.token, expires_in: 300 }];
  }
  const { query, variables = {} } = JSON.parse(body) as { query: string; variables?: { after?: string } };
  const { errors, status = 200 } = answers;
  if (answers.body) return [status, answers.body];
  const data = () => {
    if (query.includes("__schema")) return { data: JSON.parse((answers.schema ?? String)(INTROSPECTION)) };
    if (query.includes("__type(")) return { data: { __type: answers.names ? enumType(answers.names) : null } };
    if (query.startsWith("mutation")) {
      const aliases = [...query.matchAll(/(\w+): \w+\(/g)].map(([, alias = ""]) => alias);
      return { data: Object.fromEntries(aliases.map((alias) => [alias, answers.payload ?? null])) };
    }
    return answers.list?.(variables.after) ?? page(answers.receivers ?? []);
  };
  return [status, errors ? { ...(answers.payload !== null && data()), errors } : data()];
}

const enumType = (names: NonNullable<Answers["names"]>) => ({
  inputFields: Object.entries(names).map(([name, values]) => ({
    name,
    type: { kind: "ENUM", enumValues: values.map((value) => ({ name: value })) },
  })),
});

/** Starts it over HTTP; returns how to reach it. */
export async function hostileIon(answers: Answers): Promise<ConnectionSettings> {
  const origin = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const [status, content] = answerTo(answers, request.url ?? "", Buffer.concat(chunks).toString());
      if (content instanceof RawAnswer) return content.send(response);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
    });
  });
  return settingsAt(origin);
}

/** How to reach one at an origin. */
export const settingsAt = (origin: string): ConnectionSettings => ({
  endpoint: `${origin}/graphql`,
  authUrl: `${origin}/token`,
  clientId: "id",
  clientSecret: SECRETS.client,
});

/** The environment variables that name it. */
export const envFor = ({ endpoint, authUrl, clientId, clientSecret }: ConnectionSettings): NodeJS.ProcessEnv => ({
  ION_API_URI: endpoint,
  ION_AUTH_SERVER: authUrl,
  ION_CLIENT_ID: clientId,
  ION_CLIENT_SECRET: clientSecret,
});
