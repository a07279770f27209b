/**
 * What both engines need around the lifecycles: the environment of each resource, who declares what in this run, warnings, and
 * errors for people. It knows properties as plain data; ../dynamic/ and ../plugin/ put them into their protocols.
 */
import type { ConnectionPool } from "../../ion/connectionPool.ts";
import {
  connectionNameProblem,
  formatConnection,
  formatEnvironment,
  inConnection,
} from "../../ion/connectionSettings.ts";
import { describeBug, IonError, isAlreadyPrinted, isIonError } from "../../ion/errors.ts";
import { textWithHelp, withHelp } from "../../ion/help.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import {
  type Diff,
  type Failure,
  PartialStateError,
  type ResourceHandler,
  type Run,
  UNKNOWN,
  type Warnings,
} from "../../lifecycle/resourceHandler.ts";
import { escapeText, isPrintable } from "../../model/text.ts";

/** Inputs or state. */
interface Properties {
  readonly [name: string]: unknown;
  /** The name of the connection; absent for the default connection. */
  readonly connection?: string | undefined;
}

interface RecordedState {
  readonly ionEndpoint: string;
}

/** The lifecycle of one type of resource, as an engine calls it. It throws an IonError or a PartialStateError. */
export interface Lifecycle {
  /** Names the resource in messages. */
  readonly type: string;
  /** Properties that hold secrets, in inputs and in state. */
  readonly secrets: ReadonlySet<string>;
  /** `identities` are those of the object, if the inputs are valid. */
  check(
    olds: Properties,
    news: Properties,
  ): Promise<{ inputs: Properties; failures: Failure[]; identities: readonly string[] }>;
  diff(id: string, olds: Properties, news: Properties): Promise<Diff>;
  create(inputs: Properties): Promise<{ id: string; state: Properties }>;
  /** Inputs and state of an object that no state records. `id` may also say which object it is, as a person would. */
  import(id: string): Promise<{ id: string; inputs: Properties; state: Properties }>;
  /** @returns undefined if the object is proved not to exist. */
  read(id: string, olds: Properties): Promise<{ inputs: Properties; state: Properties } | undefined>;
  update(id: string, olds: Properties, news: Properties): Promise<{ state: Properties }>;
  delete(id: string, olds: Properties): Promise<void>;
}

/** Binds a handler to the connections of one process. `type` names the resource in messages. */
export type BindLifecycle = <Inputs, State extends RecordedState>(
  type: string,
  handler: ResourceHandler<Inputs, State>,
) => Lifecycle;

/** The lifecycles of one process. They share the connections and what the program declares. */
export function bindLifecycles(connections: ConnectionPool, warn: (message: string) => void): BindLifecycle {
  /** What the running program declares, by identity. */
  const declared = new Set<string>();
  /** The objects that resources have, as far as this run has come. */
  const had = new Set<string>();
  const objectIn = (type: string, api: WebhookApi, id: string) => `${type} in ${api.environment}: id ${id}`;
  const runOn = (api: WebhookApi): Run => ({
    has: (type, id) => had.has(objectIn(type, api, id)),
    declared: (type) => {
      const start = `${type} in ${api.environment}: `;
      return [...declared].filter((one) => one.startsWith(start)).map((one) => one.slice(start.length));
    },
  });

  return function bind<Inputs, State extends RecordedState>(
    type: string,
    handler: ResourceHandler<Inputs, State>,
  ): Lifecycle {
    const located = (properties: object, { connection }: Properties): Properties => {
      const { connection: _before, ...others }: Properties = { ...properties };
      return connection === undefined ? others : { ...others, connection };
    };
    // An id is unique in one environment only.
    const identities = (api: WebhookApi, properties: Inputs | State, id?: string) =>
      handler.identities(properties, id).map((identity) => `${type} in ${api.environment}: ${identity}`);
    const warnAll = ({ warnings = [] }: Warnings, { connection }: Properties) => {
      for (const message of warnings) warn(inConnection(connection, message));
    };
    const existing = (id: string, olds: Properties, target = olds) => {
      const found = resolveExisting<State>(connections, type, id, olds, target);
      had.add(objectIn(type, found.api, id));
      return found;
    };

    return {
      type,
      secrets: new Set(handler.secrets),
      check: (olds, news) =>
        forPeople(async () => {
          connections.keepBatchesOpen();
          const { connection: _before, ...before } = olds;
          const { connection, ...now } = news;
          const reason = connection === undefined ? undefined : connectionNameProblem(connection);
          if (reason) return { inputs: now, failures: [{ property: "connection", reason }], identities: [] };
          const api = connections.get(connection);
          for (const properties of [before, now]) api.hideSecretsIn(properties);
          const checked = await handler.check(api, now, before, runOn(api));
          const { inputs, failures } = checked;
          warnAll(checked, news);
          const own = failures.length === 0 ? identities(api, inputs as Inputs) : [];
          for (const one of own) declared.add(one);
          const explained = failures.map(({ property, reason }) => ({ property, reason: textWithHelp(reason) }));
          return { inputs: located(inputs, news), failures: explained, identities: own };
        }),
      diff: (id, olds, news) =>
        forPeople(async () => {
          const { state } = existing(id, olds, news);
          const diff = handler.diff(id, state, news as Inputs);
          // The same environment under another connection name: only the state is updated.
          return olds.connection === news.connection ? diff : { ...diff, changes: true };
        }),
      create: (inputs) =>
        forPeople(async () => {
          const api = connections.get(inputs.connection);
          api.hideSecretsIn(inputs);
          const created = await handler.create(api, inputs as Inputs);
          had.add(objectIn(type, api, created.id));
          warnAll(created, inputs);
          return { id: created.id, state: located(created.state as object, inputs) };
        }, inputs),
      import: (id) =>
        forPeople(async () => {
          const found = await handler.import(connections.get(), id);
          return { id: found.id, inputs: found.inputs, state: located(found.state as object, {}) };
        }),
      read: (id, olds) =>
        forPeople(async () => {
          const read = async () => {
            const { api, state } = existing(id, olds);
            return handler.read(api, id, state);
          };
          const result = await read().catch(withAdvice(WITHOUT_REFRESH));
          warnAll(result, olds);
          const { found } = result;
          return found && { inputs: located(found.inputs, olds), state: located(found.state as object, olds) };
        }),
      update: (id, olds, news) =>
        forPeople(async () => {
          const { api, state } = existing(id, olds, news);
          const updated = await handler.update(api, id, state, news as Inputs, runOn(api));
          warnAll(updated, news);
          return { state: located(updated.state as object, news) };
        }, news),
      delete: (id, olds) =>
        forPeople(async () => {
          const remove = async () => {
            const { api, state } = existing(id, olds);
            const isDeclared = identities(api, state, id).some((one) => declared.has(one));
            await handler.delete(api, id, state, isDeclared);
          };
          await remove().catch(withAdvice(DELETE_IN_ION));
        }),
    };
  };
}

