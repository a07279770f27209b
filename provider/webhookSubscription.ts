import * as pulumi from "@pulumi/pulumi";
import { closestMatch } from "leven";
import { z } from "zod";
import { type ConnectionArgs, connectionFor, idWithin, noteResource, placeOfConnection } from "./connection.ts";
import { declareOnce, declareSubscription } from "./declared.ts";
import { providerText } from "./dynamic/text.ts";
import { IonError } from "./ion/errors.ts";
import { ACTIONS, byAge, VIOLET_RESOURCES } from "./ion/facts.ts";
import type { Subscription } from "./ion/operations.ts";
import { settleRace } from "./ion/race.ts";
import type { Ion } from "./ion/webhooks.ts";
import { type Failure, failuresOf, type ResourceLogic, UNKNOWN, type Unchecked } from "./resource.ts";

/** A resource of ION that events are about. The known names complete in an editor; ION has more, and its schema decides. */
export type WebhookResource = (typeof VIOLET_RESOURCES)[number] | (string & {});

/** What happens to a resource. */
export type WebhookAction = (typeof ACTIONS)[number] | (string & {});

/** What a {@link WebhookSubscription} is to be. A change of any of the three makes a new subscription and then ends the old one. */
export interface WebhookSubscriptionArgs extends ConnectionArgs {
  /** The id of the receiver that events go to. */
  receiverId: pulumi.Input<string>;
  /** What events are about, such as `PARTS`. */
  resource: pulumi.Input<WebhookResource>;
  /** What happens to it: `CREATE`, `UPDATE` or `DELETE`. */
  action: pulumi.Input<WebhookAction>;
}

/**
 * A webhook subscription in ION: one action on one resource that a receiver is told of.
 *
 * A subscription with the same receiver, resource and action that is there already is taken over, never made twice.
 *
 * @example
 * ```ts
 * new ion.WebhookSubscription("erp-parts", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export class WebhookSubscription extends pulumi.CustomResource {
  /** The name of the connection to its ION; undefined for the stack's own. */
  declare readonly connection: pulumi.Output<string | undefined>;
  declare readonly receiverId: pulumi.Output<string>;
  declare readonly resource: pulumi.Output<WebhookResource>;
  declare readonly action: pulumi.Output<WebhookAction>;

  constructor(name: string, args: WebhookSubscriptionArgs, opts?: pulumi.CustomResourceOptions) {
    const connection = connectionFor(name, args.connection, args.receiverId);
    const receiverId = idWithin(name, args.connection, connection, args.receiverId);
    const place = placeOfConnection(connection);
    const pair = pulumi.all([args.resource, args.action]).apply((names) => names.join(" "));
    declareSubscription({ name, place, receiverId, pair });
    const key = pulumi.all([receiverId, pair]).apply((parts) => parts.join(" "));
    const once = declareOnce("webhook subscription", name, place, key);
    const inputs = {
      ...args,
      connection,
      receiverId: pulumi.all([receiverId, once]).apply(([id]) => id),
      __provider: providerText("webhookSubscription"),
    };
    super("pulumi-nodejs:dynamic/ion:WebhookSubscription", name, inputs, opts);
    noteResource(this, connection);
  }
}

const name = z
  .string({ error: "is missing" })
  .regex(/^[A-Z][A-Z0-9_]*$/, "has to be one of ION's names, such as PARTS or UPDATE");

const argsSchema = z.strictObject({
  receiverId: z.string({ error: "has to be the id of a webhook receiver" }).min(1, "cannot be empty"),
  resource: name,
  action: name,
});

interface Inputs {
  readonly receiverId: string;
  readonly resource: string;
  readonly action: string;
}

interface State extends Inputs {
  readonly endpoint: string;
}

const IDENTITY = ["receiverId", "resource", "action"] as const;

/**
 * What {@link WebhookSubscription} does in ION.
 * @internal
 */
export const webhookSubscription: ResourceLogic<Inputs, State> = {
  secrets: [],

  identities({ receiverId, resource, action }) {
    return [receiverId, resource, action].includes(UNKNOWN) ? [] : [`${receiverId} ${resource} ${action}`];
  },

  async check(ion, news) {
    const failures = failuresOf(argsSchema, news);
    return { inputs: news, failures: failures.length > 0 ? failures : await unknownNames(ion, news) };
  },

  // The three together are what a subscription is. Pulumi makes the new one first, so that no event is lost between.
  diff(_id, state, inputs) {
    const replaces = IDENTITY.filter((key) => inputs[key] !== state[key]);
    return { changes: replaces.length > 0, replaces };
  },

  async create(ion, inputs) {
    const { receiverId, resource, action } = inputs;
    const receiver = await ion.receiver(receiverId);
    if (!receiver) {
      throw new IonError(
        "gone",
        `There is no webhook receiver with id ${receiverId} in the ION at ${ion.place}, so it cannot be subscribed to ${resource} ${action}.`,
      );
    }
    const [twin] = receiver.subscriptions.filter((found) => same(found, inputs)).sort(byAge);
    const { id } = twin ?? (await ion.createSubscription(receiverId, resource, action));
    return { id, state: { receiverId, resource, action, endpoint: ion.place } };
  },

  async read(ion, id, state) {
    const found = await find(ion, id, state.receiverId);
    if (!found) return undefined;
    const { receiverId, subscription } = found;
    const inputs = { receiverId, resource: subscription.resource, action: subscription.action };
    return { inputs, state: { ...inputs, endpoint: ion.place } };
  },

  async update(_ion, _id, state) {
    return state;
  },

  async delete(ion, id, state, declared) {
    await settleRace(ion, async () => {
      const found = await find(ion, id, state.receiverId);
      if (!found) return;
      const twins = (await ion.receivers()).get(found.receiverId)?.subscriptions.filter((other) => same(other, state));
      if (declared && twins?.length === 1 && twins[0]?.id === id) return;
      await ion.deleteSubscription(found.receiverId, found.subscription);
    });
  },
};

type Pair = Pick<Inputs, "resource" | "action">;
const same = (one: Pair, other: Pair) => one.resource === other.resource && one.action === other.action;

/** Finds a subscription by id: with the receiver it is known to belong to, or with any other, should it have moved. */
async function find(ion: Ion, id: string, receiverId: string) {
  const receivers = await ion.receivers();
  const known = receivers.get(receiverId);
  for (const receiver of known ? [known, ...receivers.values()] : receivers.values()) {
    const subscription = receiver.subscriptions.find((found: Subscription) => found.id === id);
    if (subscription) return { receiverId: receiver.id, subscription };
  }
  return undefined;
}

/** Asks ION's live schema about names that this package does not know, so that only they cost a request. */
async function unknownNames(ion: Ion, news: Unchecked): Promise<Failure[]> {
  const known = { resource: VIOLET_RESOURCES as readonly string[], action: ACTIONS as readonly string[] };
  const asked = (["resource", "action"] as const).filter((key) => {
    const value = news[key];
    return value !== UNKNOWN && typeof value === "string" && !known[key].includes(value);
  });
  if (asked.length === 0) return [];
  const live = await ion.subscriptionNames().catch(() => undefined);
  return asked.flatMap((property) => {
    const value = String(news[property]);
    if (!live || live[property].includes(value)) return [];
    const near = closestMatch(value, live[property], { maxDistance: 4 });
    return [{ property, reason: `ION knows no ${property} of that name${near ? `. Did you mean ${near}?` : ""}` }];
  });
}
