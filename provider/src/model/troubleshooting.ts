/**
 * The sections of docs/troubleshooting.md about our errors, by their titles. Each quotes the words of its error; "…" is computed.
 * test/repository/readme.test.ts compares them with the page.
 */
export const SECTIONS: readonly string[] = [
  "ion:region is not set",
  "ION's token endpoint at … rejected the API key",
  "Could not reach ION at …",
  "ION did not return its webhook receivers",
  "The API key needs the permission …",
  "ION's schema has no …",
  "ION at … rejected an access token that was issued just now",
  "ION already has a webhook receiver with the webhookUri of …",
  "ION already has … webhook receivers with the webhookUri of …",
  "ION already has a webhook receiver named …",
  "importId is …, but this resource is the webhook receiver with id …",
  "The webhook receiver … does not exist in …",
  "The … with id … belongs to …",
  "is too low: your program does not declare …",
  "… declare the same …",
  "is declared too late",
  "This program loads two versions of pulumi-ion",
  "is not one of ION's …",
  "must be an https:// URL, because ION delivers events only over HTTPS",
  "It was changed again while this ran",
  "are both set, and name different ION environments",
  "has no path",
  "… did not send a GraphQL answer",
];

/** The anchor of the section about a message, if there is one. */
export function sectionFor(message: string): string | undefined {
  const found = SECTIONS.find((title) => quotes(title, message));
  return found === undefined ? undefined : anchorOf(found);
}

/** A text with a reference to its section on the last line, if there is one. */
export const appendHelp = (text: string, help: string | undefined): string =>
  help === undefined ? text : `${text}\nHelp: ${help}`;

/** Whether a message has all words of a title, in their order. */
function quotes(title: string, message: string): boolean {
  let from = 0;
  for (const part of title.split("…")) {
    const at = message.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

/** The anchor of a heading, as editors name it. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .trim()
    .replace(/\s/g, "-");