/**
 * The recorded state of a resource, and the API of the environment that it is in.
 *
 * @param target names the connection: what the program asks for, or else what is recorded.
 * @throws IonError "elsewhere" if the connection now names another environment: an object that is missing there was not deleted,
 * and dropping it from the state would create it a second time.
 */
function resolveExisting<State extends RecordedState>(
  connections: ConnectionPool,
  type: string,
  id: string,
  olds: Properties,
  target: Properties,
) {
  const state = olds as unknown as State;
  const { connection } = target;
  const api = connections.get(connection);
  for (const properties of [olds, target]) api.hideSecretsIn(properties);
  if (api.isEnvironment(state.ionEndpoint)) return { api, state };
  const subject = `The ${type} with id ${escapeText(id)} belongs to ${formatEnvironment(state.ionEndpoint)}`;
  const other = formatEnvironment(api.environment);
  if (connection !== olds.connection) {
    throw new IonError(
      "elsewhere",
      `${subject}, but the program now assigns it to ${formatConnection(connection)}, which is ${other}.`,
      {
        detail: "Nothing was read or changed.",
        hints: [
          `Assign it to ${formatConnection(olds.connection)} again. To manage the other environment, declare a new resource with another name.`,
        ],
      },
    );
  }
  const { key, variable, place } = connections.names(connection);
  throw new IonError("elsewhere", `${subject}, but ${place} now names ${other}.`, {
    detail: "Nothing was read or changed.",
    hints: [
      `Restore ${key("endpoint")} (or ${key("region")} and ${key("stage")}, or ${variable("endpoint")}).`,
      "To manage another ION environment, use another stack (`pulumi stack init`) or another connection.",
      `If it is the same environment at a new URL, set ${key("formerEndpoint")} to the old URL.`,
    ],
  });
}

const WITHOUT_REFRESH =
  "To continue without reading ION, add --refresh=false to `pulumi preview`, `pulumi up` or `pulumi destroy`.";
const DELETE_IN_ION =
  "Delete the object in ION yourself, then remove it from the stack with `pulumi state delete` (`pulumi stack --show-urns` lists the URNs).";

const CONFIG_JUST_CHANGED =
  "If you have just changed this stack's config, add --run-program to the command: without it, Pulumi refreshes and " +
  "destroys with the config of the last `pulumi up`.";

/** Says how to continue a refresh or a deletion. If ION's schema lacks what is needed, no retry can succeed. */
const withAdvice =
  (ifUnsupported: string) =>
  (error: unknown): never => {
    if (!isIonError(error) || isAlreadyPrinted(error)) throw error;
    const isConnectionProblem = ["auth", "unreachable", "elsewhere"].includes(error.kind);
    const advice = error.kind === "unsupported" ? ifUnsupported : isConnectionProblem ? CONFIG_JUST_CHANGED : undefined;
    throw advice === undefined ? error : error.add({ hints: [advice] });
  };

/** Turns every error into one for people, and adds the connection to what was created in part. */
async function forPeople<T>(run: () => Promise<T>, { connection }: Properties = {}): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof PartialStateError) {
      const state = { ...error.state, ...(connection !== undefined && { connection }) };
      throw new PartialStateError(error.id, state, error.reasons);
    }
    if (isIonError(error)) throw withHelp(error);
    throw new IonError("unexpectedAnswer", `pulumi-ion ${describeBug(error)}`);
  }
}

/** Whether Pulumi must hide a value: text that is not safe to print, too, because Pulumi prints values as they are. */
export function countsAsSecret(name: string, value: unknown, secrets: ReadonlySet<string>): boolean {
  return (secrets.has(name) && value !== UNKNOWN) || !isPrintable(value);
}

/** Pulumi prints the value of the property that a failure names. For a secret, the name is one that no property has. */
export function maskPropertyName({ property, reason }: Failure, secrets: ReadonlySet<string>): Failure {
  return { property: secrets.has(property) ? `${property} (secret)` : property, reason };
}

/** Lets each message through once. A warning may repeat an error, with its help. */
export function once(print: (message: string) => void): (message: string) => void {
  const printed = new Set<string>();
  return (message) => {
    if (printed.has(message)) return;
    printed.add(message);
    print(textWithHelp(message));
  };
}
