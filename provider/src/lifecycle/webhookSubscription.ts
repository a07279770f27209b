/** What a webhook subscription does in ION. @see ../resources/webhookSubscription.ts for what a program declares. */
import { z } from "zod";
import { retryOnConflict } from "../ion/conflicts.ts";
import { formatEnvironment } from "../ion/connectionSettings.ts";
import { IonError, isIonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { receiverDifference, subscriptionsTo } from "../model/difference.ts";
import { ACTIONS, VIOLET_RESOURCES } from "../model/events.ts";
import { describeDifference } from "../model/messages.ts";
import { didYouMean, similarNames, toConstantCase } from "../model/suggestions.ts";
import { escapeText } from "../model/text.ts";
import { eventName, type Receiver, type Receivers, type Subscription } from "../model/webhooks.ts";
import { inputFailures, receiverIdSchema } from "./inputs.ts";
import {
  type Failure,
  ifReadable,
  lookAhead,
  type ResourceHandler,
  UNKNOWN,
  type UncheckedInputs,
  type Warnings,
} from "./resourceHandler.ts";

/** The names that the package knows. None of these lists is closed. */
const KNOWN = { resource: VIOLET_RESOURCES as readonly string[], action: ACTIONS as readonly string[] };

const NAME = /^[A-Z][A-Z0-9_]*$/;

const nameOf = (property: keyof typeof KNOWN, example: string) =>
  z.string({ error: `must be one of ION's ${property}s, such as ${example}.` }).refine((name) => NAME.test(name), {
    error: ({ input }) => {
      const spelled = toConstantCase(String(input));
      const similar = KNOWN[property].includes(spelled) ? [spelled] : similarNames(spelled, KNOWN[property]);
      const suggestions = similar.length === 0 && NAME.test(spelled) ? [spelled] : similar;
      return [`must be one of ION's ${property}s, such as ${example}.`, ...didYouMean(suggestions)].join(" ");
    },
  });

const argsSchema = z.strictObject({
  receiverId: receiverIdSchema,
  resource: nameOf("resource", "PARTS"),
  action: nameOf("action", "UPDATE"),
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
const NAMES = ["resource", "action"] as const;

/** The lifecycle of a webhook subscription. */
export const webhookSubscription: ResourceHandler<Inputs, State> = {
  secrets: [],

  identities({ receiverId, resource, action }) {
    return [receiverId, resource, action].includes(UNKNOWN) ? [] : [`${receiverId} ${resource} ${action}`];
  },

  async check(api, news, olds) {
    const failures = inputFailures(argsSchema, news, olds);
    if (failures.length > 0) return { inputs: news, failures };
    const checked = await checkNames(api, news, olds);
    const isNew = Object.keys(olds).length === 0 && !Object.values(news).includes(UNKNOWN);
    if (!isNew || checked.failures.length > 0) return { inputs: news, ...checked };
    const inputs = news as unknown as Inputs;
    const { warnings } = await lookAhead(() => ifReadable(withoutCheck(inputs), () => findExisting(api, inputs)));
    return { inputs: news, failures: [], warnings: [...(checked.warnings ?? []), ...warnings] };
  },

  // The three together are the subscription. Pulumi creates the new one first, so that no event is lost in between.
  diff(_id, state, inputs) {
    const replaces = IDENTITY.filter((key) => inputs[key] !== state[key]);
    return { changes: replaces.length > 0, replaces };
  },

  async create(api, inputs) {
    const { receiverId, resource, action } = inputs;
    const { value: existing, warnings } = await ifReadable(withoutCheck(inputs), () => findExisting(api, inputs));
    const { id } = existing ?? (await subscribe(api, inputs));
    return { id, state: { receiverId, resource, action, ionEndpoint: api.environment }, warnings };
  },

  async import(api, id) {
    const found = findImported(await api.receivers(), id);
    if (!found) {
      throw new IonError(
        "notFound",
        `The webhook subscription ${escapeText(id)} does not exist in ${formatEnvironment(api.environment)}.`,
        {
          hints: [
            "Name it by its receiver's id, resource and action, such as 2/PARTS/UPDATE, or by its own id. " +
              "`npx --no-install pulumi-ion status` lists all of them.",
          ],
        },
      );
    }
    const { receiver, subscription } = found;
    const { resource, action } = subscription;
    const inputs = { receiverId: receiver.id, resource, action };
    return { id: subscription.id, inputs, state: { ...inputs, ionEndpoint: api.environment } };
  },

  async read(api, id, state) {
    const found = await findById(api, id, state.receiverId);
    if (!found) return {};
    const { receiver, subscription } = found;
    const { resource, action } = subscription;
    const differences = receiverDifference({ fields: {}, subscriptions: [subscription] }, receiver);
    const duplicates = differences.filter(
      (one) => one.kind === "duplicate" && one.object === "subscription" && one.subscriptions.includes(subscription),
    );
    const inputs = { receiverId: receiver.id, resource, action };
    return {
      warnings: duplicates.map(describeDifference),
      found: { inputs, state: { ...inputs, ionEndpoint: api.environment } },
    };
  },

  async update(_api, _id, state) {
    return { state };
  },

  async delete(api, id, state, isDeclared) {
    await retryOnConflict(api, async () => {
      const found = await findById(api, id, state.receiverId);
      if (!found) return;
      const { receiver, subscription } = found;
      const same = subscriptionsTo(state, receiver);
      if (isDeclared && same.length === 1 && same[0]?.id === id) return;
      await api.apply({ kind: "deleteSubscription", receiverId: receiver.id, subscription });
    });
  },
};

const withoutCheck = ({ receiverId }: Inputs) =>
  `Subscriptions of webhook receiver ${escapeText(receiverId)} are created without checking whether ION already has them.`;

/** The oldest subscription that already exists. */
async function findExisting(api: WebhookApi, inputs: Inputs): Promise<Subscription | undefined> {
  const receiver = await api.receiver(inputs.receiverId);
  if (!receiver) {
    throw new IonError(
      "notFound",
      `The webhook receiver with id ${escapeText(inputs.receiverId)} does not exist in ${formatEnvironment(api.environment)}, so it cannot be subscribed to ${escapeText(eventName(inputs))}.`,
      {
        hints: [
          "If it was deleted in ION and this stack declares it, run `pulumi refresh` and then `pulumi up`. Otherwise, correct receiverId.",
        ],
      },
    );
  }
  return subscriptionsTo(inputs, receiver)[0];
}

/** The subscription that is named by its id, or as RECEIVER/RESOURCE/ACTION: the oldest one. */
function findImported(receivers: Receivers, id: string) {
  const [receiverId, resource, action, ...rest] = id.split("/");
  if (resource === undefined) return findIn(receivers.values(), id);
  const receiver = receivers.get(receiverId ?? "");
  if (!receiver || action === undefined || rest.length > 0) return undefined;
  const [subscription] = subscriptionsTo({ resource, action }, receiver);
  return subscription && { receiver, subscription };
}

/** Finds a subscription by id: on its receiver, or on any other one if it was moved. */
async function findById(api: WebhookApi, id: string, receiverId: string) {
  const { receivers } = await api.receiversWith(receiverId);
  const known = receivers.get(receiverId);
  return findIn(known ? [known, ...receivers.values()] : receivers.values(), id);
}

function findIn(receivers: Iterable<Receiver>, id: string) {
  for (const receiver of receivers) {
    const subscription = receiver.subscriptions.find((one) => one.id === id);
    if (subscription) return { receiver, subscription };
  }
  return undefined;
}

/** Creates the subscription. If ION rejects a name that this package knows, the error suggests those that ION has. */
async function subscribe(api: WebhookApi, inputs: Inputs): Promise<Pick<Subscription, "id">> {
  const { receiverId, resource, action } = inputs;
  try {
    return await api.apply({ kind: "createSubscription", receiverId, event: { resource, action } });
  } catch (error) {
    if (!isIonError(error) || !["invalid", "refused", "notFound"].includes(error.kind)) throw error;
    const live = await api.subscriptionNames().catch(() => undefined);
    const unknown = live ? NAMES.filter((property) => !live[property].includes(inputs[property])) : [];
    const hints = unknown.flatMap((property) => [
      `ION has no ${property} ${escapeText(inputs[property])}.`,
      ...didYouMean(similarNames(inputs[property], live?.[property] ?? [])),
    ]);
    throw error.add({ hints });
  }
}

/** Checks new names that this package does not know against ION's live schema, so that only they cost a request. */
async function checkNames(
  api: WebhookApi,
  news: UncheckedInputs,
  olds: UncheckedInputs,
): Promise<Warnings & { readonly failures: readonly Failure[] }> {
  const unknown = NAMES.flatMap((property) => {
    const value = news[property];
    if (value === olds[property]) return [];
    const isUnknown = typeof value === "string" && value !== UNKNOWN && !KNOWN[property].includes(value);
    return isUnknown ? [{ property, value }] : [];
  });
  if (unknown.length === 0) return { failures: [] };
  try {
    const live = await api.subscriptionNames();
    const failures = unknown
      .filter(({ property, value }) => !live[property].includes(value))
      .map(({ property, value }) => ({
        property,
        reason: [`is not one of ION's ${property}s.`, ...didYouMean(similarNames(value, live[property]))].join(" "),
      }));
    return { failures };
  } catch (error) {
    if (!isIonError(error)) throw error;
    const warnings = unknown.map(
      ({ property, value }) =>
        `Could not check whether ION has the ${property} ${escapeText(value)}, because its schema could not be read. ${error.message}`,
    );
    return { failures: [], warnings };
  }
}
