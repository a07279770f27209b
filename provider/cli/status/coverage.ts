/** Who is told of what: ION's receivers and pairs, beside Violet's guide, ION's schema and what a stack declares. */

import { NEVER_DELIVERED, VIOLET_ACTIONS, VIOLET_RESOURCES } from "../../ion/facts.ts";
import type { Receivers } from "../../ion/snapshot.ts";
import type { SubscriptionNames } from "../../ion/webhookApi.ts";
import { pairOf } from "../../model/difference.ts";
import { sharedUrls } from "../drift/twins.ts";
import type { Declared } from "../stackState.ts";

/** One action on one resource. */
export interface Pair {
  readonly resource: string;
  readonly action: string;
}

/** A pair that a receiver has, or should have. */
export interface Taken extends Pair {
  /** The subscriptions in ION: none where it is missing, several where it is there twice. */
  readonly ids: readonly string[];
  /** Whether the stack declares it; undefined where there is no stack, or it does not speak of this receiver. */
  readonly declared: boolean | undefined;
}

/** One receiver with its pairs. What could be a secret is not in it. */
export interface ReceiverStatus {
  readonly id: string;
  readonly name: string;
  /** False where a stack declares it and ION does not have it. */
  readonly exists: boolean;
  readonly active: boolean;
  readonly contentType: string | undefined;
  readonly expectedResponseCode: number | undefined;
  /** Names. */
  readonly headers: readonly string[];
  readonly declared: boolean | undefined;
  readonly pairs: readonly Taken[];
}

/** What to make of it. */
export interface Verdict {
  /** Pairs of Violet's guide that no receiver has. */
  readonly guideMissing: readonly Pair[];
  /** Pairs of Violet's guide that only inactive receivers have. */
  readonly guideInactive: readonly Pair[];
  /** Pairs that are subscribed and that ION never delivers, with the reason. */
  readonly neverDelivered: readonly (Pair & { readonly why: string })[];
  /** Pairs that ION offers beyond Violet's guide and no receiver has; undefined where ION does not show what it offers. */
  readonly untaken: readonly Pair[] | undefined;
  /** Receivers that have one URL between them, by id: what several of them are subscribed to arrives as often. */
  readonly oneUrl: readonly (readonly string[])[];
  /** Resources of which some receiver is told deletions. Violet's guide has none. */
  readonly deletions: readonly string[];
}

/** Lays out what ION has, and what a stack declares beside it. */
export function receiversOf(live: Receivers, declared?: Declared): ReceiverStatus[] {
  const here = [...live.values()].map((receiver): ReceiverStatus => {
    const own = declared?.subscriptions.filter(({ receiverId }) => receiverId === receiver.id) ?? [];
    const isDeclared = declared?.receivers.some(({ id }) => id === receiver.id);
    const spokenOf = isDeclared || own.length > 0;
    const ids = Map.groupBy(receiver.subscriptions, pairOf);
    const pairs = unique([...receiver.subscriptions, ...own]).map(({ resource, action }) => ({
      resource,
      action,
      ids: ids.get(pairOf({ resource, action }))?.map(({ id }) => id) ?? [],
      declared: spokenOf ? own.some((one) => one.resource === resource && one.action === action) : undefined,
    }));
    return {
      id: receiver.id,
      name: receiver.name,
      exists: true,
      active: receiver.active !== false,
      contentType: receiver.contentType,
      expectedResponseCode: receiver.expectedResponseCode,
      headers: receiver.headers.map(({ key }) => key),
      declared: isDeclared,
      pairs,
    };
  });
  const gone = (declared?.receivers ?? [])
    .filter(({ id }) => !live.has(id))
    .map(({ id, name }): ReceiverStatus => {
      const own = declared?.subscriptions.filter(({ receiverId }) => receiverId === id) ?? [];
      const pairs = own.map(({ resource, action }) => ({ resource, action, ids: [], declared: true }));
      const nothing = { contentType: undefined, expectedResponseCode: undefined, headers: [] };
      return { id, name, exists: false, active: false, ...nothing, declared: true, pairs };
    });
  return [...here, ...gone];
}

/** Every resource worth a row: those of Violet's guide, in its order, and then what else a receiver has. */
export function rowsOf(receivers: readonly ReceiverStatus[]): string[] {
  const others = receivers.flatMap(({ pairs }) => pairs.map(({ resource }) => resource)).sort();
  return [...new Set([...VIOLET_RESOURCES, ...others])];
}

/** Every pair of Violet's guide. */
export const GUIDE: readonly Pair[] = VIOLET_RESOURCES.flatMap((resource) =>
  VIOLET_ACTIONS.map((action) => ({ resource, action })),
);

/** Judges what there is by Violet's guide and by what ION offers. */
export function verdictOf(
  live: Receivers,
  receivers: readonly ReceiverStatus[],
  names: SubscriptionNames | undefined,
): Verdict {
  const takenBy = (some: readonly ReceiverStatus[]) =>
    new Set(some.flatMap(({ pairs }) => pairs.filter(({ ids }) => ids.length > 0).map(pairOf)));
  const all = takenBy(receivers);
  const active = takenBy(receivers.filter((receiver) => receiver.active));
  const guide = new Set(GUIDE.map(pairOf));
  const offered = names?.resource.flatMap((resource) => names.action.map((action) => ({ resource, action })));
  return {
    guideMissing: GUIDE.filter((pair) => !all.has(pairOf(pair))),
    guideInactive: GUIDE.filter((pair) => all.has(pairOf(pair)) && !active.has(pairOf(pair))),
    neverDelivered: NEVER_DELIVERED.filter((pair) => all.has(pairOf(pair))),
    untaken: offered?.filter((pair) => !all.has(pairOf(pair)) && !guide.has(pairOf(pair))),
    oneUrl: sharedUrls([...live.values()]).map((same) => same.map(({ id }) => id)),
    deletions: [...all].filter((key) => key.endsWith(" DELETE")).map((key) => key.replace(/ DELETE$/, "")),
  };
}

function unique(pairs: readonly Pair[]): Pair[] {
  return [...new Map(pairs.map((pair) => [pairOf(pair), pair])).values()];
}
