import { type Answer, htmlPage, json, type Reply } from "../http/reply.ts";
import type { Changes, Header, Receiver, Store, Subscription } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import { checkOptions, type FaultOptions, optionTypes, parseOptions, splitOnce } from "./options.ts";

/** Which requests a fault affects. All conditions must match; an omitted one always does. */
export interface FaultTarget {
  /** @default "graphql" */
  readonly kind?: "token" | "graphql";
  readonly type?: "query" | "mutation";
  /** The name of a root field that the document contains. */
  readonly field?: string;
  /** The name of the document's operation. */
  readonly operation?: string;
}

/** Which requests a fault affects, and how many of them. */
export interface FaultAim {
  /** @default every GraphQL request */
  readonly on?: FaultTarget;
  /** How many matching requests pass first. Requests that another fault affects count, too. @default 0 */
  readonly after?: number;
  /** How many matching requests the fault affects; Infinity means all. @default 1 */
  readonly times?: number;
}

interface SelectedFields {
  /** The root fields, by index, alias or name. @default all that the kind can affect and that `on.field` names */
  readonly fields?: readonly (number | string)[];
}

interface FieldError extends SelectedFields {
  /** The error message. */
  readonly message?: string;
}

/** A root field that is about to run. */
export interface FieldCall {
  readonly field: string;
  /** The id of the object that it updates or deletes. */
  readonly id: string | undefined;
}

/** What a kind of fault does at each stage of a request. */
export interface KindDefinition<Options> {
  /** A short name for the web page. */
  readonly title: string;
  /** What it does, for `--help` and the web page. */
  readonly summary: string;
  /** Its own options, in addition to those of `FaultAim`. */
  readonly options?: FaultOptions;
  /** Whether it can affect token requests. */
  readonly token?: true;
  /** Before the request is processed: answers in its place, if at all. */
  readonly before?: (fault: Options, revokeToken: (refusal: string) => void) => Answer | undefined;
  /** Which root fields it can affect, and what happens just before one runs. A StoreError becomes the field's error. */
  readonly field?: readonly [names: RegExp, run: (fault: Options, call: FieldCall, store: Store) => void];
  /** After the changes are saved: replaces the answer, if at all. */
  readonly after?: (fault: Options) => Answer | undefined;
  /** After the changes are saved: what the answer becomes. */
  readonly rewrite?: (fault: Options, reply: Reply) => Reply;
  /** Milliseconds by which it delays the answer. */
  readonly delay?: (fault: Options) => number;
}

const badGateway = htmlPage(502, "502 Bad Gateway");
const maintenance = htmlPage(200, "Scheduled maintenance");
const { wholeNumber, requiredWholeNumber, string, boolean, rootFields, changes } = optionTypes;

