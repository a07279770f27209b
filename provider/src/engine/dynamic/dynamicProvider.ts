/** Adapts the lifecycle of a resource to Pulumi's dynamic provider. The only file that knows that protocol. */
import type { dynamic } from "@pulumi/pulumi";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { ConnectionPool } from "../../ion/connectionPool.ts";
import { IonError } from "../../ion/errors.ts";
import type { WebhookApiOptions } from "../../ion/webhookApi.ts";
import { PartialStateError, type ResourceHandler } from "../../lifecycle/resourceHandler.ts";
import { escapeLines } from "../../model/text.ts";
import { bindLifecycles, countsAsSecret, type Lifecycle, maskPropertyName, once } from "../shared/lifecycles.ts";

type Properties = Record<string, unknown>;

/** Adapts a handler. `type` names the resource in messages. */
type Adapt = <Inputs, State extends { readonly ionEndpoint: string }>(
  type: string,
  handler: ResourceHandler<Inputs, State>,
) => dynamic.ResourceProvider;

/** Pulumi shows what its dynamic provider writes to standard error next to the resources. */
const printWarning = (message: string) => console.error(`pulumi-ion: ${escapeLines(message)}`);

/**
 * Creates the adapter of one process. Its providers share the config, the connections and what the program declares.
 *
 * @param options how ION is reached.
 */
export function createAdapter(options: Omit<WebhookApiOptions, "warn"> = {}, print = printWarning): Adapt {
  /** The stack's config, the same for every provider of the process. */
  let config: dynamic.Config | undefined;
  const warn = once(print);
  const connections = new ConnectionPool((key) => config?.get(key), process.env, { ...options, warn });
  const bind = bindLifecycles(connections, warn);
  const configure = (request: dynamic.ConfigureRequest) => {
    config = request.config;
  };
  return (type, handler) => adapt(bind(type, handler), configure);
}

function adapt(lifecycle: Lifecycle, configure: (request: dynamic.ConfigureRequest) => void): dynamic.ResourceProvider {
  const outgoing = (properties: object) => markSecrets(properties, lifecycle.secrets);
  return {
    async configure(request) {
      configure(request);
    },
    async check(olds: Properties, news: Properties) {
      const { inputs, failures } = await lifecycle.check(withoutCode(olds), withoutCode(news));
      return {
        inputs: outgoing(inputs),
        failures: failures.map((one) => maskPropertyName(one, lifecycle.secrets)),
      };
    },
    async diff(id: string, olds: Properties, news: Properties) {
      const { changes, replaces } = await lifecycle.diff(id, olds, news);
      return { changes, replaces: [...replaces] };
    },
    async create(inputs: Properties) {
      const { id, state } = await lifecycle.create(inputs).catch(throwPartialState(inputs, outgoing));
      return { id, outs: outgoing(state) };
    },
    async read(id: string, olds: Properties = {}) {
      const found = await lifecycle.read(id, olds);
      return found ? { id, props: outgoing(found.state), inputs: outgoing(found.inputs) } : { id: "" };
    },
    async update(id: string, olds: Properties, news: Properties) {
      const { state } = await lifecycle.update(id, olds, news).catch(throwPartialState(news, outgoing));
      return { outs: outgoing(state) };
    },
    async delete(id: string, olds: Properties) {
      await lifecycle.delete(id, olds);
    },
  };
}

function withoutCode({ __provider: _code, ...properties }: Properties): Properties {
  return properties;
}

/** The form of an error with which Pulumi's dynamic provider records what was created in part. */
const throwPartialState =
  ({ __provider }: Properties, outgoing: (properties: object) => Properties) =>
  (error: unknown): never => {
    if (!(error instanceof PartialStateError)) throw error;
    const { id, reasons, message } = error;
    const properties = { ...outgoing(error.state as object), __provider };
    throw Object.assign(new IonError("unknownOutcome", message), { id, properties, reasons });
  };

/** Marks secrets so that Pulumi encrypts them, and drops what is undefined. */
function markSecrets(properties: object, secrets: ReadonlySet<string>): Properties {
  const marked: Properties = {};
  for (const [name, value] of Object.entries(properties) as [string, unknown][]) {
    if (value === undefined) continue;
    marked[name] = countsAsSecret(name, value, secrets) ? { [specialSigKey]: specialSecretSig, value } : value;
  }
  return marked;
}
