import { oncePerProgram, programError, programFinished } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

/** What one run of a program declares so far. */
const declaredNow = oncePerProgram(() => ({
  /** The resource that declares an object, by what the object is. */
  owners: new Map<string, string>(),
  subscriptions: [] as Subscription[],
  /** Receivers whose pairs were counted, each with its place. */
  counted: new Set<string>(),
  /** What {@link pairsAt} gave last, by place. */
  pairs: new Map<string, Pairs>(),
}));

interface Subscription {
  readonly name: string;
  readonly place: string;
  readonly receiverId: pulumi.Output<string>;
  readonly pair: pulumi.Output<string>;
}

interface Pairs {
  /** How many subscriptions were declared by then. */
  readonly of: number;
  /** Receiver and pair of each. */
  readonly known: pulumi.Output<[string, string][]>;
}

/**
 * Lets one resource of a program have `key`: two that declare the same object would each believe it theirs, and
 * removing one would end it for the other.
 *
 * @param place the ION that the object is in.
 * @param plain writes a key in the one way in which equal keys are written.
 * @returns `key`, for use as an input: nothing is registered before it has been looked at.
 * @throws RunError naming both resources.
 */
export function declareOnce(
  what: string,
  name: string,
  place: string,
  key: pulumi.Input<string>,
  plain = (value: string) => value,
): pulumi.Output<string> {
  const { owners } = declaredNow();
  return pulumi.output(key).apply((value) => {
    const object = `${what} at ${place} ${plain(value)}`;
    const other = owners.get(object);
    if (other !== undefined && other !== name) {
      throw programError(`"${other}" and "${name}" declare the same ${what}: remove one of them from the program.`);
    }
    owners.set(object, name);
    return value;
  });
}

/** Notes that the program declares a subscription, for {@link declaredPairs}. */
export function declareSubscription(subscription: Subscription): void {
  const { subscriptions, counted } = declaredNow();
  subscriptions.push(subscription);
  if (counted.size === 0) return;
  subscription.receiverId.apply((receiverId) => {
    if (!counted.has(receiverIn(subscription.place, receiverId))) return;
    throw programError(
      `"${subscription.name}" is declared too late: what is not declared for webhook receiver ${receiverId} was ` +
        "counted while the program waited for something, and this would be among it. Declare all subscriptions of a " +
        "receiver before the first await, and outside of apply (look-ups of this package are waited for).",
    );
  });
}

const receiverIn = (place: string, receiverId: string) => `${place} ${receiverId}`;

/**
 * Every pair that the program declares for a receiver, in whatever component, as "RESOURCE ACTION" in order. It is
 * settled when the program has run to its end, so that what is declared further down counts.
 */
export function declaredPairs(place: string, receiverId: pulumi.Input<string>): pulumi.Output<string[]> {
  const { counted } = declaredNow();
  return pulumi.all([receiverId, programFinished()]).apply(([own]) => {
    counted.add(receiverIn(place, own));
    return pairsAt(place).apply((all) => all.flatMap(([receiver, pair]) => (receiver === own ? [pair] : [])).sort());
  });
}

/** All that is declared at a place, put together once for all receivers that ask: with 100 of them it takes seconds. */
function pairsAt(place: string): Pairs["known"] {
  const { subscriptions, pairs } = declaredNow();
  const last = pairs.get(place);
  if (last?.of === subscriptions.length) return last.known;
  const here = subscriptions.filter((one) => one.place === place);
  const known = pulumi.all(here.map((one) => pulumi.all([one.receiverId, one.pair])));
  pairs.set(place, { of: subscriptions.length, known });
  return known;
}
