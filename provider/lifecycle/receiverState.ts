/**
 * The fields of a webhook receiver: what the program gives, what ION shows, what it is held to, and where these differ.
 * Plain functions of plain data.
 */

import { RECEIVER_FIELDS_SETTABLE, type Receiver, type ReceiverInput } from "../ion/operations.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { differing } from "../model/difference.ts";
import { type Headers, headerDrift, headersOf, sameHeaders } from "./headers.ts";

/** Everything about a receiver that can be declared. */
export type Fields = Partial<ReceiverInput> & { readonly headers?: Headers };
type Field = keyof Fields;

const FIELDS: readonly Field[] = [...RECEIVER_FIELDS_SETTABLE, "headers"];

/** Inputs after check. */
export interface Inputs extends Fields {
  readonly name: string;
  readonly importId?: string;
  /** Fields that the program leaves out and that were found changed by hand, as they are to be put back. Absent otherwise. */
  readonly pinned?: Fields;
}

/** What Pulumi remembers of a receiver: what ION showed last, and what to hold it to. */
export interface State extends Fields {
  readonly ionEndpoint: string;
  /** The fields that the program gives. */
  readonly declaredFields: readonly Field[];
  /** What the receiver is held to: what was set last, and what ION chose for the rest when it was made or taken over. */
  readonly pinned: Fields;
  /** Left-out fields that were put back, and stand in the inputs since. */
  readonly reverted: readonly Field[];
  /** Which secrets ION shows otherwise than they were set, in words: Pulumi shows a changed secret as [secret] on both sides. */
  readonly driftedSecrets?: readonly string[];
}

/** What the program itself gives. */
export function declaredFields(inputs: Inputs): Fields {
  const { pinned = {} } = inputs;
  return pick(
    inputs,
    FIELDS.filter((field) => !Object.hasOwn(pinned, field)),
  );
}

/** What the receiver is to be: what the program gives, and for the rest what it is held to. */
export function wantedOf(inputs: Inputs, { pinned, declaredFields }: State): Fields {
  const rest = FIELDS.filter((field) => field !== "sharedSecret" || declaredFields.includes(field));
  return { ...pick(pinned, rest), ...pick(inputs, FIELDS) };
}

/** What ION shows. What it masks, or has no field for, is as last known. */
export function seen(live: Receiver, known: Fields): Fields {
  const lacking = pick(
    known,
    FIELDS.filter((field) => !(field in live)),
  );
  const secrets = {
    webhookUri: live.webhookUri ?? known.webhookUri,
    sharedSecret: live.sharedSecret ?? known.sharedSecret,
  };
  return { ...lacking, ...pick(live, FIELDS), ...pick(secrets, FIELDS), headers: headersOf(live, known.headers) };
}

/** What to remember after a write: what ION shows, and what to hold it to from now on. */
export function recorded(ion: WebhookApi, live: Receiver, inputs: Inputs, prior?: State): State {
  const declared = declaredFields(inputs);
  const fields = seen(live, { ...prior, ...inputs });
  const leftOut = FIELDS.filter((field) => declared[field] === undefined && field !== "sharedSecret");
  const pinned = { description: "", ...fields, ...pick(prior?.pinned ?? {}, leftOut), ...declared };
  const names = (some: Fields) => Object.keys(some) as Field[];
  return {
    ...fields,
    ionEndpoint: ion.environment,
    declaredFields: names(declared),
    pinned,
    reverted: names(inputs.pinned ?? {}),
  };
}

/** Names the fields in which `live` is not as wanted. */
export function drift(wanted: Fields, live: Fields): Field[] {
  const headers = wanted.headers && !sameHeaders(wanted.headers, live.headers ?? {});
  return [...differing(wanted, live), ...(headers ? ["headers" as const] : [])];
}

/** Says in words, never with a value, which secrets are not as they were set. */
export function secretDrift(pinned: Fields, live: Fields): string[] {
  const fields = differing(pinned, live).filter((field) => field === "webhookUri" || field === "sharedSecret");
  return [...fields, ...headerDrift(pinned.headers ?? {}, live.headers ?? {})];
}

/** The given ones of a set of fields, as far as they are there. */
export function pick(from: { readonly [Key in Field]?: unknown }, keys: readonly Field[]): Fields {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));
}
