import { z } from "zod";
import { retryOnConflict } from "../ion/conflicts.ts";
import { IonError } from "../ion/errors.ts";
import { byAge } from "../ion/facts.ts";
import type { Subscription } from "../ion/operations.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { pairOf } from "../model/difference.ts";
import { inputFailures, type ResourceHandler, UNKNOWN } from "./resourceHandler.ts";

/** More removals than this at once are more likely a wrong receiver than a clean-up. */
const MANY = 20;

const argsSchema = z.strictObject({
  receiverId: z.string(),
  unmanaged: z.enum(["delete", "report"], { error: 'has to be "delete", "report" or "ignore"' }),
  declared: z.array(z.string()),
  maxDeletions: z.int({ error: "has to be a whole number" }).min(0, "cannot be less than 0").optional(),
});

interface Inputs {
  readonly receiverId: string;
  readonly unmanaged: "delete" | "report";
  /** Every pair that the program declares for this receiver, as "RESOURCE ACTION". */
  readonly declared: readonly string[];
  readonly maxDeletions?: number;
  /** Met for the first time, by the refresh before this preview. */
  readonly found?: readonly string[];
  /** Named by an earlier `up`: what the next one ends. */
  readonly removeNext?: readonly string[];
}

interface State {
  readonly receiverId: string;
  readonly unmanaged: "delete" | "report";
  readonly declared: readonly string[];
  readonly maxDeletions?: number | undefined;
  readonly ionEndpoint: string;
  /** What ION has and nobody declared, as "RESOURCE ACTION (id 41)". */
  readonly found: readonly string[];
}

/** What was known before this run looked, by ION and receiver: only that can have been in a preview. */
const knownBefore = new Map<string, ReadonlySet<string>>();
const knownAs = (id: string, place: string) => `${place} ${id}`;

/** What the look for subscriptions that nobody declared does in ION. */
export const unmanagedSubscriptions: ResourceHandler<Inputs, State> = {
  secrets: [],

  identities() {
    return [];
  },

  async check(ion, news, olds) {
    const failures = inputFailures(argsSchema, news);
    const { unmanaged, maxDeletions } = news as Partial<Inputs>;
    const { receiverId, found, removeNext = [] } = olds as Partial<Inputs>;
    if (failures.length > 0 || unmanaged !== "delete" || receiverId === undefined) return { inputs: news, failures };
    if (removeNext.length > 0) {
      const reason = tooMany(receiverId, removeNext, (await liveOf(ion, receiverId)).length, maxDeletions);
      if (reason) failures.push({ property: "maxDeletions", reason });
    }
    // What the refresh before this has met for the first time is named now; what was named before goes now.
    return { inputs: found ? { ...news, removeNext: found } : news, failures };
  },

  // Another receiver is another place to look at.
  diff(id, state, inputs) {
    if (inputs.receiverId !== UNKNOWN && inputs.receiverId !== state.receiverId) {
      return { changes: true, replaces: ["receiverId"] };
    }
    const declared = inputs.declared as readonly string[] | typeof UNKNOWN;
    const changed =
      inputs.unmanaged !== state.unmanaged ||
      inputs.maxDeletions !== state.maxDeletions ||
      (declared !== UNKNOWN && declared.join() !== state.declared.join());
    const removals = inputs.unmanaged === "delete" ? removable(id, state) : [];
    return { changes: changed || removals.length > 0 || (inputs.removeNext ?? []).length > 0, replaces: [] };
  },

  async create(ion, inputs) {
    const state = await lookIfShown(ion, inputs, []);
    if (state.found.length > 0) ion.warn(inWords(state, state.found, []));
    return { id: `unmanaged-${inputs.receiverId}`, state };
  },

  async read(ion, id, state) {
    if (!(await ion.receivers()).has(state.receiverId)) return undefined;
    const now = await look(ion, state);
    const before = new Set(state.found);
    knownBefore.set(knownAs(id, ion.environment), before);
    const { receiverId, unmanaged, declared, maxDeletions } = state;
    const inputs = { receiverId, unmanaged, declared, maxDeletions };
    const [found, removeNext] = [
      now.found.filter((name) => !before.has(name)),
      now.found.filter((name) => before.has(name)),
    ];
    if (now.found.length > 0) ion.warn(inWords(state, found, removeNext));
    if (unmanaged === "report") return { inputs, state: now };
    const news = { ...(found.length > 0 && { found }), ...(removeNext.length > 0 && { removeNext }) };
    return { inputs: { ...inputs, ...news }, state: now };
  },

  async update(ion, id, state, inputs) {
    // Under "report" the preview said that they stay: an `up` that begins to remove only names them.
    if (inputs.unmanaged === "delete" && state.unmanaged === "delete") {
      const names = removable(id, state);
      const { receiverId, maxDeletions } = inputs;
      const total = names.length > 0 ? (await liveOf(ion, receiverId)).length : 0;
      const reason = tooMany(receiverId, names, total, maxDeletions);
      if (reason) throw new IonError("ambiguous", reason);
      await Promise.all(names.map((name) => end(ion, inputs, name)));
    }
    return lookIfShown(ion, inputs, state.found);
  },

  async delete() {},
};

