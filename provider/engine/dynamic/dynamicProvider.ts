import type { dynamic } from "@pulumi/pulumi";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { ConnectionPool } from "../../ion/connectionPool.ts";
import { connectionNameProblem, settingNames } from "../../ion/connectionSettings.ts";
import { describeBug, IonError, isIonError } from "../../ion/errors.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import { type Failure, PartialStateError, type ResourceHandler } from "../../lifecycle/resourceHandler.ts";

type Properties = Record<string, unknown>;

/** What every state and, where the program names one, every input has beside what the resource itself is. */
interface Placed {
  /** The name of the connection it is reached over; absent for the stack's own. */
  readonly connection?: string;
}

/** Carries a resource's logic into Pulumi's dynamic provider; `what` it is in words. */
type Carry = <Inputs, State extends { readonly ionEndpoint: string }>(
  what: string,
  logic: ResourceHandler<Inputs, State>,
) => dynamic.ResourceProvider;

/** What carries the resources of one process: they share its config, its connections and what its program declares. */
export function carrier(): Carry {
  /** The stack's config, as Pulumi hands it over to this process; the same for every provider in it. */
  let config: dynamic.Config | undefined;

  // What Pulumi's dynamic provider writes to standard error, it shows beside the resources.
  const connections = new ConnectionPool((key) => config?.get(key), process.env, {
    warn: (words) => console.error(`pulumi-ion: ${words}`),
  });

  /** What the program that runs now declares, by identity. */
  const declared = new Set<string>();

  return function carry<Inputs, State extends { readonly ionEndpoint: string }>(
    what: string,
    logic: ResourceHandler<Inputs, State>,
  ): dynamic.ResourceProvider {
    const secrets = new Set(logic.secrets);
    const outgoing = (properties: object, { connection }: Placed) => seal({ ...properties, connection }, secrets);
    // An id is one of its ION: another has its own.
    const identities = (ion: WebhookApi, properties: Inputs | State, id?: string) =>
      logic.identities(properties, id).map((own) => `${what} at ${ion.environment} ${own}`);

    return {
      async configure(request) {
        config = request.config;
      },
      check: (olds: Properties, news: Properties) =>
        guard(async () => {
          connections.stir();
          const { __provider: _old, connection: _before, ...before } = olds;
          const { __provider: _new, connection, ...now } = news;
          const reason = connection === undefined ? undefined : connectionNameProblem(connection);
          if (reason) return { inputs: outgoing(now, {}), failures: [{ property: "connection", reason }] };
          const placed = news as Placed;
          const ion = connections.get(placed.connection);
          const { inputs, failures } = await logic.check(ion, now, before);
          if (failures.length === 0) for (const own of identities(ion, inputs as Inputs)) declared.add(own);
          return { inputs: outgoing(inputs, placed), failures: failures.map((failure) => nameless(failure, secrets)) };
        }),
      diff: (id: string, olds: Properties, news: Properties) =>
        guard(async () => {
          const { state } = at<State>(connections, what, id, olds, news);
          const { changes, replaces } = logic.diff(id, state, news as Inputs);
          // The same ION under another name: nothing of the object changes, and the state learns the name.
          return { changes: changes || olds.connection !== news.connection, replaces: [...replaces] };
        }),
      create: (inputs: Properties) =>
        guard(
          async () => {
            const { id, state } = await logic.create(connections.get((inputs as Placed).connection), inputs as Inputs);
            return { id, outs: outgoing(state, inputs) };
          },
          inputs,
          outgoing,
        ),
      read: (id: string, olds: Properties = {}) =>
        guard(async () => {
          const { ion, state } = at<State>(connections, what, id, olds);
          const found = await logic.read(ion, id, state).catch(goOn(WITHOUT_A_LOOK));
          return found ? { id, props: outgoing(found.state, olds), inputs: outgoing(found.inputs, olds) } : { id: "" };
        }),
      update: (id: string, olds: Properties, news: Properties) =>
        guard(
          async () => {
            const { ion, state } = at<State>(connections, what, id, olds, news);
            return { outs: outgoing(await logic.update(ion, id, state, news as Inputs), news) };
          },
          news,
          outgoing,
        ),
      delete: (id: string, olds: Properties) =>
        guard(async () => {
          const { ion, state } = at<State>(connections, what, id, olds);
          const kept = identities(ion, state, id).some((own) => declared.has(own));
          await logic.delete(ion, id, state, kept).catch(goOn(BY_HAND));
        }),
    };
  };
}