const kinds = {
  "drop-before": define({
    title: "Connection lost, request not processed",
    summary: "closes the connection without a response; the request is not processed",
    token: true,
    before: () => "drop",
  }),
  "drop-after": define({
    title: "Connection lost, request processed",
    summary: "processes the request, saves its changes, then closes the connection without a response",
    token: true,
    after: () => "drop",
  }),
  "bad-gateway-before": define({
    title: "502 Bad Gateway, request not processed",
    summary: "responds 502 with an HTML body; the request is not processed",
    token: true,
    before: () => badGateway,
  }),
  "bad-gateway-after": define({
    title: "502 Bad Gateway, request processed",
    summary: "processes the request, saves its changes, then responds 502 with an HTML body",
    token: true,
    after: () => badGateway,
  }),
  "rate-limit": define<{
    /** Seconds to wait, sent as the Retry-After header. @default no such header */
    readonly retryAfter?: number;
  }>({
    title: "429 Too Many Requests",
    summary: "responds 429, with a Retry-After header if retryAfter sets its seconds; the request is not processed",
    options: { retryAfter: wholeNumber },
    token: true,
    before: ({ retryAfter }) =>
      json(429, { message: "Too many requests" }, retryAfter === undefined ? {} : { "Retry-After": `${retryAfter}` }),
  }),
  "expired-token": define({
    title: "401, token expired",
    summary: "responds 401 and refuses the request's token from now on, as if it had expired",
    before: (_fault, revokeToken) => refuseToken("Token is expired", revokeToken),
  }),
  "revoked-token": define({
    title: "401, token revoked",
    summary: "responds 401 and refuses the request's token from now on, as if it had been revoked",
    before: (_fault, revokeToken) => refuseToken("Unable to find appropriate RSA key", revokeToken),
  }),
  hang: define<{
    /** Whether the request is processed and its changes are saved. @default false */
    readonly done?: boolean;
  }>({
    title: "No response",
    summary: "never responds; the request is processed only if done=true",
    options: { done: boolean },
    token: true,
    before: ({ done }) => (done ? undefined : "hang"),
    after: ({ done }) => (done ? "hang" : undefined),
  }),
  html: define<{
    /** Whether the request is processed and its changes are saved. @default false */
    readonly done?: boolean;
  }>({
    title: "HTML page instead of JSON",
    summary: "responds 200 with an HTML page instead of JSON; the request is processed only if done=true",
    options: { done: boolean },
    token: true,
    before: ({ done }) => (done ? undefined : maintenance),
    after: ({ done }) => (done ? maintenance : undefined),
  }),
  partial: define<FieldError>({
    title: "Error in single fields",
    summary: "answers the root fields in fields, or all, with null and an error; the other fields run",
    options: { fields: rootFields, message: string },
    field: [
      /^(?!__)/,
      ({ message = "Internal server error" }) => {
        throw new StoreError(message);
      },
    ],
  }),
  "stale-etag": define<
    SelectedFields & {
      /** What the other client changes in the object. @default only its etag */
      readonly changes?: Changes<Receiver> | Changes<Header> | Changes<Subscription>;
    }
  >({
    title: "Changed by another client (etag conflict)",
    summary: "another client changes the object just before its update or deletion, which fails with an etag conflict",
    options: { fields: rootFields, changes },
    field: [/^(update|delete)/, ({ changes }, call, store) => changeObject(store, call, changes)],
  }),
  "unique-constraint": define<FieldError>({
    title: "Database error on create",
    summary: "fails a create with a database error, as if the object existed; nothing is created",
    options: { fields: rootFields, message: string },
    field: [
      /^create/,
      ({ message }, { field }) => {
        const table = snakeCase(field).replace("create_", "");
        throw new StoreError(message ?? `duplicate key value violates unique constraint "uq_${table}"`);
      },
    ],
  }),
  throttled: define({
    title: "Throttled with status 200",
    summary: "responds 200 with an error of code THROTTLED and no data; the request is not processed",
    before: () => json(200, { errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }] }),
  }),
  "null-list": define<{
    /** The name of the field, at any depth. @default "subscriptions" */
    readonly name?: string;
    /** Whether an error says why. @default false */
    readonly error?: boolean;
  }>({
    title: "Field that the key may not read",
    summary:
      "processes the request, then answers null in place of every field called name, with an error if error=true",
    options: { name: string, error: boolean },
    rewrite: ({ name = "subscriptions", error = false }, reply) =>
      rewriteResult(reply, (result) => {
        const paths = nullify(result.data, name, []);
        const errors = error ? paths.map((path) => ({ message: `Not authorized to read ${name}`, path })) : [];
        return errors.length > 0 ? { ...result, errors: [...(result.errors ?? []), ...errors] } : result;
      }),
  }),
  "nested-error": define<
    SelectedFields & {
      /** Whether the error has a path. @default true */
      readonly path?: boolean;
    }
  >({
    title: "Error after the change was saved",
    summary:
      "processes the request, then answers null for its root fields with an internal error below them, or without a path if path=false",
    options: { path: boolean },
    rewrite: ({ path = true }, reply) =>
      rewriteResult(reply, (result) => {
        const aliases = Object.entries(result.data ?? {}).filter(([, value]) => value !== null);
        const errors = aliases.map(([alias]) => ({
          message: "Internal server error",
          ...(path && { path: [alias, "webhookReceiver", "sharedSecret"] }),
        }));
        const nulls = Object.fromEntries(aliases.map(([alias]) => [alias, null]));
        return { data: { ...result.data, ...nulls }, errors: [...(result.errors ?? []), ...errors] };
      }),
  }),
  "content-type": define({
    title: "JSON labeled as HTML",
    summary: "processes the request, then responds with JSON under the content type text/html",
    token: true,
    rewrite: (_fault, reply) => ({ ...reply, headers: { ...reply.headers, "Content-Type": "text/html" } }),
  }),
  slow: define<{
    /** Milliseconds by which the response is delayed. The request itself is processed at once. */
    readonly ms: number;
  }>({
    title: "Slow response",
    summary: "processes the request at once, then delays the response by ms milliseconds",
    options: { ms: requiredWholeNumber },
    token: true,
    delay: ({ ms }) => ms,
  }),
};