/** What may be ended now: known before this run looked, and so in the preview. */
function removable(id: string, state: State): readonly string[] {
  const before = knownBefore.get(knownAs(id, state.ionEndpoint));
  return before ? state.found.filter((name) => before.has(name)) : state.found;
}

/** Says why not, where so many are to go that a wrong receiver id is the likelier reason. */
function tooMany(receiverId: string, names: readonly string[], total: number, allowed = 0): string | undefined {
  const all = names.length === total;
  if (names.length === 0 || names.length <= allowed || (!all && names.length <= MANY)) return undefined;
  const some = names.length > 5 ? `${names.slice(0, 5).join(", ")}, …` : names.join(", ");
  return (
    `${names.length} of the ${total} subscriptions of webhook receiver ${receiverId} are not declared, and would be ended: ` +
    `${some}. ${all ? "That is every one there is" : "That is many"}: is it the right receiver? If so, set ` +
    `maxDeletions: ${names.length}; to leave them, set unmanaged: "report"`
  );
}

async function look(ion: WebhookApi, wanted: Omit<State, "ionEndpoint" | "found">): Promise<State> {
  const { receiverId, unmanaged, declared, maxDeletions } = wanted;
  const found = extras(await liveOf(ion, receiverId), declared).map(named);
  return { receiverId, unmanaged, declared, maxDeletions, ionEndpoint: ion.environment, found };
}

/** A look, or what was known before, where ION's schema does not show subscriptions. */
async function lookIfShown(ion: WebhookApi, inputs: Inputs, before: readonly string[]): Promise<State> {
  const { receiverId, unmanaged, declared, maxDeletions } = inputs;
  const without = `Subscriptions of webhook receiver ${receiverId} that nobody declared are not looked for.`;
  const state = await ion.ifReadable(without, () => look(ion, inputs));
  return state ?? { receiverId, unmanaged, declared, maxDeletions, ionEndpoint: ion.environment, found: before };
}

function inWords({ receiverId, unmanaged }: State, found: readonly string[], removeNext: readonly string[]): string {
  const lines = [
    found.length > 0 && `nobody declared: ${found.join(", ")}`,
    removeNext.length > 0 && `nobody declared, and named before: ${removeNext.join(", ")}`,
  ].filter((line) => line !== false);
  const then = unmanaged === "delete" ? "What was named by an earlier `pulumi up`, the next one ends." : "They stay.";
  return `Subscriptions of webhook receiver ${receiverId} that ${lines.join("; ")}. ${then}`;
}

/** Subscriptions that nobody declared, and of a pair that is there twice all but the oldest, which is the one that is managed. */
function extras(subscriptions: readonly Subscription[], declared: readonly string[]): Subscription[] {
  const left = new Set(declared);
  const oldestFirst = [...subscriptions].sort(byAge);
  return oldestFirst.filter((subscription) => !left.delete(pairOf(subscription)));
}

/** Ends one by the name it was listed under, if it still is that, and still nobody's. */
async function end(ion: WebhookApi, { receiverId, declared }: Inputs, name: string): Promise<void> {
  await retryOnConflict(ion, async () => {
    const extra = extras(await liveOf(ion, receiverId), declared).find((subscription) => named(subscription) === name);
    if (extra) await ion.deleteSubscription(receiverId, extra);
  });
}

async function liveOf(ion: WebhookApi, receiverId: string): Promise<readonly Subscription[]> {
  return (await ion.receivers()).get(receiverId)?.subscriptions ?? [];
}

const named = (subscription: Subscription) => `${pairOf(subscription)} (id ${subscription.id})`;