/**
 * What Pulumi remembers of a resource, and the ION it is in.
 *
 * @param wanted names the connection, where the program asks for a change; what is remembered does otherwise.
 * @throws IonError "elsewhere" where it lives in another ION than the connection names now: what that one does not
 * show proves nothing, and forgetting it would make everything a second time.
 */
function at<State extends { readonly ionEndpoint: string }>(
  connections: ConnectionPool,
  what: string,
  id: string,
  olds: Properties,
  wanted = olds,
) {
  const state = olds as unknown as State;
  const [{ connection: before }, { connection }] = [olds, wanted] as [Placed, Placed];
  const ion = connections.get(connection);
  if (ion.isEnvironment(state.ionEndpoint)) return { ion, state };
  const lives = `The ${what} with id ${id} lives in the ION at ${state.ionEndpoint}, and`;
  const now = connection === undefined ? "this stack's config" : `connection "${connection}"`;
  if (connection !== before) {
    throw new IonError(
      "elsewhere",
      `${lives} the program gives it to ${now} now, which is the ION at ${ion.environment}. Nothing was read or changed. ` +
        "Set its connection back; what the other ION is to have, declare as a resource of its own, under another name.",
    );
  }
  const { key, variable } = settingNames(connection);
  throw new IonError(
    "elsewhere",
    `${lives} ${now} now names the ION at ${ion.environment}. ` +
      `Nothing was read or changed. Set ${key("endpoint")} (or ${key("region")} and ${key("stage")}, or ${variable("endpoint")}) back; ` +
      "for another ION environment, use a stack of its own (`pulumi stack init`) or a connection of its own. If it is the same ION under a new " +
      `name, set ${key("formerEndpoint")} to the old one.`,
  );
}

const WITHOUT_A_LOOK =
  "Nothing is concluded from that. To go on without a look at ION, add --refresh=false to the command.";
const BY_HAND =
  "Delete it in ION by hand, and have Pulumi forget it with `pulumi state delete` (`pulumi stack --show-urns` shows its URN).";

/** Says how to go on where ION's schema lacks what this takes: no further try will ever succeed. */
const goOn =
  (how: string) =>
  (error: unknown): never => {
    if (!isIonError(error) || error.kind !== "unsupported") throw error;
    throw new IonError(error.kind, `${error.message} ${how}`);
  };

/** Lets errors out in the two forms that Pulumi's dynamic provider understands, and only with words meant for people. */
async function guard<T>(
  run: () => Promise<T>,
  inputs: Properties = {},
  outgoing: (properties: object, placed: Placed) => Properties = () => ({}),
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

/** Pulumi prints the value of the property that a failure names: for a secret, it gets a name that no property has. */
function nameless({ property, reason }: Failure, secrets: ReadonlySet<string>): Failure {
  return { property: secrets.has(property) ? `${property} (secret)` : property, reason };
}

/** Marks secrets so that Pulumi encrypts them, whatever the program wrapped, and leaves out what is undefined. */
function seal(properties: object, secrets: ReadonlySet<string>): Properties {
  const sealed: Properties = {};
  for (const [name, value] of Object.entries(properties) as [string, unknown][]) {
    if (value === undefined) continue;
    const hide = secrets.has(name) && value !== unknownValue;
    sealed[name] = hide ? { [specialSigKey]: specialSecretSig, value } : value;
  }
  return sealed;
}
