import type { ConnectionPool } from "../ion/connectionPool.ts";
import { isIonError } from "../ion/errors.ts";
import { byAge } from "../ion/facts.ts";
import type { Receiver } from "../ion/operations.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { sameUrl } from "../model/url.ts";
import { oncePerProgram, programError, track } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import { type ConnectionArgs, checkConnection, noteLookedUp, stackConfig } from "../program/resourceConnection.ts";

/** Which receiver to look up: all that is given has to fit, and at least one has to be given. */
export interface GetWebhookReceiverArgs extends ConnectionArgs {
  /** Its id in ION. */
  id?: string | undefined;
  /** Its name in ION, letter for letter. */
  name?: string | undefined;
  /** The URL that it sends events to, however it is written. A secret: it is in no message and no result. */
  webhookUri?: string | undefined;
}

/** As {@link GetWebhookReceiverArgs}, of values that may not be known yet. */
export interface GetWebhookReceiverOutputArgs extends ConnectionArgs {
  /** Its id in ION. */
  id?: pulumi.Input<string | undefined>;
  /** Its name in ION, letter for letter. */
  name?: pulumi.Input<string | undefined>;
  /** The URL that it sends events to, however it is written. A secret: it is in no message and no result. */
  webhookUri?: pulumi.Input<string | undefined>;
}

/** A webhook receiver as ION has it now. Its URL, its shared secret and the values of its headers are left out. */
export interface GetWebhookReceiverResult {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly contentType: string | undefined;
  readonly expectedResponseCode: number | undefined;
  readonly active: boolean | undefined;
  /** What it is subscribed to, oldest first. */
  readonly subscriptions: readonly { readonly id: string; readonly resource: string; readonly action: string }[];
  /** The names of the headers that it sends. */
  readonly headerNames: readonly string[];
  /** The connection that it was found over; undefined for the stack's own. */
  readonly connection: string | undefined;
}

/** What ION takes for a subscription today. */
export interface GetSupportedResourcesResult {
  /** The names of resources, in ION's order. */
  readonly resources: readonly string[];
  /** The names of actions, in ION's order. */
  readonly actions: readonly string[];
}

/**
 * Looks one webhook receiver up in ION, at preview too. What the program itself declares is there only after
 * `pulumi up`: use that resource's `id`.
 *
 * The result holds no secret, so nothing of it can get into the state in plain. To have the shared secret of a receiver
 * that exists, take it over: `new WebhookReceiver(…, { importId })`.
 *
 * @throws RunError where none fits, with the names and ids of what there is; where several fit, with their ids; and
 * where ION cannot be asked.
 *
 * @example
 * ```ts
 * const found = await ion.getWebhookReceiver({ name: "Violet" });
 * new ion.WebhookSubscription("parts", { receiverId: found.id, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export function getWebhookReceiver(args: GetWebhookReceiverArgs): Promise<GetWebhookReceiverResult> {
  return look("getWebhookReceiver", args, async (ion) => {
    const { connection, ...wanted } = args;
    if (Object.values(wanted).every((value) => value === undefined)) {
      throw programError("getWebhookReceiver needs an id, a name or a webhookUri to look for.");
    }
    const all = [...(await ion.receivers()).values()].sort(byAge);
    const found = all.filter((receiver) => fits(receiver, wanted));
    const [receiver] = found;
    if (found.length !== 1 || !receiver) throw programError(noOne(ion, wanted, found, all));
    return resultOf(receiver, connection);
  });
}

/**
 * As {@link getWebhookReceiver}, with values that are not known yet, and for a program that does not wait.
 *
 * @example
 * ```ts
 * const found = ion.getWebhookReceiverOutput({ name: config.require("receiver") });
 * new ion.WebhookSubscription("parts", { receiverId: found.id, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export function getWebhookReceiverOutput(args: GetWebhookReceiverOutputArgs): pulumi.Output<GetWebhookReceiverResult> {
  // A secret URL would make all of the result a secret, which holds none.
  return pulumi.unsecret(pulumi.output(args).apply(getWebhookReceiver));
}

/** Looks all webhook receivers up in ION, oldest first, at preview too. Results as of {@link getWebhookReceiver}. */
export function getWebhookReceivers(args: ConnectionArgs = {}): Promise<GetWebhookReceiverResult[]> {
  return look("getWebhookReceivers", args, async (ion) =>
    [...(await ion.receivers()).values()].sort(byAge).map((receiver) => resultOf(receiver, args.connection)),
  );
}

