/** What `pulumi-ion doctor` finds, as sentences, and who can fix what is wrong. */
import { type ConnectionSettings, settingNames } from "../../ion/connectionSettings.ts";
import type { IonError } from "../../ion/errors.ts";
import { proxyFor, unusedProxy } from "../../ion/http/transport.ts";
import { RECEIVERS } from "../../ion/operations/queries.ts";
import type { LoginFacts, TokenFacts } from "../../ion/schema/environmentCheck.ts";
import { NEEDED_PERMISSIONS } from "../../ion/schema/operationSamples.ts";
import type { NameFacts, OperationFacts, SchemaFacts } from "../../ion/schema/schemaCheck.ts";
import { didYouMean, similarNames } from "../../model/suggestions.ts";
import { escapeText, listSome, pluralize } from "../../model/text.ts";
import type { Receivers } from "../../model/webhooks.ts";
import { originOf, type Settings, withoutSecrets } from "../settings.ts";

/** The outcome of one check. */
export type Outcome = "ok" | "warning" | "failure";

/** The result of one check. */
export interface Finding {
  readonly step: "settings" | "key" | "schema" | "webhooks";
  readonly outcome: Outcome;
  readonly message: string;
  /** Lines to print below it. */
  readonly details?: readonly string[];
}

/** What all checks come to. */
export interface Verdict {
  /** What works as it is. */
  readonly works: readonly string[];
  /** What works without names that ION's schema lacks. */
  readonly adapted: readonly string[];
  /** What does not work. */
  readonly unsupported: readonly string[];
  /** How to use `pulumi up` all the same, if ION's webhooks cannot be read. */
  readonly workaround?: string;
  /** Who can fix what is wrong, and how. */
  readonly asks: readonly string[];
}

/** Adds a finding. */
export type Add = (step: Finding["step"], outcome: Outcome, message: string, details?: readonly string[]) => void;

/** Names to list before a list becomes too long to read. */
const MAX_NAMES = 200;

/** A clock that is off by more than this is not synchronized. */
const MAX_CLOCK_SECONDS = 60;

/** Which settings are used, and where they come from. */
export function reportSettings({ stack, used, configProblems }: Settings, isStackWanted: boolean, add: Add) {
  const byOrigin = Map.groupBy(used, (setting) => originOf(setting, stack));
  const parts = [...byOrigin].map(([origin, some]) => `${some.map(({ name }) => name).join(", ")} from ${origin}`);
  if (parts.length > 0) add("settings", "ok", `Settings: ${parts.join("; ")}.`);
  else {
    const withoutStack = isStackWanted ? "There is no Pulumi project in this folder or above it" : "--no-stack is set";
    const missing = stack ? `Stack ${escapeText(stack.name)} has no ion: config` : withoutStack;
    add("settings", "failure", `${missing}, and no ION environment variable is set.`);
  }
  for (const message of configProblems.unknown) add("settings", "warning", message);
  for (const key of configProblems.plaintext) {
    const message =
      `${key} is stored in the config of stack ${escapeText(stack?.name ?? "")} as plaintext, and Pulumi copies the config into the state. ` +
      `Run \`pulumi config set --secret ${key}\`. If other people have seen the file, ask an org admin of ION for a new API key.`;
    add("settings", "failure", message);
  }
}

/** Which ION environment the settings name, and whether a proxy is ignored. */
export function reportEnvironment({ endpoint, authUrl }: ConnectionSettings, env: NodeJS.ProcessEnv, add: Add) {
  const [api, tokens] = [withoutSecrets(endpoint), withoutSecrets(authUrl)];
  add("settings", "ok", `ION environment: ${api}, with tokens from ${tokens}.`);
  const proxy = proxyFor(new URL(endpoint), env);
  if (proxy && !proxy.isUsed) add("settings", "warning", unusedProxy(proxy.variable));
}

/** What the API key can do. */
export function reportToken({ seconds, clockAhead, permissions }: TokenFacts, add: Add) {
  const validity = seconds === undefined ? "" : ` Its token is valid for ${duration(seconds)}.`;
  add("key", "ok", `ION accepted the API key.${validity}`);
  if (clockAhead !== undefined && Math.abs(clockAhead) > MAX_CLOCK_SECONDS) {
    const direction = clockAhead > 0 ? "ahead of" : "behind";
    const off = pluralize(Math.abs(clockAhead), "second");
    add("key", "warning", `The clock of this machine is ${off} ${direction} ION's. Synchronize it.`);
  }
  const missing = NEEDED_PERMISSIONS.filter((name) => !permissions.includes(name));
  if (permissions.length === 0) {
    const message =
      "Could not check the permissions of the API key, because its token does not list them. It needs read access to " +
      "webhook receivers, and:";
    add("key", "warning", message, NEEDED_PERMISSIONS);
  } else if (missing.length > 0) add("key", "failure", "The API key lacks these permissions:", missing);
  else add("key", "ok", "The API key has all permissions that pulumi-ion needs.");
}

