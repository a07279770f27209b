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
import { escapeText, formatReceiver, listSome } from "../model/text.ts";
import { byAge, eventName, type Subscription } from "../model/webhooks.ts";
import { inputFailures, receiverIdSchema, withoutKeys } from "./inputs.ts";
import { ifReadable, type ResourceHandler, type Run, UNKNOWN } from "./resourceHandler.ts";

/** More deletions than this at once are more likely a wrong receiver than a clean-up. */
const DEFAULT_MAX_DELETIONS = 20;

const argsSchema = z.strictObject({
  receiverId: receiverIdSchema,
  unmanaged: z.enum(["delete", "report"], { error: 'must be "delete", "report" or "ignore"' }),
  declared: z.array(z.string()),
  incomplete: z.boolean().optional(),
  maxDeletions: z.int({ error: "must be a whole number" }).min(0, "must not be negative").optional(),
});

interface Declared {
  readonly receiverId: string;
  /** Every event that the program declares for this receiver, as "RESOURCE ACTION". */
  readonly declared: readonly string[];
}

interface Args extends Declared {
  readonly unmanaged: "delete" | "report";
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

const ALONE: Run = { has: () => false, declared: () => [] };

/** The lifecycle of the unmanaged subscriptions of a receiver. */
export const unmanagedSubscriptions: ResourceHandler<Inputs, State> = {
  secrets: [],

  identities() {
    return [];
  },

  async check(api, given, olds, run = ALONE) {
    const news = withoutKeys(given, PREVIEW_KEYS);
    const failures = inputFailures(argsSchema, news, {});
    const { unmanaged, declared, maxDeletions, incomplete } = news as Partial<Args>;
    const { receiverId } = olds as Partial<Inputs>;
    if (failures.length > 0 || unmanaged !== "delete" || receiverId === undefined) return { inputs: news, failures };
    const due = dueFor(olds);
    // `ignoreChanges` hands back what read returned, with these keys: then nothing is deleted either.
    const isIgnored = PREVIEW_KEYS.some((key) => key in given);
    if (incomplete === true || isIgnored || !Array.isArray(declared)) {
      const warnings = isIgnored ? [] : await warnIncomplete(api, receiverId, due.reported);
      return { inputs: { ...news, ...previewLists(due), incomplete: true }, failures, warnings };
    }
    const reported = await filterUnmanaged(api, run, { receiverId, declared }, due.reported);
    const newlyFound = await filterUnmanaged(api, run, { receiverId, declared }, due.newlyFound);
    const reason = await tooMany(api, receiverId, reported, maxDeletions);
    if (reason) failures.push({ property: "maxDeletions", reason });
    const preview = previewLists({ reported, deleting: reported, newlyFound, deletingNext: newlyFound });
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
    const report = await describe(api, inputs, unmanagedNow, announceDeletion(unmanagedNow));
    return { id: `unmanaged-${inputs.receiverId}`, state, warnings: [...warnings, ...report] };
  },

  async import() {
    throw new IonError("invalid", "A list of unmanaged subscriptions cannot be imported: it is not an object in ION.");
  },

  async read(api, _id, state) {
    if (!(await api.knownReceiver(state.receiverId))) return {};
    const unmanagedNow = await findUnmanaged(api, state);
    const reported = unmanagedNow.filter((name) => state.reported.includes(name));
    const newlyFound = unmanagedNow.filter((name) => !state.reported.includes(name));
    const plan = [
      ...(reported.length > 0 ? [`\`pulumi up\` deletes ${reported.join(", ")}.`] : []),
      ...(newlyFound.length > 0
        ? [`\`pulumi up\` does not delete ${newlyFound.join(", ")} yet; the \`pulumi up\` after it does.`]
        : []),
    ];
    return {
      warnings: await describe(api, state, unmanagedNow, plan.join(" ")),
      found: {
        inputs: { ...args(state), ...(state.unmanaged === "delete" && previewLists({ reported, newlyFound })) },
        state: stateOf(api, state, unmanagedNow, reported),
      },
    };
  },

  async update(api, _id, state, inputs, run = ALONE) {
    if (inputs.incomplete === true) return { state: { ...state, ...args(inputs), declared: state.declared } };
    const before = new Set([...state.unmanagedNow, ...state.reported]);
    // Under "report" the preview said that they stay: an `up` that changes to "delete" only reports them.
    const isDeleting = inputs.unmanaged === "delete" && state.unmanaged === "delete";
    const due = isDeleting ? await filterUnmanaged(api, run, inputs, state.reported) : [];
    const reason = await tooMany(api, inputs.receiverId, due, inputs.maxDeletions);
    if (reason) throw new IonError("ambiguous", `maxDeletions ${reason}.`);
    const outcomes = await Promise.all(due.map((name) => deleteIfUnmanaged(api, run, inputs, name)));
    const deleted = due.filter((_name, index) => outcomes[index]);
    const { value: unmanagedNow = state.unmanagedNow, warnings } = await readable(api, inputs);
    const isPolicyNew = inputs.unmanaged !== state.unmanaged;
    const unreported = unmanagedNow.filter((name) => isPolicyNew || !before.has(name));
    return {
      state: stateOf(api, inputs, unmanagedNow, unmanagedNow),
      warnings: [
        ...warnings,
        ...(deleted.length > 0
          ? [`Deleted subscriptions of receiver ${await nameOf(api, inputs.receiverId)}: ${deleted.join(", ")}.`]
          : []),
        ...(await describe(api, inputs, unreported, announceDeletion(unreported))),
      ],
    };
  },

  async delete() {},
};

/** What this `up` deletes, and what it only reports: by the last refresh, or without one by the last `up`. */
function dueFor({ reported = [], newlyFound = [], deleting, deletingNext = [] }: Partial<Inputs>) {
  const isFromUp = deleting !== undefined || deletingNext.length > 0;
  return isFromUp ? { reported: deletingNext, newlyFound: [] } : { reported, newlyFound };
}

/** The lists that a preview shows: those that are not empty. */
const previewLists = (lists: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0));

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
async function tooMany(api: WebhookApi, receiverId: string, names: readonly string[], allowed?: number) {
  if (names.length === 0 || (allowed !== undefined && names.length <= allowed)) return undefined;
  const total = (await api.knownReceiver(receiverId))?.subscriptions.length ?? 0;
  const isAll = names.length === total;
  if (allowed === undefined && !isAll && names.length <= DEFAULT_MAX_DELETIONS) return undefined;
  const [some, them] = isAll
    ? ["any subscription", "all of them"]
    : [`${names.length} of the ${total} subscriptions`, "them"];
  return (
    `is too low: your program does not declare ${some} of receiver ${await nameOf(api, receiverId)}, so this would delete ${them}: ` +
    `${listSome(names, 5)}. Check that it is the right receiver. To delete them, set maxDeletions: ${names.length}. ` +
    'To keep them, set unmanaged: "report"'
  );
}

