/** A receiver's headers: as a plain record on our side, as objects with an id each on ION's. */
import type { Receiver } from "../ion/operations.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";

/** Header values by name. */
export type Headers = Readonly<Record<string, string>>;

/** Whether two names are one header: HTTP does not tell upper from lower case. */
export const sameHeader = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Whether all names and values are the same, in whatever order. */
export function sameHeaders(one: Headers, other: Headers): boolean {
  const plain = (headers: Headers) =>
    JSON.stringify(
      Object.entries(headers)
        .map(([name, value]) => [name.toLowerCase(), value])
        .sort(),
    );
  return plain(one) === plain(other);
}

/** What ION shows; values that it masks are as last known. */
export function headersOf(live: Receiver, known: Headers = {}): Headers {
  const headers: Record<string, string> = {};
  for (const { id, key, value } of live.headers) {
    // ION lets one header be there twice; under a name of its own the second is seen, and removed.
    const twin = Object.keys(headers).some((other) => sameHeader(other, key));
    // So is the one name that a record cannot have.
    const odd = twin ? "twice, " : key === "__proto__" ? "odd, " : undefined;
    const name = odd === undefined ? key : `${key} (${odd}id ${id})`;
    headers[name] = value ?? Object.entries(known).find(([other]) => sameHeader(other, key))?.[1] ?? "";
  }
  return headers;
}

/** Says in words, never with a value, what was done to headers. */
export function headerDrift(before: Headers, now: Headers): string[] {
  const find = (headers: Headers, name: string) => Object.entries(headers).find(([other]) => sameHeader(other, name));
  const removed = Object.keys(before).filter((name) => !find(now, name));
  const others = Object.entries(now).flatMap(([name, value]) => {
    const known = find(before, name);
    if (!known) return [`header ${name} was added`];
    return known[1] === value ? [] : [`header ${name} was changed`];
  });
  return [...removed.map((name) => `header ${name} was removed`), ...others];
}

/** Adds, changes and removes single headers until they are as wanted. Each has an outcome of its own. */
export function changeHeaders(
  ion: WebhookApi,
  receiver: Receiver,
  wanted: Headers,
): Promise<PromiseSettledResult<void>[]> {
  const kept = new Set<string>();
  const changes = Object.entries(wanted).map(async ([key, value]) => {
    const live = receiver.headers.find((header) => sameHeader(header.key, key));
    if (!live) return ion.createHeader(receiver, key, value);
    kept.add(live.id);
    // A masked value cannot be compared, and is set again rather than trusted.
    if (live.value !== value) return ion.updateHeader(receiver, live, value);
  });
  const extra = receiver.headers.filter((header) => !kept.has(header.id));
  return Promise.allSettled([...changes, ...extra.map((header) => ion.deleteHeader(receiver, header))]);
}
