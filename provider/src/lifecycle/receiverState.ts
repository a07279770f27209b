/** What Pulumi records of a webhook receiver, and what follows from it: the desired fields, and what a refresh finds changed. */
import type { DesiredReceiver, Difference } from "../model/difference.ts";
import { escapeText } from "../model/text.ts";
import {
  type Headers,
  headerIdentity,
  isSecretField,
  RECEIVER_FIELDS,
  type Receiver,
  type ReceiverFields,
} from "../model/webhooks.ts";
import type { PropertyChange } from "./resourceHandler.ts";

/** Everything about a receiver that can be declared. */
export type Fields = Partial<ReceiverFields> & { readonly headers?: Headers };
type Field = keyof Fields;

const FIELDS: readonly Field[] = [...RECEIVER_FIELDS, "headers"];

/** Inputs after check. */
export interface Inputs extends Fields {
  readonly name: string;
  readonly importId?: string;
  /** Omitted fields that were changed in ION, with the values to restore. Absent otherwise. */
  readonly pinned?: Fields;
}

/** What Pulumi records: what ION showed last, and what the receiver is pinned to. */
export interface State extends Fields {
  readonly ionEndpoint: string;
  /** The fields that the program declares. */
  readonly declaredFields: readonly Field[];
  /** What was set last, and for omitted fields what ION chose when the receiver was created or adopted. */
  readonly pinned: Fields;
  /** Omitted fields that were restored once, and are part of the inputs since then. */
  readonly reverted: readonly Field[];
  /** Which secrets were changed in ION: Pulumi shows a changed secret as [secret] on both sides. */
  readonly driftedSecrets?: readonly string[];
}

/** What the program itself declares. */
export function declaredFields(inputs: Inputs): Fields {
  const { pinned = {} } = inputs;
  return pick(
    inputs,
    FIELDS.filter((field) => !Object.hasOwn(pinned, field)),
  );
}

/** What the receiver should be: what the program declares, and what it is pinned to otherwise. */
export function desiredFields(inputs: Inputs, state: Pick<State, "pinned" | "declaredFields">): Fields {
  return { ...pinnedFields(state), ...pick(inputs, FIELDS) };
}

/** What the receiver is pinned to. Not a sharedSecret that ION generated: a new one is accepted. */
export function pinnedFields({ pinned, declaredFields }: Pick<State, "pinned" | "declaredFields">): Fields {
  const fields = FIELDS.filter((field) => field !== "sharedSecret" || declaredFields.includes(field));
  return pick(pinned, fields);
}

/** Fields as a desired receiver. */
export function asDesired({ headers, ...fields }: Fields, id?: string): DesiredReceiver {
  return { ...(id !== undefined && { id }), fields, headers };
}

/** Fields as a receiver in ION. */
export function asReceiver(
  id: string,
  { headers = {}, name = "", ...fields }: DesiredReceiver["fields"] & Pick<DesiredReceiver, "headers">,
): Receiver {
  const entries = Object.entries(headers).map(([key, value]) => ({ id: key, key, value }));
  return { ...fields, id, name, headers: entries, subscriptions: [] };
}

/** What ION shows. What it masks, or has no field for, is as last known. */
export function observedFields(live: Receiver, known: Fields): Fields {
  const absent = pick(
    known,
    FIELDS.filter((field) => !(field in live)),
  );
  const secrets = {
    webhookUri: live.webhookUri ?? known.webhookUri,
    sharedSecret: live.sharedSecret ?? known.sharedSecret,
  };
  const shown = pick({ ...live, headers: undefined }, RECEIVER_FIELDS);
  return { ...absent, ...shown, ...pick(secrets, FIELDS), headers: headersOf(live, known.headers) };
}

/** A live receiver with the secrets that ION masks as last known. */
export function withKnownSecrets(live: Receiver, known: Fields): Receiver {
  return { ...live, ...pick(observedFields(live, known), RECEIVER_FIELDS), headers: live.headers };
}

/** What to record after a write: what ION shows, and what the receiver is pinned to from now on. */
export function buildState(ionEndpoint: string, live: Receiver, inputs: Inputs, prior?: State): State {
  const declared = declaredFields(inputs);
  const observed = observedFields(live, { ...prior, ...inputs });
  const earlier = pick(
    prior?.pinned ?? {},
    FIELDS.filter((field) => field !== "sharedSecret"),
  );
  const pinned = { description: "", ...observed, ...earlier, ...declared };
  const names = (fields: Fields) => Object.keys(fields) as Field[];
  return { ...observed, ionEndpoint, declaredFields: names(declared), pinned, reverted: names(inputs.pinned ?? {}) };
}

/** The fields that differences are about. */
export function driftedFields(differences: readonly Difference[]): Field[] {
  const fields = differences.flatMap((one): Field[] => {
    if (one.object === "header") return ["headers"];
    return one.kind === "changed" && one.object === "receiver" ? [one.field] : [];
  });
  return [...new Set(fields)];
}

/** What removes differences, by property and header. */
export function propertyChanges(differences: readonly Difference[]): PropertyChange[] {
  return differences.flatMap((one): PropertyChange[] => {
    if (one.object === "receiver") {
      if (one.kind !== "changed") return [];
      return [{ path: [one.field], kind: one.live === undefined ? "add" : "update" }];
    }
    if (one.object !== "header") return [];
    if (one.kind === "missing") return [{ path: ["headers", one.name], kind: "add" }];
    if (one.kind === "unmanaged" || one.kind === "duplicate") {
      return [{ path: ["headers", one.header.key], kind: "delete" }];
    }
    return [{ path: ["headers", one.name], kind: "update" }];
  });
}

/** The secrets that differences are about, such as "header X-Plant was changed". Never a value. */
export function driftedSecrets(differences: readonly Difference[]): string[] {
  return differences.flatMap((one) => {
    if (one.kind === "changed" && one.object === "receiver") return isSecretField(one.field) ? [one.field] : [];
    if (one.object !== "header") return [];
    if (one.kind === "missing") return [`header ${escapeText(one.name)} was removed`];
    return [
      one.kind === "changed"
        ? `header ${escapeText(one.name)} was changed`
        : `header ${escapeText(one.header.key)} was added`,
    ];
  });
}

/** The headers that ION shows. Values that it masks are as last known. */
function headersOf(live: Receiver, known: Headers = {}): Headers {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  const knownValues = new Map(Object.entries(known).map(([name, value]) => [headerIdentity(name), value]));
  for (const { id, key, value } of live.headers) {
    // ION allows duplicate headers; under another name the second one is recorded, and then deleted.
    const isDuplicate = seen.has(headerIdentity(key));
    seen.add(headerIdentity(key));
    // The same for the one name that a record cannot have.
    const remark = isDuplicate ? "duplicate, " : key === "__proto__" ? "invalid, " : undefined;
    const name = remark === undefined ? key : `${key} (${remark}id ${id})`;
    headers[name] = value ?? knownValues.get(headerIdentity(key)) ?? "";
  }
  return headers;
}

/** Some fields, as far as they are defined. */
export function pick(from: { readonly [Key in Field]?: unknown }, fields: readonly Field[]): Fields {
  return Object.fromEntries(fields.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));
}
