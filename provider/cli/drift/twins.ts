import type { Receiver } from "../../ion/operations.ts";
import { plainUrl } from "../../model/url.ts";

/** Receivers with one URL between them, in groups. Of those whose URL ION masks it cannot be told. */
export function sharedUrls(live: readonly Receiver[]): Receiver[][] {
  const open = live.filter(({ webhookUri }) => webhookUri !== undefined);
  const byUrl = Map.groupBy(open, ({ webhookUri = "" }) => plainUrl(webhookUri));
  return [...byUrl.values()].filter((same) => same.length > 1);
}
