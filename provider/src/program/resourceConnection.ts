/** Which ION environment a resource of the program is in: by the name of a connection, never by a key. */

import {
  configuredEnvironment,
  connectionNameProblem,
  formatConnection,
  isUnknownKey,
  settingNames,
} from "../ion/connectionSettings.ts";
import { oncePerProgram, programError } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

/** Names the ION environment of a resource or a function. */
export interface ConnectionArgs {
  /**
   * The name of the connection to ION, if a program uses more than one: "staging" is what `ion-staging:region`,
   * `ion-staging:clientId`, `ion-staging:clientSecret` and so on set in the stack's config, or `ION_STAGING_API_URI`,
   * `ION_STAGING_AUTH_SERVER`, `ION_STAGING_CLIENT_ID` and `ION_STAGING_CLIENT_SECRET`. Lowercase letters, digits and dashes.
   * It is recorded in the state, and never contains a key. @default the stack's default connection, `ion:region` and so on
   * @noplugin
   */
  connection?: string | undefined;
}

/** The connection of a receiver resource, also for another copy of this package. */
const CONNECTION = Symbol.for("pulumi-ion.connection");

/** The ION environment of a receiver or a provider resource. */
export const ENVIRONMENT = Symbol.for("pulumi-ion.environment");

/** Records where a receiver resource is, for what refers to it. */
export function setConnection(
  resource: pulumi.Resource,
  connection: string | undefined,
  environment: pulumi.Output<string>,
): void {
  Object.defineProperty(resource, CONNECTION, { value: connection });
  Object.defineProperty(resource, ENVIRONMENT, { value: environment });
}

/** A receiver as {@link ReceiverArgs} accepts it, with the connection that it belongs to. */
interface LookedUpReceiver {
  readonly id: string;
  readonly connection: string | undefined;
}

/** Names the receiver of a subscription: by `receiver`, or by `receiverId`. */
export interface ReceiverArgs extends ConnectionArgs {
  /**
   * The receiver that events are sent to: a `WebhookReceiver`, or the result of `getWebhookReceiver`. Its connection is used.
   * @noplugin
   */
  receiver?: pulumi.CustomResource | pulumi.Input<LookedUpReceiver>;
  /**
   * The id of the receiver in ION, instead of `receiver`. Set `connection` too if it is not in the default environment.
   * @pluginRequired
   * @plugin The id of the receiver that events are sent to.
   */
  receiverId?: pulumi.Input<string>;
}

/** A resolved receiver. */
export interface ResolvedReceiver {
  readonly receiverId: pulumi.Output<string>;
  readonly connection: pulumi.Input<string | undefined>;
  readonly environment: pulumi.Output<string>;
  /** The resource, if there is one. */
  readonly receiver: object | undefined;
}

/**
 * Resolves the receiver that a resource names.
 *
 * @throws RunError if it names none, or two.
 */
export function resolveReceiver(name: string, { receiver, receiverId, connection }: ReceiverArgs): ResolvedReceiver {
  checkConnection(`"${name}"`, connection);
  if ((receiver === undefined) === (receiverId === undefined)) {
    throw programError(`"${name}" must have receiver or receiverId, and not both.`);
  }
  if (receiver === undefined) {
    refuseIdOfAnother(name, receiverId, connection);
    const id = pulumi.output(receiverId as pulumi.Input<string>);
    return { receiverId: id, connection, environment: environmentOfConnection(connection), receiver: undefined };
  }
  if (connection !== undefined) {
    throw programError(`"${name}" must not set connection: it uses the connection of its receiver.`);
  }
  if (pulumi.Resource.isInstance(receiver)) {
    const { id } = receiver as pulumi.CustomResource;
    const { [CONNECTION]: own, [ENVIRONMENT]: environment = environmentOfConnection(own) } = receiver as {
      readonly [CONNECTION]?: string | undefined;
      readonly [ENVIRONMENT]?: pulumi.Output<string>;
    };
    return { receiverId: id, connection: own, environment, receiver };
  }
  const result = pulumi.output(receiver as pulumi.Input<LookedUpReceiver>);
  const own = result.apply((one) => one.connection);
  return {
    receiverId: result.apply((one) => one.id),
    connection: own,
    environment: environmentOfConnection(own),
    receiver: undefined,
  };
}

/** Every ION environment counts its ids from 1, so the id of another connection's receiver would name a wrong one. @throws RunError */
function refuseIdOfAnother(name: string, receiverId: unknown, connection: string | undefined): void {
  const { resources } = (receiverId ?? {}) as {
    readonly resources?: () => Iterable<{ [CONNECTION]?: string | undefined }>;
  };
  const sources = pulumi.Output.isInstance(receiverId) ? [...(resources?.call(receiverId) ?? [])] : [];
  const other = sources.find((source) => CONNECTION in source && source[CONNECTION] !== connection);
  if (!other) return;
  const otherConnection = formatConnection(other[CONNECTION]);
  throw programError(
    `"${name}" is in ${formatConnection(connection)}, but its receiverId is the id of a receiver in ${otherConnection}. Set receiver instead of receiverId.`,
  );
}

/** Checks the name of a connection. @throws RunError */
export function checkConnection(subject: string, connection: unknown): void {
  const problem = connection === undefined ? undefined : connectionNameProblem(connection);
  if (problem) throw programError(`The connection of ${subject} ${problem}.`);
}

/** The ION environment of a connection, as far as it can be determined without an API key. */
export function environmentOfConnection(connection: pulumi.Input<string | undefined>): pulumi.Output<string> {
  return pulumi.output(connection).apply(async (name) => {
    const { key } = settingNames(name);
    warnOfPlaintext(key("clientSecret"));
    await warnOfMisspelledKeys();
    return configuredEnvironment((setting) => stackConfig(key(setting)), process.env, name) ?? key("region");
  });
}

/** Reads the stack's config by its full keys, secrets too, as the resources' provider does. */
export function stackConfig(key: string): string | undefined {
  const [namespace, name = ""] = key.split(":");
  return new pulumi.Config(namespace).get(name);
}

/** Pulumi's own, and not in its types. */
const { isConfigSecret, allConfig } = pulumi.runtimeConfig as {
  readonly isConfigSecret?: (key: string) => boolean;
  readonly allConfig?: () => Readonly<Record<string, string>>;
};

const warned = oncePerProgram("warned", () => new Set<string>());

/** Warns once about each key that is similar to a setting: a misspelled `ion:formerEndpoint` would be ignored silently. */
async function warnOfMisspelledKeys(): Promise<void> {
  const keys = Object.keys(allConfig?.() ?? {}).filter(isUnknownKey);
  if (keys.length === 0) return;
  const { unknownKeys } = await import("../ion/unknownKeys.ts");
  for (const { key, isMisspelled, message } of unknownKeys(keys)) {
    if (!isMisspelled || warned().has(key)) continue;
    warned().add(key);
    void pulumi.log.warn(message);
  }
}

/** Warns once about a client secret in plaintext config: `pulumi config set` and `pulumi new --config` accept it silently. */
function warnOfPlaintext(key: string): void {
  if (!isConfigSecret || isConfigSecret(key) || stackConfig(key) === undefined || warned().has(key)) return;
  warned().add(key);
  void pulumi.log.warn(
    `${key} is stored in this stack's config as plaintext. Run \`pulumi config set --secret ${key}\`. ` +
      "If other people have seen the file, ask an org admin of ION for a new API key.",
  );
}
