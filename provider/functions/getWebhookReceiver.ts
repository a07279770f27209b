import { formatEnvironment } from "../ion/connectionSettings.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { receiversWithUrl } from "../model/difference.ts";
import { escapeText, formatReceiver, listSome } from "../model/text.ts";
import { byAge, type Receiver, type Receivers } from "../model/webhooks.ts";
import { programError } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import type { ConnectionArgs } from "../program/resourceConnection.ts";
import { lookUp } from "./lookup.ts";

/** Which receiver to look up. Everything that is set must match; at least one must be set. */
export interface GetWebhookReceiverArgs extends ConnectionArgs {
  /** Its id in ION. */
  id?: string | undefined;
  /** Its exact name in ION. */
  name?: string | undefined;
  /** The URL that it sends events to, in any spelling. A secret: it is in no message and no result. */
  webhookUri?: string | undefined;
}

/** {@link GetWebhookReceiverArgs} with values that may not be known yet. */
export interface GetWebhookReceiverOutputArgs extends ConnectionArgs {
  /** Its id in ION. */
  id?: pulumi.Input<string | undefined>;
  /** Its exact name in ION. */
  name?: pulumi.Input<string | undefined>;
  /** The URL that it sends events to, in any spelling. A secret: it is in no message and no result. */
  webhookUri?: pulumi.Input<string | undefined>;
}

/** A webhook receiver as ION has it now, without its URL, its shared secret and the values of its headers. */
export interface GetWebhookReceiverResult {
  /** Its id in ION. */
  readonly id: string;
  /** Its name in ION. */
  readonly name: string;
  /** Free text; undefined if it has none. */
  readonly description: string | undefined;
  /** The Content-Type of the requests that ION sends. */
  readonly contentType: string | undefined;
  /** The HTTP status that confirms a delivery. */
  readonly expectedResponseCode: number | undefined;
  /** Whether ION sends events. */
  readonly active: boolean | undefined;
  /** Its subscriptions, oldest first. */
  readonly subscriptions: readonly { readonly id: string; readonly resource: string; readonly action: string }[];
  /** The names of the headers that it sends. */
  readonly headerNames: readonly string[];
  /** The connection that it was found over; undefined for the default connection. */
  readonly connection: string | undefined;
}

/**
 * Looks up one webhook receiver in ION, in a preview too. What the program itself declares exists only after `pulumi up`: use
 * that resource instead.
 *
 * The result holds no secret, so it can be used anywhere. To get the shared secret of an existing receiver, import it:
 * `new WebhookReceiver(…, { importId })`.
 *
 * @throws RunError if no receiver matches (with the names and ids that exist), if several match (with their ids), and if ION
 * cannot be read.
 *
 * @example
 * ```ts
 * const receiver = await ion.getWebhookReceiver({ name: "Violet" });
 * new ion.WebhookSubscription("parts", { receiver, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export function getWebhookReceiver(args: GetWebhookReceiverArgs): Promise<GetWebhookReceiverResult> {
  return lookUp("getWebhookReceiver", args, async (api) => {
    const { connection, ...criteria } = args;
    if (Object.values(criteria).every((value) => value === undefined)) {
      throw programError("getWebhookReceiver needs an id, a name or a webhookUri.");
    }
    const receivers = await api.receivers();
    const matches = findMatches(receivers, criteria);
    const [receiver] = matches;
    if (matches.length !== 1 || !receiver) throw programError(noSingleMatch(api, criteria, matches, receivers));
    return lookUpResult(receiver, connection);
  });
}

/**
 * {@link getWebhookReceiver} with values that may not be known yet, for a program that does not await.
 *
 * @example
 * ```ts
 * const receiver = ion.getWebhookReceiverOutput({ name: config.require("receiver") });
 * new ion.WebhookSubscription("parts", { receiver, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export function getWebhookReceiverOutput(args: GetWebhookReceiverOutputArgs): pulumi.Output<GetWebhookReceiverResult> {
  // A secret URL would make the whole result a secret, which it is not.
  return pulumi.unsecret(pulumi.output(args).apply(getWebhookReceiver));
}

/** A receiver as look-ups return it. */
export function lookUpResult(receiver: Receiver, connection: string | undefined): GetWebhookReceiverResult {
  const { id, name, description, contentType, expectedResponseCode, active, subscriptions, headers } = receiver;
  return {
    ...{ id, name, description, contentType, expectedResponseCode, active, connection },
    subscriptions: [...subscriptions]
      .sort(byAge)
      .map((one) => ({ id: one.id, resource: one.resource, action: one.action })),
    headerNames: headers.map(({ key }) => key),
  };
}

type Criteria = Omit<GetWebhookReceiverArgs, "connection">;

function findMatches(receivers: Receivers, { id, name, webhookUri }: Criteria): Receiver[] {
  const candidates =
    webhookUri === undefined ? [...receivers.values()].sort(byAge) : receiversWithUrl(webhookUri, receivers);
  return candidates.filter((one) => (id === undefined || one.id === id) && (name === undefined || one.name === name));
}

/** More receivers would bury the message. */
const MAX_LISTED = 20;

/** Says why there is not one match, and what to do instead. */
function noSingleMatch(
  api: WebhookApi,
  criteria: Criteria,
  matches: readonly Receiver[],
  receivers: Receivers,
): string {
  const { id, name, webhookUri } = criteria;
  const conditions = [
    ...(id === undefined ? [] : [`id ${escapeText(id)}`]),
    ...(name === undefined ? [] : [`name "${escapeText(name)}"`]),
    ...(webhookUri === undefined ? [] : ["the given webhookUri"]),
  ].join(" and ");
  const all = [...receivers.values()].sort(byAge);
  const list = (some: readonly Receiver[]) => listSome(some.map(formatReceiver), MAX_LISTED);
  const environment = formatEnvironment(api.environment);
  if (matches.length > 1) {
    return `There are ${matches.length} webhook receivers with ${conditions} in ${environment}: ${list(matches)}. Look one up by its id.`;
  }
  const isMasked = webhookUri !== undefined && all.some((one) => one.webhookUri === undefined);
  return [
    `There is no webhook receiver with ${conditions} in ${environment}.`,
    all.length > 0 ? `It has ${list(all)}.` : "ION shows this API key no webhook receivers.",
    ...(isMasked ? ["ION does not show this API key every webhookUri: look the receiver up by name or id."] : []),
    "If this program declares the receiver, use that resource instead: ION has it only after `pulumi up`.",
  ].join(" ");
}
