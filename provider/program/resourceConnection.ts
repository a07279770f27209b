/** Which ION a resource of the program is in: by the name of a connection, never by a key. */

import { configuredEnvironment, connectionNameProblem, settingNames } from "../ion/connectionSettings.ts";
import { oncePerProgram, programError } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

/** What names the ION that a resource or a look-up means. */
export interface ConnectionArgs {
  /**
   * The name of the connection to ION, where a program speaks to more than one: "staging" is what `ion-staging:region`,
   * `ion-staging:clientId`, `ion-staging:clientSecret` and so on set in the stack's config, with `ION_STAGING_API_URI`,
   * `ION_STAGING_AUTH_SERVER`, `ION_STAGING_CLIENT_ID` and `ION_STAGING_CLIENT_SECRET` standing in. A plain name of small
   * letters, digits and dashes; no key is ever in it. What belongs to a receiver of the same program takes its
   * receiver's. @default the stack's own, set by `ion:region` and so on
   */
  connection?: string | undefined;
}

/** The connections that this program's resources are reached over. */
const ofResource = new WeakMap<object, string | undefined>();

/** The connections that looked-up receivers were found over, by id. */
const lookedUp = oncePerProgram(() => new Map<string, Set<string | undefined>>());

/** Holds the name of a connection to what it may be. @throws RunError */
export function checkConnection(what: string, connection: unknown): void {
  const reason = connection === undefined ? undefined : connectionNameProblem(connection);
  if (reason) throw programError(`The connection of ${what} ${reason}.`);
}

/** Reads the stack's config by its full keys, secrets too, as the resources' provider does. */
export function stackConfig(key: string): string | undefined {
  const [namespace, name = ""] = key.split(":");
  return new pulumi.Config(namespace).get(name);
}

/** Pulumi's own look at what is secret in the config; its types leave it out. */
const { isConfigSecret } = pulumi.runtimeConfig as { readonly isConfigSecret?: (key: string) => boolean };

const warned = oncePerProgram(() => new Set<string>());

/** Says once that a client secret is in the config in plain: `pulumi config set` and `pulumi new --config` take it without a word. */
function warnOfPlain(key: string): void {
  if (!isConfigSecret || isConfigSecret(key) || stackConfig(key) === undefined || warned().has(key)) return;
  warned().add(key);
  void pulumi.log.warn(
    `${key} is in this stack's config in plain: set it again with \`pulumi config set --secret ${key}\`. ` +
      "If others have seen the file, have ION make another key.",
  );
}

/** Tells the objects of one ION from those of another, as far as it can be told without a key. */
export function placeOfConnection(connection: string | undefined): string {
  const { key } = settingNames(connection);
  warnOfPlain(key("clientSecret"));
  return configuredEnvironment((setting) => stackConfig(key(setting)), process.env, connection) ?? key("region");
}

/** Notes which connection a resource of the program is reached over. */
export function noteResource(resource: pulumi.Resource, connection: string | undefined): void {
  ofResource.set(resource, connection);
}

/** Notes which connection a receiver was found over. */
export function noteLookedUp(id: string, connection: string | undefined): void {
  lookedUp().set(id, (lookedUp().get(id) ?? new Set()).add(connection));
}

/**
 * Settles the connection of what names a receiver by its id: the receiver's own, where it is a resource of this program.
 * Each ION counts its ids from 1, so another one has a receiver of that id, too, and would be taken without a word.
 *
 * @throws RunError where the id is seen to come from another connection than the one given, or from several.
 */
export function connectionFor(
  name: string,
  given: string | undefined,
  id: pulumi.Input<string> | undefined,
): string | undefined {
  checkConnection(`"${name}"`, given);
  const sources = connectionsOf(resourcesOf(id));
  const connection = given ?? sources[0];
  refuseOthers(name, given, connection, sources);
  return connection;
}

/**
 * Holds the id of a receiver to a connection also where only its value tells where it comes from.
 *
 * @param given what the program says, beside the settled `connection`.
 * @returns `id`, for use as an input.
 * @throws RunError as {@link connectionFor}, and where it was looked up over other connections only.
 */
export function idWithin(
  name: string,
  given: string | undefined,
  connection: string | undefined,
  id: pulumi.Input<string>,
): pulumi.Output<string> {
  const found = lookedUp();
  // Where it comes from is known also where its value is not yet, at preview.
  const checked = allResourcesOf(id).then((resources) => {
    const sources = connectionsOf(resources);
    refuseOthers(name, given, connection, sources);
    return sources;
  });
  return pulumi.all([id, checked]).apply(([value, sources]) => {
    const others = given === undefined && sources.length === 0 ? [...(found.get(value) ?? [])] : [];
    if (others.length > 0 && !others.includes(undefined)) {
      throw programError(
        `The webhook receiver with id ${value} was looked up in ${others.map(called).join(" and ")}, and "${name}" names no ` +
          `connection: add connection: "${others[0]}". If it means the receiver ${value} of the stack's own ION, look that one up, too.`,
      );
    }
    return value;
  });
}

function refuseOthers(
  name: string,
  given: string | undefined,
  settled: string | undefined,
  sources: readonly (string | undefined)[],
) {
  if (sources.every((source) => source === settled)) return;
  throw programError(
    `"${name}" names a webhook receiver in ${sources.map(called).join(" and one in ")}` +
      `${given === undefined ? "" : `, and its connection is "${given}"`}: an id of one ION means another receiver in another ION.`,
  );
}

const called = (connection: string | undefined) =>
  connection === undefined ? "the stack's own connection" : `connection "${connection}"`;

const connectionsOf = (resources: Iterable<object>) => [
  ...new Set([...resources].flatMap((resource) => (ofResource.has(resource) ? [ofResource.get(resource)] : []))),
];

/** What Pulumi keeps of an output's origin, for its own use: test/connection.test.ts holds that it stays. */
interface Origin {
  readonly resources?: () => Iterable<object>;
  readonly allResources?: () => Promise<Iterable<object>>;
}

const originOf = (value: unknown): Origin => (pulumi.Output.isInstance(value) ? (value as Origin) : {});
const resourcesOf = (value: unknown) => originOf(value).resources?.() ?? [];
const allResourcesOf = async (value: unknown) => (await originOf(value).allResources?.()) ?? [];
