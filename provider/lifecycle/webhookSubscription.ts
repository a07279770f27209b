import { z } from "zod";
import { retryOnConflict } from "../ion/conflicts.ts";
import { IonError, isIonError } from "../ion/errors.ts";
import { ACTIONS, byAge, VIOLET_RESOURCES } from "../ion/facts.ts";
import type { Subscription } from "../ion/operations.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { didYouMean, nearNames, toConstantCase } from "../model/suggestions.ts";
import { type Failure, inputFailures, type ResourceHandler, UNKNOWN, type UncheckedInputs } from "./resourceHandler.ts";

/** The names that the package knows. None of these lists is closed. */
const KNOWN = { resource: VIOLET_RESOURCES as readonly string[], action: ACTIONS as readonly string[] };

const NAME = /^[A-Z][A-Z0-9_]*$/;

const nameOf = (property: keyof typeof KNOWN) =>
  z.string({ error: "is missing" }).refine((name) => NAME.test(name), {
    error: ({ input }) => {
      const written = toConstantCase(String(input));
      const near = KNOWN[property].includes(written) ? [written] : nearNames(written, KNOWN[property]);
      const meant = near.length === 0 && NAME.test(written) ? [written] : near;
      return `has to be one of ION's names, such as PARTS or UPDATE${didYouMean(meant)}`;
    },
  });

const argsSchema = z.strictObject({
  receiverId: z.string({ error: "has to be the id of a webhook receiver" }).min(1, "cannot be empty"),
  resource: nameOf("resource"),
  action: nameOf("action"),
});

interface Inputs {
  readonly receiverId: string;
  readonly resource: string;
  readonly action: string;
}

interface State extends Inputs {
  readonly ionEndpoint: string;
}

const IDENTITY = ["receiverId", "resource", "action"] as const;

/** What a webhook subscription does in ION. */
export const webhookSubscription: ResourceHandler<Inputs, State> = {
  secrets: [],

  identities({ receiverId, resource, action }) {
    return [receiverId, resource, action].includes(UNKNOWN) ? [] : [`${receiverId} ${resource} ${action}`];
  },

  async check(ion, news) {
    const failures = inputFailures(argsSchema, news);
    return { inputs: news, failures: failures.length > 0 ? failures : await unknownNames(ion, news) };
  },

  // The three together are what a subscription is. Pulumi makes the new one first, so that no event is lost between.
  diff(_id, state, inputs) {
    const replaces = IDENTITY.filter((key) => inputs[key] !== state[key]);
    return { changes: replaces.length > 0, replaces };
  },

  async create(ion, inputs) {
    const { receiverId, resource, action } = inputs;
    const without = `Subscriptions of webhook receiver ${receiverId} are made without a look whether ION has them already.`;
    const twin = await ion.ifReadable(without, () => findTwin(ion, inputs));
    const { id } = twin ?? (await subscribe(ion, inputs));
    return { id, state: { receiverId, resource, action, ionEndpoint: ion.environment } };
  },

  async read(ion, id, state) {
    const found = await find(ion, id, state.receiverId);
    if (!found) return undefined;
    const { receiverId, subscription } = found;
    const twins = ((await ion.receivers()).get(receiverId)?.subscriptions ?? []).filter((one) =>
      same(one, subscription),
    );
    if (twins.length > 1) {
      const ids = twins.map((twin) => twin.id).join(", ");
      const pair = `${subscription.resource} ${subscription.action}`;
      ion.warn(
        `Webhook receiver ${receiverId} is subscribed to ${pair} ${twins.length} times (ids ${ids}): each such event arrives ${twins.length} times.`,
      );
    }
    const inputs = { receiverId, resource: subscription.resource, action: subscription.action };
    return { inputs, state: { ...inputs, ionEndpoint: ion.environment } };
  },

  async update(_ion, _id, state) {
    return state;
  },

  async delete(ion, id, state, declared) {
    await retryOnConflict(ion, async () => {
      const found = await find(ion, id, state.receiverId);
      if (!found) return;
      const twins = (await ion.receivers()).get(found.receiverId)?.subscriptions.filter((other) => same(other, state));
      if (declared && twins?.length === 1 && twins[0]?.id === id) return;
      await ion.deleteSubscription(found.receiverId, found.subscription);
    });
  },
};

/** The oldest subscription that is there already. */
async function findTwin(ion: WebhookApi, inputs: Inputs): Promise<Subscription | undefined> {
  const { receiverId, resource, action } = inputs;
  const receiver = await ion.receiver(receiverId);
  if (!receiver) {
    throw new IonError(
      "gone",
      `There is no webhook receiver with id ${receiverId} in the ION at ${ion.environment}, so it cannot be subscribed to ${resource} ${action}.`,
    );
  }
  return receiver.subscriptions.filter((found) => same(found, inputs)).sort(byAge)[0];
}

type Pair = Pick<Inputs, "resource" | "action">;
const same = (one: Pair, other: Pair) => one.resource === other.resource && one.action === other.action;

/** Finds a subscription by id: with the receiver it is known to belong to, or with any other, should it have moved. */
async function find(ion: WebhookApi, id: string, receiverId: string) {
  const receivers = await ion.receivers();
  const known = receivers.get(receiverId);
  for (const receiver of known ? [known, ...receivers.values()] : receivers.values()) {
    const subscription = receiver.subscriptions.find((found: Subscription) => found.id === id);
    if (subscription) return { receiverId: receiver.id, subscription };
  }
  return undefined;
}

/** Subscribes; where ION refuses a name that this package knows and that ION does not have, the error says which it has. */
async function subscribe(ion: WebhookApi, inputs: Inputs): Promise<Pick<Subscription, "id">> {
  try {
    return await ion.createSubscription(inputs.receiverId, inputs.resource, inputs.action);
  } catch (error) {
    if (!isIonError(error) || !["invalid", "refused", "gone"].includes(error.kind)) throw error;
    const live = await ion.subscriptionNames().catch(() => undefined);
    const unknown = live ? NAMED.filter((property) => !live[property].includes(inputs[property])) : [];
    const hints = unknown.map(
      (property) =>
        ` This ION has no ${property} ${inputs[property]}${didYouMean(nearNames(inputs[property], live?.[property] ?? []))}`,
    );
    throw new IonError(error.kind, `${error.message}${hints.join("")}`);
  }
}

const NAMED = ["resource", "action"] as const;

/** Asks ION's live schema about names that this package does not know, so that only they cost a request. */
async function unknownNames(ion: WebhookApi, news: UncheckedInputs): Promise<Failure[]> {
  const asked = NAMED.flatMap((property) => {
    const value = news[property];
    const unknown = typeof value === "string" && value !== UNKNOWN && !KNOWN[property].includes(value);
    return unknown ? [{ property, value }] : [];
  });
  if (asked.length === 0) return [];
  try {
    const live = await ion.subscriptionNames();
    return asked
      .filter(({ property, value }) => !live[property].includes(value))
      .map(({ property, value }) => ({
        property,
        reason: `ION knows no ${property} of that name${didYouMean(nearNames(value, live[property]))}`,
      }));
  } catch (error) {
    if (!isIonError(error)) throw error;
    for (const { property, value } of asked) {
      ion.warn(
        `It was not checked whether ION knows the ${property} ${value}, because its schema could not be read: ${error.message}`,
      );
    }
    return [];
  }
}