type Kinds = typeof kinds;

/** The name of a kind of fault. */
export type FaultKind = keyof Kinds;

/** A simulated failure: its kind, its options, and the requests that it affects. */
export type Fault = {
  [Kind in FaultKind]: { readonly kind: Kind } & FaultAim &
    (Kinds[Kind] extends KindDefinition<infer Options> ? Options : never);
}[FaultKind];

/** Every kind with its title, its summary and the names of its own options on the command line. */
export const faultKinds = Object.entries(kinds).map(
  ([kind, { title, summary, options = {} }]: [string, KindDefinition<never>]) => ({
    kind,
    title,
    summary,
    options: Object.keys(options).filter((name) => options[name]?.parse),
  }),
);

/**
 * Parses a fault of the command line: `<kind>[:key=value,…]`. The keys of `on` are among the others.
 * @throws {TypeError} if the kind or an option is unknown or invalid.
 */
export function parseFault(argument: string): Fault {
  const [kind, assignments] = splitOnce(argument, ":");
  const fault = { kind, ...parseOptions(kind, assignments, definitionOf(kind).options ?? {}) };
  checkFault(fault);
  return fault;
}

/** @throws {TypeError} if the kind or an option is unknown or invalid. */
export function checkFault(fault: { readonly kind: string; readonly on?: object }): asserts fault is Fault {
  const { kind, on = {} } = fault;
  const { options = {}, token = false } = definitionOf(kind);
  checkOptions(kind, fault, options);
  if (!("kind" in on) || on.kind !== "token") return;
  if (!token) throw new TypeError(`${kind}: cannot affect token requests.`);
  if (Object.keys(on).length > 1) throw new TypeError(`${kind}: token requests have no type, field or operation.`);
}

/** @throws {TypeError} if there is no such kind. */
export function definitionOf(kind: string): KindDefinition<never> {
  if (Object.hasOwn(kinds, kind)) return kinds[kind as FaultKind];
  throw new TypeError(`There is no fault ${JSON.stringify(kind)}. The kinds are: ${Object.keys(kinds).join(", ")}.`);
}

function define<Options extends object = Record<never, never>>(
  definition: KindDefinition<Options>,
): KindDefinition<Options> {
  return definition;
}

interface Result {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly object[];
}

function rewriteResult(reply: Reply, rewrite: (result: Result) => Result): Reply {
  return { ...reply, body: JSON.stringify(rewrite(JSON.parse(reply.body) as Result)) };
}

/** Sets every field of a name to null, and returns where they are. */
function nullify(value: unknown, name: string, path: readonly (string | number)[]): (string | number)[][] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    if (key !== name) return nullify(inner, name, here);
    (value as Record<string, unknown>)[key] = null;
    return [here];
  });
}

function refuseToken(message: string, revokeToken: (refusal: string) => void): Answer {
  revokeToken(message);
  return json(401, { message });
}

function changeObject(store: Store, { field, id = "" }: FieldCall, changes: object = {}): void {
  if (field.endsWith("Receiver")) store.updateReceiver(id, changes);
  else if (field.endsWith("Header")) store.updateHeader(id, changes);
  else store.updateSubscription(id, changes);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
