/** The one spelling of a URL that equal URLs share; the text itself if it is no URL. */
export const normalizeUrl = (url: string): string => (URL.canParse(url) ? new URL(url).href : url);

/** Whether two texts are the same URL. Unknown URLs are never the same. */
export function sameUrl(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && normalizeUrl(one) === normalizeUrl(other);
}

/** A URL without slashes at its end. */
export function trimSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === "/") end -= 1;
  return url.slice(0, end);
}
