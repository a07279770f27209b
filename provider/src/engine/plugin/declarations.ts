/** What the running program declares, as far as one provider sees it: each object once, and each receiver in one place. */
import { IonError } from "../../ion/errors.ts";
import { UNKNOWN } from "../../lifecycle/resourceHandler.ts";
import { nameOf } from "../../model/resourceTypes.ts";
import { escapeText } from "../../model/text.ts";

/** Inputs that were checked. */
type Inputs = Readonly<Record<string, unknown>>;

/**
 * Pulumi checks one resource after the other, and no provider learns which one is the last. So whoever lists the unmanaged
 * subscriptions of a receiver must declare all of them itself.
 */
export class Declarations {
  /** The URN that declares an object, by the object. */
  readonly #owners = new Map<string, string>();
  /** Events by receiver, each with the URN that declares it. */
  readonly #events = new Map<string, Map<string, string>>();
  /** What a component declares for a receiver whose unmanaged subscriptions it lists, by receiver. */
  readonly #complete = new Map<string, { readonly urn: string; readonly events: ReadonlySet<string> }>();
  readonly #checked = new Map<string, Inputs>();

  /** Notes an object. @throws IonError if another resource declares it too: removing one would delete it for the other. */
  declare(urn: string, type: string, identities: readonly string[]): void {
    for (const identity of identities) {
      const owner = this.#owners.get(identity);
      if (owner !== undefined && owner !== urn) {
        throw new IonError(
          "ambiguous",
          `"${nameOf(owner)}" and "${nameOf(urn)}" declare the same ${type}. Remove one of them from the program.`,
        );
      }
      this.#owners.set(identity, urn);
    }
  }

  /** Notes a subscription. @throws IonError if it would count as unmanaged. */
  declareSubscription(urn: string, { receiverId, resource, action }: Inputs): void {
    if ([receiverId, resource, action].includes(UNKNOWN)) return;
    const [receiver, event] = [String(receiverId), `${resource} ${action}`];
    const list = this.#complete.get(receiver);
    if (list && !list.events.has(event)) throw elsewhere(urn, event, list.urn, receiver);
    const events = this.#events.get(receiver) ?? new Map<string, string>();
    this.#events.set(receiver, events.set(event, urn));
  }

  /** Keeps a list of unmanaged subscriptions. Pulumi compares it later, but also before, in a refresh. */
  checkUnmanaged(urn: string, inputs: Inputs): void {
    this.#checked.set(urn, inputs);
  }

  /** Notes a list that was checked. @throws IonError if one of its subscriptions is declared elsewhere in the program. */
  declareUnmanaged(urn: string): void {
    const { receiverId = UNKNOWN, declared } = this.#checked.get(urn) ?? {};
    if (receiverId === UNKNOWN || !Array.isArray(declared)) return;
    const receiver = String(receiverId);
    const events = new Set(declared.map(String));
    for (const [event, owner] of this.#events.get(receiver) ?? []) {
      if (!events.has(event)) throw elsewhere(owner, event, urn, receiver);
    }
    this.#complete.set(receiver, { urn, events });
  }
}

function elsewhere(urn: string, event: string, list: string, receiver: string): IonError {
  const component = nameOf(list).replace(/-unmanaged$/, "");
  return new IonError(
    "ambiguous",
    `"${nameOf(urn)}" subscribes receiver ${escapeText(receiver)} to ${escapeText(event)}, which is not in the subscriptions of "${component}", and would count as unmanaged.`,
    { hints: [`Declare it in "${component}", or set unmanaged: "ignore" there.`] },
  );
}
