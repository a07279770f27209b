import * as pulumi from "@pulumi/pulumi";
import { type ConfigKey, resolveConnection } from "../ion/connection.ts";
import { IonError, isIonError } from "../ion/errors.ts";
import { Ion } from "../ion/webhooks.ts";
import { type Failure, PartlyMade, type ResourceLogic } from "../resource.ts";

type Properties = Record<string, unknown>;

/** The stack's config, as Pulumi hands it over to this process; the same for every provider in it. */
let config: pulumi.dynamic.Config | undefined;
let connected: Ion | undefined;

/** The ION that the stack's config names. Nothing is sent before something is asked of it. */
function ion(): Ion {
  // What Pulumi's dynamic provider writes to standard error, it shows beside the resources.
  connected ??= new Ion(
    resolveConnection((key: ConfigKey) => config?.get(`ion:${key}`), process.env),
    {
      tell: (words) => console.error(`pulumi-ion: ${words}`),
    },
  );
  return connected;
}

/** What the program that runs now declares, by identity. */
const declared = new Set<string>();

/** Carries a resource's logic into Pulumi's dynamic provider. */
export function carry<Inputs, State extends { readonly endpoint: string }>(
  what: string,
  logic: ResourceLogic<Inputs, State>,
): pulumi.dynamic.ResourceProvider {
  const secrets = new Set(logic.secrets);
  const outgoing = (properties: object) => seal(properties, secrets);
  const identities = (properties: Inputs | State, id?: string) =>
    logic.identities(properties, id).map((own) => `${what} ${own}`);

  return {
    async configure(request) {
      config = request.config;
    },
    check: (olds: Properties, news: Properties) =>
      guard(async () => {
        ion().stir();
        const { __provider: _old, ...before } = olds;
        const { __provider: _new, ...now } = news;
        const { inputs, failures } = await logic.check(ion(), now, before);
        if (failures.length === 0) for (const own of identities(inputs as Inputs)) declared.add(own);
        return { inputs: outgoing(inputs), failures: failures.map((failure) => nameless(failure, secrets)) };
      }),
    diff: (id: string, olds: Properties, news: Properties) =>
      guard(async () => {
        const state = stateFrom<State>(what, id, olds);
        const { changes, replaces } = logic.diff(id, state, news as Inputs);
        return { changes, replaces: [...replaces] };
      }),
    create: (inputs: Properties) =>
      guard(
        async () => {
          const { id, state } = await logic.create(ion(), inputs as Inputs);
          return { id, outs: outgoing(state) };
        },
        inputs,
        outgoing,
      ),
    read: (id: string, olds?: Properties) =>
      guard(async () => {
        const found = await logic.read(ion(), id, stateFrom<State>(what, id, olds ?? {}));
        return found ? { id, props: outgoing(found.state), inputs: outgoing(found.inputs) } : { id: "" };
      }),
    update: (id: string, olds: Properties, news: Properties) =>
      guard(
        async () => {
          const state = await logic.update(ion(), id, stateFrom<State>(what, id, olds), news as Inputs);
          return { outs: outgoing(state) };
        },
        news,
        outgoing,
      ),
    delete: (id: string, olds: Properties) =>
      guard(async () => {
        const state = stateFrom<State>(what, id, olds);
        await logic.delete(
          ion(),
          id,
          state,
          identities(state, id).some((own) => declared.has(own)),
        );
      }),
  };
}

/**
 * What Pulumi remembers of a resource.
 *
 * @throws IonError "elsewhere" where it lives in another ION than the config names now: what that one does not show
 * proves nothing, and forgetting it would make everything a second time.
 */
function stateFrom<State extends { readonly endpoint: string }>(what: string, id: string, olds: Properties): State {
  const state = olds as unknown as State;
  const { place } = ion();
  if (!ion().isPlace(state.endpoint)) {
    throw new IonError(
      "elsewhere",
      `The ${what} with id ${id} lives in the ION at ${state.endpoint}, and this stack's config now names the ION at ${place}. ` +
        "Nothing was read or changed. Set ion:endpoint (or ion:region and ion:stage, or ION_API_URI) back; " +
        "for another ION environment, use a stack of its own (`pulumi stack init`). If it is the same ION under a new " +
        "name, set ion:formerEndpoint to the old one.",
    );
  }
  return state;
}

/** Lets errors out in the two forms that Pulumi's dynamic provider understands, and only with words meant for people. */
async function guard<T>(
  run: () => Promise<T>,
  inputs: Properties = {},
  outgoing: (properties: object) => Properties = () => ({}),
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof PartlyMade) {
      const properties = { ...outgoing(error.state), __provider: inputs.__provider };
      throw Object.assign(new IonError("unknownOutcome", error.message), {
        id: error.id,
        properties,
        reasons: error.reasons,
      });
    }
    if (isIonError(error)) throw error;
    const words = error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
    throw new IonError(
      "unexpectedAnswer",
      `pulumi-ion failed in a way that it should not (${words}). Please report this.`,
    );
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
    const hide = secrets.has(name) && value !== pulumi.runtime.unknownValue;
    sealed[name] = hide ? { [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig, value } : value;
  }
  return sealed;
}
