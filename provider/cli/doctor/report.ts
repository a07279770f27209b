/** What `pulumi-ion doctor` makes of what it finds: in words, and who has to do what about it. */
import type { ConnectionSettings } from "../../ion/connectionSettings.ts";
import type { IonError } from "../../ion/errors.ts";
import { proxyFor, unheeded } from "../../ion/http/transport.ts";
import { LIST } from "../../ion/operations.ts";
import {
  type DocumentFacts,
  type NameFacts,
  NEEDED_PERMISSIONS,
  type SchemaFacts,
  type TokenFacts,
} from "../../ion/schema/environmentCheck.ts";
import type { Receivers } from "../../ion/snapshot.ts";
import { didYouMean, nearNames } from "../../model/suggestions.ts";
import type { Settings } from "../settings.ts";
import { pluralize } from "../terminal.ts";

/** How one thing was found to be. */
export type Outcome = "ok" | "warning" | "failure";

/** One line of the examination. */
export interface Finding {
  readonly step: "settings" | "key" | "schema" | "webhooks";
  readonly outcome: Outcome;
  readonly words: string;
  /** What to show below it, line by line. */
  readonly details?: readonly string[];
}

/** What it comes to, and who has to do what. */
export interface Verdict {
  readonly works: readonly string[];
  /** Works without names that ION's schema lacks. */
  readonly adapted: readonly string[];
  readonly lacking: readonly string[];
  /** What that means for `pulumi up`, where it can be used all the same. */
  readonly meanwhile?: string;
  readonly asks: readonly string[];
}

/** Where pulumi-ion has every name of ION's. */
const NAMES_FILE = "provider/ion/operations.ts";

/** Takes a finding down. */
export type Note = (step: Finding["step"], outcome: Outcome, words: string, details?: readonly string[]) => void;

/** Says where each setting is from. */
export function noteSources({ stack, sources }: Settings, note: Note) {
  const from = Map.groupBy(sources, (source) => source.from);
  const parts = [...from].map(([where, some]) => `${some.map(({ name }) => name).join(", ")} from ${where}`);
  const nothing = stack
    ? `Neither stack ${stack.name} nor an environment variable names`
    : "No Pulumi project here, and no environment variable names";
  if (parts.length > 0) note("settings", "ok", `Settings: ${parts.join("; ")}.`);
  else note("settings", "failure", `${nothing} an ION.`);
}

