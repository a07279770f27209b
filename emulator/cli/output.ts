import type { Delivery, Emulator, LoggedRequest } from "../index.ts";

/** The first lines of the output: the address, and what to export for a client. */
export function greeting(
  emulator: Emulator,
  { hasPage, showSecret }: { readonly hasPage: boolean; readonly showSecret: boolean },
): string {
  const { url, graphqlUrl, tokenUrl } = emulator;
  const address = hasPage
    ? `${url} (open it in a browser to watch and to make changes; press Ctrl-C to stop)`
    : `${graphqlUrl} (open it in a browser for the API explorer; press Ctrl-C to stop)`;
  return `ION emulator at ${address}

export ION_API_URI=${quote(graphqlUrl)}
export ION_AUTH_SERVER=${quote(tokenUrl)}
${apiKeyOf(emulator, showSecret)}
`;
}

/** The same for several environments: a line for each, and the API key of all. */
export function listOfEnvironments(
  emulators: readonly Emulator[],
  { showSecret }: { readonly showSecret: boolean },
): string {
  const lines = emulators.map(({ graphqlUrl, tokenUrl }, at) => `${at + 1}  ${graphqlUrl}  ${tokenUrl}`);
  const key = emulators[0] && apiKeyOf(emulators[0], showSecret);
  return `${emulators.length} ION environments, each with its GraphQL and token endpoint (press Ctrl-C to stop):

${lines.join("\n")}

${key}
`;
}

function apiKeyOf({ clientId, clientSecret }: Emulator, showSecret: boolean): string {
  return `export ION_CLIENT_ID=${quote(clientId)}
export ION_CLIENT_SECRET=${showSecret ? quote(clientSecret) : "...  # the secret that you started the emulator with"}`;
}

/** One line about a request. */
export function requestLine({ kind, operation, fields, status, milliseconds, fault }: LoggedRequest): string {
  const failed = fields.filter((field) => field.outcome !== "ok").length;
  const words = [
    new Date().toTimeString().slice(0, 8),
    status === 0 ? "---" : String(status),
    `${Math.round(milliseconds)} ms`.padStart(8),
    kind === "graphql" ? (operation?.type ?? kind) : kind,
    ...(operation?.name ? [operation.name] : []),
    ...(fields.length > 0 ? [countNames(fields.map(({ field }) => field))] : []),
    ...(failed > 0 ? [`(${failed} failed)`] : []),
    ...(fault === undefined ? [] : [`[${fault}]`]),
  ];
  return words.join(" ");
}

/** One line about the last attempt of a delivery. */
export function deliveryLine({ resource, action, receiver, state, note, attempts }: Delivery): string {
  const attempt = attempts.at(-1);
  const words = [
    new Date().toTimeString().slice(0, 8),
    note === null && attempt?.status ? String(attempt.status) : "---",
    note === null ? `${Math.round(attempt?.milliseconds ?? 0)} ms`.padStart(8) : state.padStart(8),
    `delivery of ${resource} ${action} to "${printable(receiver.name)}" at ${receiver.host}`,
    ...(attempts.length > 1 && note === null ? [`attempt ${attempts.length}`] : []),
  ];
  const reason = note ?? attempt?.reason;
  return `${words.join(" ")}${reason == null ? "" : `: ${reason}`}`;
}

function countNames(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count > 1 ? `${count} × ${name}` : name)).join(", ");
}

function quote(value: string): string {
  return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** Text from outside, such as a name or the answer of another program, without what a terminal or a CI runner obeys. */
export function printable(text: string): string {
  const codeOf = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  return text
    .slice(0, 500)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, codeOf)
    .replace(/(^|\s)::/g, "$1:\\:")
    .replace(/##(?=\[|vso)/g, "#\\#");
}
