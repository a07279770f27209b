/** When what ION shows is what was set. */
import { RECEIVER_FIELDS_SETTABLE, type ReceiverInput } from "../ion/operations.ts";
import { sameUrl } from "./url.ts";

type Fields = { readonly [Key in keyof ReceiverInput]?: ReceiverInput[Key] | undefined };

/** Names the fields of `wanted` in which `live` differs. A field that ION masks or does not show counts as the same. */
export function differing(wanted: Fields, live: Fields): (keyof ReceiverInput)[] {
  return RECEIVER_FIELDS_SETTABLE.filter((key) => {
    if (wanted[key] === undefined || live[key] === wanted[key]) return false;
    if (key === "description") return (live[key] ?? "") !== wanted[key];
    if (key === "webhookUri") return live[key] !== undefined && !sameUrl(live[key], wanted[key]);
    return key !== "sharedSecret" || live[key] !== undefined;
  });
}

/** A pair in words, the same for the same pair: "PARTS UPDATE". */
export const pairOf = ({ resource, action }: { readonly resource: string; readonly action: string }) =>
  `${resource} ${action}`;