/** As {@link getWebhookReceivers}, for a program that does not wait. */
export function getWebhookReceiversOutput(args: ConnectionArgs = {}): pulumi.Output<GetWebhookReceiverResult[]> {
  return pulumi.output(getWebhookReceivers(args));
}

/**
 * Reads off ION's live schema which resources and actions a webhook subscription may name. ION's list grows without
 * notice, and differs from one ION to another.
 *
 * @throws RunError where ION cannot be asked.
 *
 * @example
 * ```ts
 * const { resources } = await ion.getSupportedResources();
 * const runs = resources.includes("RUNS") ? "RUNS" : "RUN";
 * ```
 */
export function getSupportedResources(args: ConnectionArgs = {}): Promise<GetSupportedResourcesResult> {
  return look("getSupportedResources", args, async (ion) => {
    const { resource, action } = await ion.subscriptionNames();
    return { resources: [...resource], actions: [...action] };
  });
}

/** As {@link getSupportedResources}, for a program that does not wait. */
export function getSupportedResourcesOutput(args: ConnectionArgs = {}): pulumi.Output<GetSupportedResourcesResult> {
  return pulumi.output(getSupportedResources(args));
}

/** The IONs that this run of the program looks into; what speaks to them is loaded at the first look. */
const connections = oncePerProgram(async (): Promise<ConnectionPool> => {
  const { ConnectionPool } = await import("../ion/connectionPool.ts");
  return new ConnectionPool(stackConfig, process.env, { warn: (words) => void pulumi.log.warn(words) });
});

function look<T>(what: string, { connection }: ConnectionArgs, ask: (ion: WebhookApi) => Promise<T>): Promise<T> {
  const asked = connections().then((known) => {
    checkConnection(what, connection);
    return ask(known.get(connection));
  });
  return track(asked).catch((error: unknown) => {
    // Pulumi prints a RunError as it is, and any other with words of its own before it.
    throw isIonError(error) ? programError(`${what}: ${error.message}`) : error;
  });
}

type Wanted = Omit<GetWebhookReceiverArgs, "connection">;

function fits(receiver: Receiver, { id, name, webhookUri }: Wanted): boolean {
  return (
    (id === undefined || receiver.id === id) &&
    (name === undefined || receiver.name === name) &&
    (webhookUri === undefined || sameUrl(receiver.webhookUri, webhookUri))
  );
}

function resultOf(receiver: Receiver, connection: string | undefined): GetWebhookReceiverResult {
  const { id, name, description, contentType, expectedResponseCode, active, subscriptions, headers } = receiver;
  noteLookedUp(id, connection);
  return {
    ...{ id, name, description, contentType, expectedResponseCode, active, connection },
    subscriptions: [...subscriptions]
      .sort(byAge)
      .map((one) => ({ id: one.id, resource: one.resource, action: one.action })),
    headerNames: headers.map(({ key }) => key),
  };
}

/** More receivers than this would bury what there is to read. */
const MANY = 20;

/** Says why there is not the one receiver, and what to type instead. */
function noOne(ion: WebhookApi, wanted: Wanted, found: readonly Receiver[], all: readonly Receiver[]): string {
  const said = [
    wanted.id !== undefined && `id ${wanted.id}`,
    wanted.name !== undefined && `name "${wanted.name}"`,
    wanted.webhookUri !== undefined && "that webhookUri",
  ].filter((part) => part !== false);
  const listed = (receivers: readonly Receiver[]) => {
    const some = receivers.slice(0, MANY).map(({ id, name }) => `"${name}" (id ${id})`);
    return [...some, ...(receivers.length > MANY ? [`and ${receivers.length - MANY} more`] : [])].join(", ");
  };
  const asked = `with ${said.join(" and ")} in the ION at ${ion.environment}`;
  if (found.length > 1)
    return `There are ${found.length} webhook receivers ${asked}: ${listed(found)}. Look one up by its id.`;
  const masked = wanted.webhookUri !== undefined && all.some(({ webhookUri }) => webhookUri === undefined);
  return (
    `There is no webhook receiver ${asked}. ` +
    (all.length > 0
      ? `There ${all.length === 1 ? "is" : "are"} ${listed(all)}.`
      : "It shows this API key none at all.") +
    (masked ? " ION does not show the webhookUri of all of them to this API key: look it up by name or id." : "") +
    " What this program itself declares is there only after `pulumi up`: use that resource's id."
  );
}