const duration = (seconds: number) =>
  seconds % 60 === 0 ? pluralize(seconds / 60, "minute") : pluralize(seconds, "second");

/** How ION accepts the key, if not as usual. */
export function reportLogin({ tokenUrl, isBare }: LoginFacts, add: Add) {
  if (tokenUrl)
    add("key", "ok", `Tokens come from ${withoutSecrets(tokenUrl)}: there is no token endpoint at the usual path.`);
  if (isBare) add("key", "ok", 'ION accepts the token only without "Bearer", so pulumi-ion sends it that way.');
}

/** Whether ION answers at other hosts of First Resonance. */
export function reportOtherHosts(
  found: ConnectionSettings | undefined,
  { stack, connection }: Pick<Settings, "stack" | "connection">,
  add: Add,
) {
  if (!found) return;
  const { key, variable } = settingNames(connection);
  const set = (setting: "endpoint" | "authUrl", url: string) =>
    stack ? `pulumi config set ${key(setting)} ${url}` : `export ${variable(setting)}=${url}`;
  add("settings", "warning", "ION accepts this key at other hosts of First Resonance. Use them:", [
    set("endpoint", found.endpoint),
    set("authUrl", found.authUrl),
  ]);
}

/** Whether receivers can be read at all. */
export const canRead = ({ operations }: SchemaFacts): boolean =>
  operations.some(({ field, isPart, outcome }) => field === RECEIVERS && !isPart && outcome !== "unsupported");

/** How ION's schema matches what pulumi-ion sends. */
export function reportSchema(facts: SchemaFacts, add: Add) {
  const { types, operations, resources, actions, unused, hasList } = facts;
  add("schema", "ok", `ION shows its schema (${pluralize(types, "type")}).`);
  const matching = operations.filter(({ outcome }) => outcome === "works").length;
  const total = pluralize(operations.length, "request");
  if (matching === operations.length) add("schema", "ok", `All ${total} that pulumi-ion sends match ION's schema.`);
  else if (matching > 0) add("schema", "ok", `${matching} of ${total} that pulumi-ion sends match ION's schema.`);
  for (const [reasons, some] of Map.groupBy(withoutRepeated(operations), reasonsOf)) {
    const isAdapted = some[0]?.outcome === "adapted";
    const purposes = some.map(({ purpose }) => purpose).join(", ");
    const message = isAdapted
      ? `pulumi-ion can ${purposes}, although ION's schema differs:`
      : `pulumi-ion cannot ${purposes}:`;
    add("schema", isAdapted ? "warning" : "failure", message, reasons.split("\n"));
  }
  add(
    "schema",
    "ok",
    "The shape of each request:",
    operations.flatMap((one) =>
      one.isPart || !one.shape ? [] : [`${one.purpose}: ${one.shape} (${originOfShape(one)})`],
    ),
  );
  if (!hasList && canRead(facts)) {
    const message =
      "ION has no list of webhook receivers. pulumi-ion reads those of a stack one by one. It cannot find duplicates of them, " +
      "receivers that no program manages, or existing receivers to import.";
    add("webhooks", "warning", message);
  }
  if (unused.length > 0)
    add(
      "schema",
      "ok",
      `ION also has operations that pulumi-ion does not use: ${listSome(unused.map(escapeText), MAX_NAMES)}.`,
    );
  reportNames("resource", resources, add);
  reportNames("action", actions, add);
}

/** Whether the key has the permissions that only this shape of ION's API needs. */
export function reportMorePermissions({ morePermissions }: SchemaFacts, { permissions }: TokenFacts, add: Add) {
  const missing = morePermissions.filter((name) => !permissions.includes(name));
  if (missing.length === 0) return;
  if (permissions.length > 0)
    add("key", "failure", "To manage headers, the API key also lacks these permissions:", missing);
  else add("key", "warning", "To manage headers, the API key also needs these permissions:", missing);
}

/** Where a shape comes from. */
function originOfShape({ outcome, inGuide }: OperationFacts): string {
  if (outcome === "adapted") return "from ION's schema";
  return inGuide ? "known from Violet's guide" : "inferred, and as in ION's schema";
}

/** Why an operation does not match, line by line. */
const reasonsOf = ({ reason, differences }: OperationFacts) =>
  [...new Set([...(reason ? [reason] : []), ...differences])].join("\n");

