/** What an exported program over the provider plugin declares, for every language and for `pulumi import --file`. */
import { escapeLine } from "../../model/text.ts";
import { eventName, type Receiver } from "../../model/webhooks.ts";
import { literal, Names, unquoted } from "./codegen.ts";

/** A receiver to declare. */
export interface ExportedReceiver {
  readonly receiver: Receiver;
  /** Sentences for the comment above it. */
  readonly remarks: readonly string[];
}

/** A receiver that a program declares. */
export interface DeclaredReceiver {
  /** Its logical name: short, and unique in the program. */
  readonly name: string;
  readonly id: string;
  readonly comment: readonly string[];
  /** Its arguments by their names in the schema. Secrets are pinned, so none is among them. */
  readonly fields: readonly (readonly [name: string, value: string | number | boolean])[];
  /** Its subscriptions, without duplicates. */
  readonly subscriptions: readonly DeclaredSubscription[];
}

/** A subscription that a program declares. */
interface DeclaredSubscription {
  readonly name: string;
  readonly resource: string;
  readonly action: string;
}

/** Lists what a program declares. */
export function declarationsOf(receivers: readonly ExportedReceiver[]): DeclaredReceiver[] {
  const names = new Names();
  return receivers.map((one) => {
    const { id, name, description, contentType, expectedResponseCode, active, subscriptions } = one.receiver;
    const own = names.create(name, "receiver");
    const fields = { name, description, contentType, expectedResponseCode, active };
    const events = new Map(subscriptions.map((subscription) => [eventName(subscription), subscription]));
    return {
      name: own,
      id,
      comment: commentOn(one),
      fields: Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
      subscriptions: [...events.values()].map(({ resource, action }) => ({
        name: names.create(`${own}-${resource}-${action}`, "subscription"),
        resource,
        action,
      })),
    };
  });
}

/** The lines of the comment above a receiver. */
export function commentOn({ receiver, remarks }: ExportedReceiver): string[] {
  const headers = receiver.headers.map(({ key }) => key);
  return [
    `${literal(receiver.name)} (id ${unquoted(receiver.id)}).`,
    ...(headers.length > 0 ? [`Headers: ${headers.map(literal).join(", ")}.`] : []),
    ...(receiver.subscriptions.length === 0 ? ["It has no subscriptions, so ION sends it no events."] : []),
    ...remarks.map(escapeLine),
  ];
}
