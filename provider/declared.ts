import * as pulumi from "@pulumi/pulumi";

/** What one run of a program declares so far. */
interface Declared {
  /** The resource that declares an object, by what the object is. */
  readonly owners: Map<string, string>;
  readonly subscriptions: { readonly receiverId: pulumi.Output<string>; readonly pair: pulumi.Output<string> }[];
}

/** By the run's stack resource: one process may run several programs, and one program several times. */
const runs = new WeakMap<object, Declared>();
const noStack = {};

function declaredNow(): Declared {
  const run = pulumi.runtime.getStackResource() ?? noStack;
  const declared = runs.get(run) ?? { owners: new Map(), subscriptions: [] };
  runs.set(run, declared);
  return declared;
}

/**
 * Lets one resource of a program have `key`: two that declare the same object would each believe it theirs, and
 * removing one would end it for the other.
 *
 * @param plain writes a key in the one way in which equal keys are written.
 * @returns `key`, for use as an input: nothing is registered before it has been looked at.
 * @throws RunError naming both resources.
 */
export function declareOnce(
  what: string,
  name: string,
  key: pulumi.Input<string>,
  plain = (value: string) => value,
): pulumi.Output<string> {
  const { owners } = declaredNow();
  return pulumi.output(key).apply((value) => {
    const object = `${what} ${plain(value)}`;
    const other = owners.get(object);
    if (other !== undefined && other !== name) {
      throw new pulumi.RunError(
        `"${other}" and "${name}" declare the same ${what}: remove one of them from the program.`,
      );
    }
    owners.set(object, name);
    return value;
  });
}

/** Notes that the program declares a subscription, for {@link declaredPairs}. */
export function declareSubscription(receiverId: pulumi.Output<string>, pair: pulumi.Output<string>): void {
  declaredNow().subscriptions.push({ receiverId, pair });
}

/**
 * Every pair that the program declares for a receiver, in whatever component, as "RESOURCE ACTION" in order. It is
 * settled when the program has run to its end, so that what is declared further down counts.
 */
export function declaredPairs(receiverId: pulumi.Input<string>): pulumi.Output<string[]> {
  const { subscriptions } = declaredNow();
  const programRan = new Promise<void>((resolve) => setImmediate(resolve));
  return pulumi
    .all([receiverId, programRan])
    .apply(([own]) =>
      pulumi
        .all(subscriptions.map((one) => pulumi.all([one.receiverId, one.pair])))
        .apply((all) => all.flatMap(([receiver, pair]) => (receiver === own ? [pair] : [])).sort()),
    );
}
