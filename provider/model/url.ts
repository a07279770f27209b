/** When two texts are one URL. */

/** A URL as it is written in the plainest way. */
export const plainUrl = (url: string) => (URL.canParse(url) ? new URL(url).href : url);

/** Whether two texts are the same URL, however it is written. */
export function sameUrl(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && plainUrl(one) === plainUrl(other);
}
