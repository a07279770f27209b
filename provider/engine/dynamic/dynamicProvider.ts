/** Adapts the lifecycle of a resource to Pulumi's dynamic provider. The only file that knows that protocol. */
import type { dynamic } from "@pulumi/pulumi";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { ConnectionPool } from "../../ion/connectionPool.ts";
import {
  connectionNameProblem,
  formatConnection,
  formatEnvironment,
  inConnection,
  settingNames,
} from "../../ion/connectionSettings.ts";
import { describeBug, IonError, isIonError, SEE_FIRST_ERROR } from "../../ion/errors.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import {
  type Failure,
  PartialStateError,
  type ResourceHandler,
  type Warnings,
} from "../../lifecycle/resourceHandler.ts";
import { escapeLines, escapeText, isPrintable } from "../../model/text.ts";

type Properties = Record<string, unknown>;

/** A part of the inputs and the state of every resource. */
interface WithConnection {
  /** The name of the connection; absent for the default connection. */
  readonly connection?: string;
}

interface RecordedState {
  readonly ionEndpoint: string;
}

/** Adapts a handler. `type` names the resource in messages. */
type Adapt = <Inputs, State extends RecordedState>(
  type: string,
  handler: ResourceHandler<Inputs, State>,
) => dynamic.ResourceProvider;

/** Creates the adapter of one process. Its providers share the config, the connections and what the program declares. */
export function createAdapter(): Adapt {
  /** The stack's config, the same for every provider of the process. */
  let config: dynamic.Config | undefined;
  const warn = warnOnce();
  const connections = new ConnectionPool((key) => config?.get(key), process.env, { warn });
  /** What the running program declares, by identity. */
  const declared = new Set<string>();

  return function adapt<Inputs, State extends RecordedState>(
    type: string,
    handler: ResourceHandler<Inputs, State>,
  ): dynamic.ResourceProvider {
    const secrets = new Set(handler.secrets);
    const outgoing = (properties: object, { connection }: WithConnection) =>
      markSecrets({ ...properties, connection }, secrets);
    // An id is unique in one environment only.
    const identities = (api: WebhookApi, properties: Inputs | State, id?: string) =>
      handler.identities(properties, id).map((identity) => `${type} in ${api.environment}: ${identity}`);
    const warnAll = ({ warnings = [] }: Warnings, { connection }: WithConnection) => {
      for (const message of warnings) warn(inConnection(connection, message));
    };

    return {
      async configure(request) {
        config = request.config;
      },
      check: (olds: Properties, news: Properties) =>
        toEngineErrors(async () => {
          connections.keepBatchesOpen();
          const { __provider: _old, connection: _before, ...before } = olds;
          const { __provider: _new, connection, ...now } = news;
          const reason = connection === undefined ? undefined : connectionNameProblem(connection);
          if (reason) return { inputs: outgoing(now, {}), failures: [{ property: "connection", reason }] };
          const target = news as WithConnection;
          const api = connections.get(target.connection);
          const checked = await handler.check(api, now, before);
          const { inputs, failures } = checked;
          warnAll(checked, target);
          if (failures.length === 0) for (const one of identities(api, inputs as Inputs)) declared.add(one);
          return { inputs: outgoing(inputs, target), failures: failures.map((one) => maskPropertyName(one, secrets)) };
        }),
      diff: (id: string, olds: Properties, news: Properties) =>
        toEngineErrors(async () => {
          const { state } = resolveExisting<State>(connections, type, id, olds, news);
          const { changes, replaces } = handler.diff(id, state, news as Inputs);
          // The same environment under another connection name: only the state is updated.
          return { changes: changes || olds.connection !== news.connection, replaces: [...replaces] };
        }),
      create: (inputs: Properties) =>
        toEngineErrors(
          async () => {
            const target = inputs as WithConnection;
            const created = await handler.create(connections.get(target.connection), inputs as Inputs);
            warnAll(created, target);
            return { id: created.id, outs: outgoing(created.state, target) };
          },
          inputs,
          outgoing,
        ),
      read: (id: string, olds: Properties = {}) =>
        toEngineErrors(async () => {
          const { api, state } = resolveExisting<State>(connections, type, id, olds);
          const read = await handler.read(api, id, state).catch(withAdvice(WITHOUT_REFRESH));
          warnAll(read, olds);
          const { found } = read;
          return found ? { id, props: outgoing(found.state, olds), inputs: outgoing(found.inputs, olds) } : { id: "" };
        }),
      update: (id: string, olds: Properties, news: Properties) =>
        toEngineErrors(
          async () => {
            const { api, state } = resolveExisting<State>(connections, type, id, olds, news);
            const updated = await handler.update(api, id, state, news as Inputs);
            warnAll(updated, news);
            return { outs: outgoing(updated.state, news) };
          },
          news,
          outgoing,
        ),
      delete: (id: string, olds: Properties) =>
        toEngineErrors(async () => {
          const { api, state } = resolveExisting<State>(connections, type, id, olds);
          const isDeclared = identities(api, state, id).some((one) => declared.has(one));
          await handler.delete(api, id, state, isDeclared).catch(withAdvice(DELETE_IN_ION));
        }),
    };
  };
}

