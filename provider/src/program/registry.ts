/** What one run of a program declares: who declares which object, and every event of every receiver. */

import { escapeText } from "../model/text.ts";
import { isStackRun, oncePerProgram, programError, programFinished } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

interface DeclaredSubscription {
  /** The resource's name. */
  readonly name: string;
  readonly environment: pulumi.Output<string>;
  readonly receiverId: pulumi.Output<string>;
  /** The receiver, if the program has it as a resource: it is known even while its id is not. */
  readonly receiver: object | undefined;
  /** Such as "PARTS UPDATE". */
  readonly event: pulumi.Output<string>;
}

/** A subscription as far as its values are known. */
interface KnownSubscription {
  readonly environment: string | undefined;
  readonly receiverId: string | undefined;
  readonly receiver: object | undefined;
  readonly event: string | undefined;
}

const registry = oncePerProgram("registry", () => ({
  /** The resource that declares an object, by the object. */
  owners: new Map<string, string>(),
  subscriptions: [] as DeclaredSubscription[],
  /** Receivers whose events were collected. */
  collected: new Set<string>(),
  /** The last result of {@link knownSubscriptions}. */
  known: undefined as { readonly count: number; readonly list: Promise<KnownSubscription[]> } | undefined,
}));

/**
 * Lets one resource of a program declare an object. Two would each believe that it is theirs, and removing one would delete it
 * for the other.
 *
 * @param normalize spells equal keys equally.
 * @returns `key`, for use as an input, so that nothing is registered before it is checked.
 * @throws RunError that names both resources.
 */
export function declareOnce(
  type: string,
  name: string,
  environment: pulumi.Output<string>,
  key: pulumi.Input<string>,
  normalize = (value: string) => value,
): pulumi.Output<string> {
  // Tests without a stack share one registry, and may each declare the same object.
  if (!isStackRun()) return pulumi.output(key);
  const { owners } = registry();
  // Names are no proof: resources of different types or parents may have the same one.
  let own: string | undefined;
  return pulumi.all([key, environment]).apply(([value, environmentId]) => {
    const object = `${type} in ${environmentId}: ${normalize(value)}`;
    const other = owners.get(object);
    if (other !== undefined && own !== object) {
      throw programError(`"${other}" and "${name}" declare the same ${type}. Remove one of them from the program.`);
    }
    owners.set(object, name);
    own = object;
    return value;
  });
}

/** Notes that the program declares a subscription, for {@link declaredEvents}. */
export function declareSubscription(subscription: DeclaredSubscription): void {
  const { subscriptions, collected } = registry();
  subscriptions.push(subscription);
  if (collected.size === 0 || !isStackRun()) return;
  pulumi.all([subscription.environment, subscription.receiverId]).apply(([environment, receiverId]) => {
    if (!collected.has(receiverIn(environment, receiverId))) return;
    throw programError(
      `"${subscription.name}" is declared too late: the unmanaged subscriptions of webhook receiver ${escapeText(receiverId)} are already ` +
        "determined, and this one would count as unmanaged. Declare all subscriptions of a receiver before the first await, and " +
        "outside of apply. Only functions of pulumi-ion may be awaited earlier.",
    );
  });
}

const receiverIn = (environment: string, receiverId: string) => `${environment} ${receiverId}`;

/** Every event that a program declares for a receiver. */
export interface DeclaredEvents {
  /** Sorted, such as "PARTS UPDATE". */
  readonly events: string[];
  /** Whether a subscription is left out that may belong to the receiver, because its values are not known in this run. */
  readonly isIncomplete: boolean;
}

/**
 * Every event that the program declares for a receiver, in whatever component. It waits until the program has run to its end,
 * so that what is declared further down counts. It depends on no resource: a partial run (`--target`) must not pull in all
 * other receivers.
 *
 * @returns undefined if the receiver is not known in this run, as in the preview that would create it.
 */
export async function declaredEvents(
  own: Pick<DeclaredSubscription, "environment" | "receiverId" | "receiver">,
): Promise<DeclaredEvents | undefined> {
  await programFinished();
  const [environment, receiverId] = await Promise.all([knownValue(own.environment), knownValue(own.receiverId)]);
  if (environment === undefined || receiverId === undefined) return undefined;
  registry().collected.add(receiverIn(environment, receiverId));
  const mayBeOwn = (await knownSubscriptions()).filter((one) => {
    if (one.environment !== undefined && one.environment !== environment) return false;
    if (one.receiverId !== undefined) return one.receiverId === receiverId;
    // In a preview, an unknown id belongs to a receiver that does not exist yet, so it is another one.
    return one.receiver === undefined ? !pulumi.isDryRun() : one.receiver === own.receiver;
  });
  const events = mayBeOwn.flatMap(({ event, receiverId: id }) =>
    event !== undefined && id !== undefined ? [event] : [],
  );
  return { events: events.sort(), isIncomplete: events.length < mayBeOwn.length };
}

/** All subscriptions that are declared so far, resolved once for all receivers: for 100 of them it takes seconds. */
function knownSubscriptions(): Promise<KnownSubscription[]> {
  const state = registry();
  const { subscriptions } = state;
  if (state.known?.count !== subscriptions.length) {
    const list = Promise.all(
      subscriptions.map(async ({ environment, receiverId, receiver, event }) => ({
        environment: await knownValue(environment),
        receiverId: await knownValue(receiverId),
        receiver,
        event: await knownValue(event),
      })),
    );
    state.known = { count: subscriptions.length, list };
  }
  return state.known.list;
}

/** The value of an output, undefined if it is not known in this run. Unlike `apply`, it carries no dependency. */
async function knownValue<T>(output: pulumi.Output<T>): Promise<T | undefined> {
  // Pulumi's own, and not in its types: test/program/registry.test.ts fails if an SDK changes it.
  const { isKnown } = output as unknown as { readonly isKnown: Promise<boolean> };
  // It rejects if a resource that it comes from failed, which `--continue-on-error` allows.
  if (!(await isKnown.catch(() => false))) return undefined;
  return new Promise((resolve) => void output.apply(resolve));
}
