/**
 * What happens to subscriptions of one receiver that the program does not declare, and to duplicates.
 * @see ../resources/webhookSubscriptions.ts for what a program declares (`unmanaged`).
 */
import { z } from "zod";
import { retryOnConflict } from "../ion/conflicts.ts";
import { IonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { surplusSubscriptions } from "../model/changes.ts";
import { receiverDifference } from "../model/difference.ts";
import { escapeText, listSome } from "../model/text.ts";
import { byAge, eventName, type Subscription } from "../model/webhooks.ts";
import { ifReadable, inputFailures, type ResourceHandler, UNKNOWN, withoutKeys } from "./resourceHandler.ts";

/** More deletions than this at once are more likely a wrong receiver than a clean-up. */
const DEFAULT_MAX_DELETIONS = 20;

const argsSchema = z.strictObject({
  receiverId: z.string(),
  unmanaged: z.enum(["delete", "report"], { error: 'must be "delete", "report" or "ignore"' }),
  declared: z.array(z.string()),
  incomplete: z.boolean().optional(),
  maxDeletions: z.int({ error: "must be a whole number" }).min(0, "must not be negative").optional(),
});

interface Args {
  readonly receiverId: string;
  readonly unmanaged: "delete" | "report";
  /** Every event that the program declares for this receiver, as "RESOURCE ACTION". */
  readonly declared: readonly string[];
  /** Whether this run does not know all of them, as a run with --target may not. Then nothing is deleted. */
  readonly incomplete?: boolean | undefined;
  readonly maxDeletions?: number | undefined;
}

/** Args with what a preview shows. Subscriptions are listed as "RESOURCE ACTION (id 41)". */
interface Inputs extends Args {
  /** Reported by an earlier `pulumi up`. */
  readonly reported?: readonly string[];
  /** Found by this refresh for the first time. */
  readonly newlyFound?: readonly string[];
  /** What this `pulumi up` deletes: what was reported. */
  readonly deleting?: readonly string[];
  /** What the next `pulumi up` deletes: what is newly found. */
  readonly deletingNext?: readonly string[];
}

interface State extends Args {
  readonly ionEndpoint: string;
  /** What ION has and the program does not declare. */
  readonly unmanagedNow: readonly string[];
  /** Those of them that a `pulumi up` has reported, so that the next one may delete them. */
  readonly reported: readonly string[];
}

/** Keys that read and check add to the inputs for the preview. */
const PREVIEW_KEYS = ["reported", "newlyFound", "deleting", "deletingNext"];

/** The lifecycle of the unmanaged subscriptions of a receiver. */
export const unmanagedSubscriptions: ResourceHandler<Inputs, State> = {
  secrets: [],

  identities() {
    return [];
  },

  async check(api, given, olds) {
    const news = withoutKeys(given, PREVIEW_KEYS);
    const failures = inputFailures(argsSchema, news, {});
    const { unmanaged, maxDeletions, incomplete } = news as Partial<Args>;
    const { receiverId } = olds as Partial<Inputs>;
    if (failures.length > 0 || unmanaged !== "delete" || receiverId === undefined) return { inputs: news, failures };
    const { reported, newlyFound } = dueFor(olds);
    if (reported.length > 0 && incomplete !== true) {
      const reason = tooMany(receiverId, reported, (await subscriptionsOf(api, receiverId)).length, maxDeletions);
      if (reason) failures.push({ property: "maxDeletions", reason });
    }
    const preview = {
      ...(reported.length > 0 && { reported, deleting: reported }),
      ...(newlyFound.length > 0 && { newlyFound, deletingNext: newlyFound }),
    };
    return { inputs: { ...news, ...preview }, failures };
  },

  // Another receiver has other subscriptions.
  diff(_id, state, inputs) {
    if (inputs.receiverId !== UNKNOWN && inputs.receiverId !== state.receiverId) {
      return { changes: true, replaces: ["receiverId"] };
    }
    const declared = inputs.declared as readonly string[] | typeof UNKNOWN;
    const isDeclaredChanged =
      declared !== UNKNOWN && inputs.incomplete !== true && declared.join() !== state.declared.join();
    const changes =
      inputs.unmanaged !== state.unmanaged ||
      inputs.maxDeletions !== state.maxDeletions ||
      isDeclaredChanged ||
      (inputs.unmanaged === "delete" && inputs.incomplete !== true && state.unmanagedNow.length > 0);
    return { changes, replaces: [] };
  },

  async create(api, inputs) {
    const { value: unmanagedNow = [], warnings } = await readable(api, inputs);
    const state = stateOf(api, inputs, unmanagedNow, unmanagedNow);
    const report = describe(inputs, unmanagedNow);
    return { id: `unmanaged-${inputs.receiverId}`, state, warnings: [...warnings, ...report] };
  },

  async read(api, _id, state) {
    if (!(await api.receivers()).has(state.receiverId)) return {};
    const unmanagedNow = await findUnmanaged(api, state);
    const reported = unmanagedNow.filter((name) => state.reported.includes(name));
    const newlyFound = unmanagedNow.filter((name) => !state.reported.includes(name));
    const preview = {
      ...(reported.length > 0 && { reported }),
      ...(newlyFound.length > 0 && { newlyFound }),
    };
    return {
      warnings: describe(state, reported, newlyFound),
      found: {
        inputs: { ...args(state), ...(state.unmanaged === "delete" && preview) },
        state: stateOf(api, state, unmanagedNow, reported),
      },
    };
  },

  async update(api, _id, state, inputs) {
    const before = new Set([...state.unmanagedNow, ...state.reported]);
    // Under "report" the preview said that they stay: an `up` that changes to "delete" only reports them.
    const isDeleting = inputs.unmanaged === "delete" && state.unmanaged === "delete";
    const due = isDeleting ? state.reported : [];
    if (inputs.incomplete === true)
      return { state: { ...state, ...args(inputs), declared: state.declared }, warnings: skipped(inputs, due) };
    const total = due.length > 0 ? (await subscriptionsOf(api, inputs.receiverId)).length : 0;
    const reason = tooMany(inputs.receiverId, due, total, inputs.maxDeletions);
    if (reason) throw new IonError("ambiguous", `maxDeletions ${reason}`);
    const outcomes = await Promise.all(due.map((name) => deleteIfUnmanaged(api, inputs, name)));
    const deleted = due.filter((_name, index) => outcomes[index]);
    const { value: unmanagedNow = state.unmanagedNow, warnings } = await readable(api, inputs);
    const isPolicyNew = inputs.unmanaged !== state.unmanaged;
    const unreported = unmanagedNow.filter((name) => isPolicyNew || !before.has(name));
    return {
      state: stateOf(api, inputs, unmanagedNow, unmanagedNow),
      warnings: [
        ...warnings,
        ...(deleted.length > 0
          ? [`Deleted unmanaged subscriptions of receiver ${escapeText(inputs.receiverId)}: ${deleted.join(", ")}.`]
          : []),
        ...describe(inputs, unreported),
      ],
    };
  },

  async delete() {},
};

/** What is due for deletion, and what after that, by the inputs of the last refresh; without one, of the last `up`. */
function dueFor({ reported = [], newlyFound = [], deleting, deletingNext = [] }: Partial<Inputs>) {
  const isFromUp = deleting !== undefined || deletingNext.length > 0;
  return isFromUp ? { reported: deletingNext, newlyFound: [] } : { reported, newlyFound };
}

const args = ({ receiverId, unmanaged, declared, maxDeletions }: Args): Args => ({
  receiverId,
  unmanaged,
  declared,
  maxDeletions,
});

const stateOf = (
  api: WebhookApi,
  inputs: Args,
  unmanagedNow: readonly string[],
  reported: readonly string[],
): State => ({
  ...args(inputs),
  ionEndpoint: api.environment,
  unmanagedNow,
  reported: inputs.unmanaged === "delete" ? reported : [],
});

/** Why so many deletions are refused, to follow "maxDeletions"; undefined if they are allowed. */
function tooMany(receiverId: string, names: readonly string[], total: number, allowed = 0): string | undefined {
  const isAll = names.length === total;
  if (names.length === 0 || names.length <= allowed || (!isAll && names.length <= DEFAULT_MAX_DELETIONS)) {
    return undefined;
  }
  return (
    `does not allow this: ${isAll ? `all ${total}` : `${names.length} of the ${total}`} subscriptions of receiver ${escapeText(receiverId)} are not in your ` +
    `program and would be deleted: ${listSome(names, 5)}. Check that it is the right receiver. To delete them, set ` +
    `maxDeletions: ${names.length}. To keep them, set unmanaged: "report"`
  );
}

/** Says what is unmanaged, and when it is deleted: by the next `pulumi up`, or by the one after. */
function describe({ receiverId, unmanaged }: Args, next: readonly string[], later: readonly string[] = []): string[] {
  const all = [...next, ...later];
  if (all.length === 0) return [];
  const subject = `Receiver ${escapeText(receiverId)} has subscriptions that are not in your program`;
  if (unmanaged === "report") return [`${subject}: ${all.join(", ")}. They are kept (unmanaged: "report").`];
  return [
    [
      `${subject}.`,
      ...(next.length > 0 ? [`The next \`pulumi up\` deletes ${next.join(", ")}.`] : []),
      ...(later.length > 0 ? [`Newly found, and deleted one \`pulumi up\` later: ${later.join(", ")}.`] : []),
    ].join(" "),
  ];
}

const skipped = ({ receiverId }: Args, due: readonly string[]): string[] =>
  due.length === 0
    ? []
    : [
        `Unmanaged subscriptions of receiver ${escapeText(receiverId)} were not deleted, because this run does not know every subscription ` +
          "that your program declares. Run `pulumi up` for the whole stack.",
      ];

/** Lists what is unmanaged, and duplicates except the oldest, which is the one that is managed. */
async function findUnmanaged(api: WebhookApi, { receiverId, declared }: Args): Promise<string[]> {
  return (await surplusOf(api, receiverId, declared)).map(label);
}

function readable(api: WebhookApi, inputs: Args) {
  const consequence = `Unmanaged subscriptions of receiver ${escapeText(inputs.receiverId)} are not searched for.`;
  return ifReadable(consequence, () => findUnmanaged(api, inputs));
}

async function surplusOf(api: WebhookApi, receiverId: string, declared: readonly string[]): Promise<Subscription[]> {
  const receiver = (await api.receivers()).get(receiverId);
  if (!receiver) return [];
  const subscriptions = declared.map((event) => {
    const [resource = "", action = ""] = event.split(" ");
    return { resource, action };
  });
  return surplusSubscriptions(receiverDifference({ fields: {}, subscriptions }, receiver)).sort(byAge);
}

/** Deletes a subscription by its label, if it still has that and is still unmanaged. Returns whether it did. */
function deleteIfUnmanaged(api: WebhookApi, { receiverId, declared }: Args, name: string): Promise<boolean> {
  return retryOnConflict(api, async () => {
    const subscription = (await surplusOf(api, receiverId, declared)).find((one) => label(one) === name);
    if (subscription) await api.apply({ kind: "deleteSubscription", receiverId, subscription });
    return subscription !== undefined;
  });
}

async function subscriptionsOf(api: WebhookApi, receiverId: string): Promise<readonly Subscription[]> {
  return (await api.receivers()).get(receiverId)?.subscriptions ?? [];
}

const label = (subscription: Subscription) => escapeText(`${eventName(subscription)} (id ${subscription.id})`);