/** Prints each warning once. Pulumi shows what its dynamic provider writes to standard error next to the resources. */
function warnOnce(): (message: string) => void {
  const printed = new Set<string>();
  return (message) => {
    if (printed.has(message)) return;
    printed.add(message);
    console.error(`pulumi-ion: ${escapeLines(message)}`);
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
  target = olds,
) {
  const state = olds as unknown as State;
  const [{ connection: before }, { connection }] = [olds, target] as [WithConnection, WithConnection];
  const api = connections.get(connection);
  if (api.isEnvironment(state.ionEndpoint)) return { api, state };
  const subject = `The ${type} with id ${escapeText(id)} belongs to ${formatEnvironment(state.ionEndpoint)}`;
  const other = formatEnvironment(api.environment);
  if (connection !== before) {
    throw new IonError(
      "elsewhere",
      `${subject}, but the program now assigns it to ${formatConnection(connection)}, which is ${other}.`,
      {
        detail: "Nothing was read or changed.",
        hints: [
          `Assign it to ${formatConnection(before)} again. To manage the other environment, declare a new resource with another name.`,
        ],
      },
    );
  }
  const now = connection === undefined ? "this stack's config" : `the config of ${formatConnection(connection)}`;
  const { key, variable } = settingNames(connection);
  throw new IonError("elsewhere", `${subject}, but ${now} now names ${other}.`, {
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
    if (!isIonError(error) || error.hints.includes(SEE_FIRST_ERROR)) throw error;
    const isConnectionProblem = error.kind === "auth" || error.kind === "unreachable";
    const advice = error.kind === "unsupported" ? ifUnsupported : isConnectionProblem ? CONFIG_JUST_CHANGED : undefined;
    throw advice === undefined ? error : error.with({ hints: [...error.hints, advice] });
  };

/** Turns errors into the two forms that Pulumi's dynamic provider understands, with a message for people only. */
async function toEngineErrors<T>(
  run: () => Promise<T>,
  inputs: Properties = {},
  outgoing: (properties: object, target: WithConnection) => Properties = () => ({}),
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof PartialStateError) {
      const properties = { ...outgoing(error.state, inputs), __provider: inputs.__provider };
      throw Object.assign(new IonError("unknownOutcome", error.message), {
        id: error.id,
        properties,
        reasons: error.reasons,
      });
    }
    if (isIonError(error)) throw error;
    throw new IonError("unexpectedAnswer", `pulumi-ion ${describeBug(error)}`);
  }
}

/** Pulumi prints the value of the property that a failure names. For a secret, the name is one that no property has. */
function maskPropertyName({ property, reason }: Failure, secrets: ReadonlySet<string>): Failure {
  return { property: secrets.has(property) ? `${property} (secret)` : property, reason };
}

/**
 * Marks secrets so that Pulumi encrypts them, and drops what is undefined. Text that is not safe to print counts as a secret, because
 * Pulumi prints values as they are.
 */
function markSecrets(properties: object, secrets: ReadonlySet<string>): Properties {
  const marked: Properties = {};
  for (const [name, value] of Object.entries(properties) as [string, unknown][]) {
    if (value === undefined) continue;
    const isSecret = secrets.has(name) && value !== unknownValue;
    marked[name] = isSecret || !isPrintable(value) ? { [specialSigKey]: specialSecretSig, value } : value;
  }
  return marked;
}