/** The operations that do not match; of those that are a part of another one, only those with reasons of their own. */
function withoutRepeated(operations: readonly OperationFacts[]): OperationFacts[] {
  const wholeOf = (part: OperationFacts) => operations.find(({ field, isPart }) => field === part.field && !isPart);
  return operations.filter((operation) => {
    if (operation.outcome === "works") return false;
    const whole = wholeOf(operation);
    return whole === operation || !whole || reasonsOf(whole) !== reasonsOf(operation);
  });
}

function reportNames(noun: string, { known, missing, additional }: NameFacts, add: Add) {
  if (known === missing.length) return add("schema", "warning", `ION's schema does not list its ${noun}s.`);
  if (missing.length === 0) add("schema", "ok", `ION has all ${known} ${noun}s that pulumi-ion knows.`);
  else {
    const message = `ION does not have ${pluralize(missing.length, noun)} that pulumi-ion knows, and rejects subscriptions to ${missing.length === 1 ? "it" : "them"}:`;
    const lines = missing.map((name) => {
      const [suggestion] = didYouMean(similarNames(name, additional));
      return suggestion ? `${name}. ${suggestion}` : name;
    });
    add("schema", "warning", message, lines);
  }
  if (additional.length > 0) {
    add("schema", "ok", `ION has ${pluralize(additional.length, `more ${noun}`)}:`, [
      listSome(additional.map(escapeText), MAX_NAMES),
    ]);
  }
}

/** What ION has. */
export function reportWebhooks(live: Receivers, add: Add) {
  const receivers = [...live.values()];
  const subscriptions = receivers.reduce((sum, receiver) => sum + receiver.subscriptions.length, 0);
  if (receivers.length === 0) {
    const message =
      "ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and `pulumi up` would " +
      "create them a second time.";
    return add("webhooks", "warning", message);
  }
  const counts = `${pluralize(receivers.length, "receiver")} and ${pluralize(subscriptions, "subscription")}`;
  add("webhooks", "ok", `ION has ${counts}.`);
  if (receivers.some(({ webhookUri }) => webhookUri === undefined)) {
    const message =
      "ION does not show this API key the URLs of all receivers. A receiver without a URL can be imported only with importId.";
    add("webhooks", "warning", message);
  }
}

/** What all checks come to. */
export function verdictOf(
  token: TokenFacts | undefined,
  schema: SchemaFacts | undefined,
  failures: readonly IonError[],
): Verdict {
  const all = schema?.operations ?? [];
  const operations = [...all.filter(({ isPart }) => !isPart), ...withoutRepeated(all).filter(({ isPart }) => isPart)];
  const of = (outcome: OperationFacts["outcome"]) => operations.filter((one) => one.outcome === outcome);
  const purposes = (some: readonly OperationFacts[]) => some.map(({ purpose }) => purpose);
  const isListMissing = of("unsupported").some(({ field, isPart }) => field === RECEIVERS && !isPart);
  const isGuideSupported = operations
    .filter(({ inGuide }) => inGuide)
    .every(({ outcome }) => outcome !== "unsupported");
  return {
    works: purposes(of("works")),
    adapted: purposes(of("adapted")),
    unsupported: purposes(of("unsupported")),
    ...(isListMissing && isGuideSupported && { workaround: WORKAROUND }),
    asks: [...asksForKey(token, failures), ...asksForSchema(of("unsupported"))],
  };
}

function asksForKey(token: TokenFacts | undefined, failures: readonly IonError[]): string[] {
  const permissions = token?.permissions ?? [];
  const missing = permissions.length > 0 ? NEEDED_PERMISSIONS.filter((name) => !permissions.includes(name)) : [];
  if (missing.length > 0) return [`An org admin of your ION: create an API key that also has ${missing.join(", ")}.`];
  if (!failures.some(({ kind }) => kind === "permission" || kind === "auth")) return [];
  return [
    "An org admin of your ION: create an API key in the environment above, with read access to webhook receivers and " +
      `${NEEDED_PERMISSIONS.join(", ")}.`,
  ];
}

function asksForSchema(unsupported: readonly OperationFacts[]): string[] {
  const names = [...new Set(unsupported.map(({ field }) => field))];
  if (names.length === 0) return [];
  return [
    `First Resonance: what does ION's API have instead of ${names.join(", ")}, or is it disabled for your organization?`,
    "The maintainers of pulumi-ion: send them this output, and the file that `pulumi-ion doctor --save-schema ion.graphql` writes.",
  ];
}

const WORKAROUND =
  "Until this is solved, the first `pulumi up` creates what your program declares without checking whether ION already has it: check " +
  "that yourself first. Afterwards, use `pulumi up --refresh=false` to create more.";