/** Says what is unmanaged, and what happens to it. */
async function describe(
  api: WebhookApi,
  { receiverId, unmanaged, declared }: Args,
  names: readonly string[],
  plan: string,
): Promise<string[]> {
  if (names.length === 0) return [];
  const duplicates = names.filter((name) => declared.some((event) => name.startsWith(`${event} (id `)));
  const what =
    duplicates.length === 0
      ? "has subscriptions that are not in your program"
      : duplicates.length === names.length
        ? "has duplicate subscriptions"
        : "has subscriptions that are duplicates or not in your program";
  const subject = `Receiver ${await nameOf(api, receiverId)} ${what}`;
  if (unmanaged === "report") return [`${subject}: ${names.join(", ")}. They are kept (unmanaged: "report").`];
  return [`${subject}. ${plan}`];
}

const announceDeletion = (names: readonly string[]) => `The next \`pulumi up\` deletes ${names.join(", ")}.`;

async function warnIncomplete(api: WebhookApi, receiverId: string, due: readonly string[]): Promise<string[]> {
  if (due.length === 0) return [];
  return [
    `Unmanaged subscriptions of receiver ${await nameOf(api, receiverId)} are not deleted, because this run does not include every ` +
      "subscription that your program declares, as with --target. Run `pulumi up` for the whole stack.",
  ];
}

/** The receiver as people find it in ION, as far as ION shows it. */
async function nameOf(api: WebhookApi, receiverId: string): Promise<string> {
  const receivers = await api.receivers().catch(() => undefined);
  const receiver = receivers?.get(receiverId);
  return receiver ? formatReceiver(receiver) : `with id ${escapeText(receiverId)}`;
}

/** Lists what is unmanaged, and duplicates except the oldest, which is the one that is managed. */
async function findUnmanaged(api: WebhookApi, args: Declared): Promise<string[]> {
  return (await surplusOf(api, args)).map(label);
}

/** Those of the listed subscriptions that may be deleted: they still exist and are still unmanaged. */
async function filterUnmanaged(
  api: WebhookApi,
  run: Run,
  args: Declared,
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const unmanagedNow = (await deletable(api, run, args)).map(label);
  return names.filter((name) => unmanagedNow.includes(name));
}

function readable(api: WebhookApi, inputs: Args) {
  const consequence = `Unmanaged subscriptions of the receiver with id ${escapeText(inputs.receiverId)} are not detected.`;
  return ifReadable(consequence, () => findUnmanaged(api, inputs));
}

/**
 * What no resource has. The program's own list may be wrong: transforms and `ignoreChanges` change the events that it declares.
 * Without a refresh only the checks before this one show that, in whatever order Pulumi makes them.
 */
async function deletable(api: WebhookApi, run: Run, args: Declared): Promise<Subscription[]> {
  const start = `${args.receiverId} `;
  const checked = run.declared("webhook subscription").filter((identity) => identity.startsWith(start));
  const declared = [...args.declared, ...checked.map((identity) => identity.slice(start.length))];
  return (await surplusOf(api, { ...args, declared })).filter(({ id }) => !run.has("webhook subscription", id));
}

async function surplusOf(api: WebhookApi, { receiverId, declared }: Declared): Promise<Subscription[]> {
  const receiver = await api.knownReceiver(receiverId);
  if (!receiver) return [];
  const subscriptions = declared.map((event) => {
    const [resource = "", action = ""] = event.split(" ");
    return { resource, action };
  });
  return surplusSubscriptions(receiverDifference({ fields: {}, subscriptions }, receiver)).sort(byAge);
}

/** Deletes a subscription by its label, if it still has that and is still unmanaged. Returns whether it did. */
function deleteIfUnmanaged(api: WebhookApi, run: Run, args: Declared, name: string): Promise<boolean> {
  return retryOnConflict(api, async () => {
    const subscription = (await deletable(api, run, args)).find((one) => label(one) === name);
    if (subscription) await api.apply({ kind: "deleteSubscription", receiverId: args.receiverId, subscription });
    return subscription !== undefined;
  });
}

const label = (subscription: Subscription) =>
  `${escapeText(eventName(subscription))} (id ${escapeText(subscription.id)})`;