/** A URL without what may be secret in it. */
export function bare(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Says which ION the settings come to, and what of this machine may stand in the way. */
export function noteConnection({ endpoint, authUrl }: ConnectionSettings, env: NodeJS.ProcessEnv, note: Note) {
  note("settings", "ok", `ION at ${bare(endpoint)}, with tokens from ${bare(authUrl)}.`);
  const proxy = proxyFor(new URL(endpoint), env);
  if (proxy && !proxy.heeded) {
    note("settings", "warning", unheeded(proxy.variable));
  }
}

/** Says what the key is good for. */
export function noteToken({ seconds, clockAhead, permissions }: TokenFacts, note: Note) {
  note("key", "ok", `ION took the API key, and gave a token${seconds === undefined ? "" : ` for ${seconds} s`}.`);
  if (clockAhead !== undefined && Math.abs(clockAhead) > CLOCK_SECONDS) {
    const how = clockAhead > 0 ? "ahead of" : "behind";
    note(
      "key",
      "warning",
      `This machine's clock is ${Math.abs(clockAhead)} s ${how} ION's: set it by the network's time.`,
    );
  }
  const missing = NEEDED_PERMISSIONS.filter((name) => !permissions.includes(name));
  if (permissions.length === 0) {
    const words = "The token does not tell the key's permissions. pulumi-ion needs, beside reading webhook receivers:";
    note("key", "warning", words, NEEDED_PERMISSIONS);
  } else if (missing.length > 0) note("key", "failure", "The key lacks permissions that pulumi-ion needs:", missing);
  else note("key", "ok", "The key has all permissions that pulumi-ion needs.");
}

/** A clock that is further off than this is not set by a network. */
const CLOCK_SECONDS = 60;

/** Says what ION's schema has of what pulumi-ion asks. */
export function noteSchema({ types, documents, resources, actions, unasked }: SchemaFacts, note: Note) {
  note("schema", "ok", `ION shows its schema: ${pluralize(types, "type")}.`);
  const same = documents.filter(({ outcome }) => outcome === "works");
  if (same.length > 0)
    note("schema", "ok", `${same.length} of ${pluralize(documents.length, "document")} fit it as they are.`);
  for (const [key, some] of Map.groupBy(told(documents), reasons)) {
    const can = some[0]?.outcome === "adapted";
    const doing = some.map(({ does }) => does).join(", ");
    const words = can ? `pulumi-ion can ${doing}, though ION's schema differs:` : `pulumi-ion cannot ${doing}:`;
    note("schema", can ? "warning" : "failure", words, key.split("\n"));
  }
  if (unasked.length > 0) note("schema", "ok", `Beside these, ION has ${unasked.join(", ")}.`);
  noteNames("resource", resources, note);
  noteNames("action", actions, note);
}

/** What keeps a document from fitting, line by line. */
const reasons = ({ why, differs }: DocumentFacts) => [...new Set([...(why ? [why] : []), ...differs])].join("\n");

/** What does not fit as it is. Of a part, only what is not the matter with the whole. */
function told(documents: readonly DocumentFacts[]): DocumentFacts[] {
  const whole = (part: DocumentFacts) => documents.find(({ field, part: other }) => field === part.field && !other);
  return documents.filter((document) => {
    if (document.outcome === "works") return false;
    const main = whole(document);
    return main === document || !main || reasons(main) !== reasons(document);
  });
}

function noteNames(what: string, { known, missing, further }: NameFacts, note: Note) {
  if (known === missing.length) note("schema", "warning", `ION's schema does not tell its ${what}s.`);
  else if (missing.length === 0) note("schema", "ok", `ION knows all ${known} ${what}s that pulumi-ion does.`);
  else {
    const words = `ION does not know ${pluralize(missing.length, what)} of Violet's guide; a subscription to ${missing.length === 1 ? "it" : "them"} is refused:`;
    note(
      "schema",
      "warning",
      words,
      missing.map((name) => name + didYouMean(nearNames(name, further))),
    );
  }
  if (further.length > 0 && known !== missing.length) {
    note("schema", "ok", `It knows ${pluralize(further.length, what)} more:`, [further.join(", ")]);
  }
}

/** Says what there is. */
export function noteWebhooks(live: Receivers, note: Note) {
  const receivers = [...live.values()];
  const subscriptions = receivers.reduce((sum, receiver) => sum + receiver.subscriptions.length, 0);
  const masked = receivers.some(({ webhookUri }) => webhookUri === undefined);
  if (receivers.length === 0) {
    note(
      "webhooks",
      "warning",
      "ION shows this key no webhook receiver. That is as it should be in an ION that has none; if it has, the key may not see " +
        "them, and `pulumi up` would make them a second time.",
    );
    return;
  }
  note(
    "webhooks",
    "ok",
    `ION shows ${pluralize(receivers.length, "receiver")} and ${pluralize(subscriptions, "subscription")}.`,
  );
  if (masked) {
    note(
      "webhooks",
      "warning",
      "ION does not show this key where its receivers send to: what is there is taken over by importId only.",
    );
  }
}

/** Says what it comes to. */
export function verdictOf(
  token: TokenFacts | undefined,
  schema: SchemaFacts | undefined,
  failures: readonly IonError[],
): Verdict {
  const all = schema?.documents ?? [];
  const documents = [...all.filter(({ part }) => !part), ...told(all).filter(({ part }) => part)];
  const of = (wanted: DocumentFacts["outcome"]) => documents.filter(({ outcome }) => outcome === wanted);
  const doing = (some: readonly DocumentFacts[]) => some.map(({ does }) => does);
  const asks: string[] = [];
  const pinned = token?.permissions ?? [];
  const missing = pinned.length > 0 ? NEEDED_PERMISSIONS.filter((name) => !pinned.includes(name)) : [];
  if (missing.length > 0) asks.push(`An org admin of your ION, to make a key with: ${missing.join(", ")}.`);
  else if (failures.some(({ kind }) => kind === "permission" || kind === "auth")) {
    asks.push(
      `An org admin of your ION, to make a key in the environment that the settings name, which may read webhook receivers and has: ${NEEDED_PERMISSIONS.join(", ")}.`,
    );
  }
  const names = [...new Set(of("lacking").map(({ field }) => field))];
  if (names.length > 0) {
    asks.push(
      `First Resonance, what ION's API has in place of what is said above of ${names.join(", ")}, or whether it is switched off for you.`,
      `The people who make pulumi-ion, with this output: the names are in ${NAMES_FILE}.`,
    );
  }
  const blind = of("lacking").some(({ field, part }) => field === LIST && !part);
  const makes = documents.filter(({ guide }) => guide).every(({ outcome }) => outcome !== "lacking");
  return {
    works: doing(of("works")),
    adapted: doing(of("adapted")),
    lacking: doing(of("lacking")),
    ...(blind && makes && documents.length > 0 && { meanwhile: MEANWHILE }),
    asks,
  };
}

const MEANWHILE =
  "Until then, a first `pulumi up` makes what the program declares, without a look whether ION has it already: make sure " +
  "that it has not. After that, `pulumi up --refresh=false` makes what is new.";
