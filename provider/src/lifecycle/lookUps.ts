/** What a program can ask ION, as plain functions of plain data. They know no engine. @see ../functions/ for what a program calls. */
import { formatEnvironment } from "../ion/connectionSettings.ts";
import { IonError } from "../ion/errors.ts";
import { HOSTS, SOURCE_ADDRESSES, SOURCE_ADDRESSES_ORIGIN } from "../ion/facts.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { receiversWithUrl } from "../model/difference.ts";
import { escapeText, formatReceiver, listSome } from "../model/text.ts";
import { byAge, type Receiver, type Receivers } from "../model/webhooks.ts";

/** A webhook receiver as ION has it now, without its URL, its shared secret and the values of its headers. */
export interface ReceiverResult {
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
  readonly subscriptions: readonly SubscriptionResult[];
  /** The names of the headers that it sends. */
  readonly headerNames: readonly string[];
}

/** A webhook subscription as ION has it now. */
export interface SubscriptionResult {
  /** Its id in ION. */
  readonly id: string;
  /** What events are about. */
  readonly resource: string;
  /** What happened to it. */
  readonly action: string;
}

/** Which receiver to look up: everything that is set must match. */
interface Criteria {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly webhookUri?: string | undefined;
}

/** The one receiver that matches. @throws IonError if there is not exactly one, with what exists. */
export async function findReceiver(api: WebhookApi, criteria: Criteria): Promise<ReceiverResult> {
  if (Object.values(criteria).every((value) => value === undefined)) {
    throw new IonError("invalid", "Set an id, a name or a webhookUri.");
  }
  const receivers = await api.receivers();
  const matches = findMatches(receivers, criteria);
  const [receiver] = matches;
  if (matches.length === 1 && receiver) return resultOf(receiver);
  throw new IonError(matches.length > 1 ? "ambiguous" : "notFound", noSingleMatch(api, criteria, matches, receivers));
}

/** All receivers, oldest first. */
export async function listReceivers(api: WebhookApi): Promise<ReceiverResult[]> {
  return [...(await api.receivers()).values()].sort(byAge).map(resultOf);
}

/** What a subscription can name, from ION's live schema. */
export async function supportedResources(api: WebhookApi): Promise<{ resources: string[]; actions: string[] }> {
  const { resource, action } = await api.subscriptionNames();
  return { resources: [...resource], actions: [...action] };
}

/** The addresses that ION delivers from. @throws IonError for a region or stage that ION documents none for. */
export function sourceAddresses(region: string, stage = "production") {
  const byRegion: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = SOURCE_ADDRESSES;
  const stages = Object.hasOwn(byRegion, region) ? byRegion[region] : undefined;
  const cidrBlocks = stages && Object.hasOwn(stages, stage) ? stages[stage] : undefined;
  if (cidrBlocks) return { region, stage, cidrBlocks: [...cidrBlocks], ...SOURCE_ADDRESSES_ORIGIN };
  const known = Object.entries(byRegion).map(([name, of]) => `${name} (${Object.keys(of).join(", ")})`);
  const reason =
    Object.hasOwn(HOSTS, region) && !stages
      ? `ION documents no source addresses for region "${escapeText(region)}".`
      : `There is no region "${escapeText(region)}" with stage "${escapeText(stage)}".`;
  throw new IonError(
    "invalid",
    `${reason} ION documents those of ${known.join(" and ")}. Ask First Resonance for others.`,
  );
}

function resultOf(receiver: Receiver): ReceiverResult {
  const { id, name, description, contentType, expectedResponseCode, active, subscriptions, headers } = receiver;
  return {
    ...{ id, name, description, contentType, expectedResponseCode, active },
    subscriptions: [...subscriptions]
      .sort(byAge)
      .map((one) => ({ id: one.id, resource: one.resource, action: one.action })),
    headerNames: headers.map(({ key }) => key),
  };
}

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
