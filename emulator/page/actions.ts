import type { Emission } from "../deliveries/delivery.ts";
import type { Faults } from "../faults/faults.ts";
import { parseFault } from "../faults/kinds.ts";
import { type Changes, notFound, type Receiver, type Store } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import type { PageState } from "./pageState.ts";

/** What the actions of the page change. */
export interface ActionTargets {
  readonly store: Store;
  readonly faults: Pick<Faults, "add" | "remove">;
  readonly emit: (resource: string, action: string) => Emission;
  /** The values of the schema's enums. */
  readonly resources: readonly string[];
  readonly actions: readonly string[];
}

type Body = Readonly<Record<string, unknown>>;

/** The actions by name. Each gets the body of the request and returns the body of the response. */
export type Actions = Readonly<Record<string, (body: Body) => object | undefined>>;

/**
 * The actions of the page. They bypass the API and its etags, like changes by hand in ION.
 * An action throws a StoreError if it is refused.
 */
export function createActions({ store, faults, emit, resources, actions }: ActionTargets, state: PageState): Actions {
  return {
    show: (body) => ({ value: secret(store, stringOf(body, "id"), oneOf(body, "of", secrets)) }),
    subscribe: (body) => {
      const resource = oneOf(body, "resource", resources);
      const action = oneOf(body, "action", actions);
      const { id } = store.createSubscription({ receiverId: stringOf(body, "receiverId"), resource, action });
      return { id };
    },
    unsubscribe: (body) => void store.deleteSubscription(stringOf(body, "id")),
    updateReceiver: (body) => {
      // The store validates the values.
      const { description, active } = body as Changes<Receiver>;
      store.updateReceiver(stringOf(body, "id"), { description, active });
      return undefined;
    },
    deleteReceiver: (body) => void store.deleteReceiver(stringOf(body, "id")),
    emit: (body) => emit(stringOf(body, "resource"), stringOf(body, "action")),
    addFault: (body) => {
      try {
        faults.add(parseFault(stringOf(body, "fault")));
      } catch (error) {
        throw error instanceof TypeError ? new StoreError(error.message) : error;
      }
      return undefined;
    },
    removeFault: ({ id }) => {
      const fault = state.findFault(id);
      if (fault) faults.remove(fault);
      return undefined;
    },
  };
}

const secrets = ["webhookUri", "sharedSecret", "header"] as const;

function secret(store: Store, id: string, of: (typeof secrets)[number]): string {
  if (of === "header") {
    const header = store.findHeader(id);
    if (!header) throw notFound("WebhookHeader", id);
    return header.value;
  }
  const receiver = store.findReceiver(id);
  if (!receiver) throw notFound("WebhookReceiver", id);
  return receiver[of];
}

function stringOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new StoreError(`${name} must be a string.`);
  return value;
}

function oneOf<Name extends string>(body: Body, name: string, names: readonly Name[]): Name {
  const value = stringOf(body, name);
  const match = names.find((one) => one === value);
  if (match === undefined) throw new StoreError(`${name} must be one of ${names.join(", ")}.`);
  return match;
}
