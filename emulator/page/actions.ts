import type { Emission } from "../deliveries/deliveries.ts";
import { type Faults, readFault } from "../faults/faults.ts";
import { type Changes, notFound, type Receiver, type Store } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import type { Live } from "./pageState.ts";

/** What the buttons of the page reach. */
export interface ButtonParts {
  readonly store: Store;
  readonly faults: Pick<Faults, "add" | "remove">;
  readonly emit: (resource: string, action: string) => Emission;
  /** The names that the schema has for resources and actions. */
  readonly resources: readonly string[];
  readonly actions: readonly string[];
}

type Body = Readonly<Record<string, unknown>>;

/** What each button does with what it sends along, by name, and answers; a StoreError is a refusal. */
export type Buttons = Readonly<Record<string, (body: Body) => object | undefined>>;

/** The buttons of the page. They change the store as a hand would: behind the API's back, whatever the etags. */
export function buttons({ store, faults, emit, resources, actions }: ButtonParts, live: Live): Buttons {
  return {
    show: (body) => ({ value: secret(store, text(body, "id"), oneOf(body, "of", secrets)) }),
    subscribe: (body) => {
      const resource = oneOf(body, "resource", resources);
      const action = oneOf(body, "action", actions);
      const { id } = store.createSubscription({ receiverId: text(body, "receiverId"), resource, action });
      return { id };
    },
    unsubscribe: (body) => void store.deleteSubscription(text(body, "id")),
    updateReceiver: (body) => {
      // Whatever they are: the store holds them to its rules.
      const { description, active } = body as Changes<Receiver>;
      store.updateReceiver(text(body, "id"), { description, active });
      return undefined;
    },
    deleteReceiver: (body) => void store.deleteReceiver(text(body, "id")),
    emit: (body) => emit(text(body, "resource"), text(body, "action")),
    addFault: (body) => {
      try {
        faults.add(readFault(text(body, "fault")));
      } catch (error) {
        throw error instanceof TypeError ? new StoreError(error.message) : error;
      }
      return undefined;
    },
    removeFault: ({ id }) => {
      const fault = live.findFault(id);
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

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new StoreError(`${name} must be text.`);
  return value;
}

function oneOf<Name extends string>(body: Body, name: string, names: readonly Name[]): Name {
  const value = text(body, name);
  const found = names.find((one) => one === value);
  if (found === undefined) throw new StoreError(`${name} must be one of ${names.join(", ")}.`);
  return found;
}
