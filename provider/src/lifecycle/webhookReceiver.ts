/** What a webhook receiver does in ION. @see ../resources/webhookReceiver.ts for what a program declares. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { retryOnConflict } from "../ion/conflicts.ts";
import { formatEnvironment, isLoopback } from "../ion/connectionSettings.ts";
import { IonError, isIonError, isStale } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { changesFor } from "../model/changes.ts";
import { duplicateReceivers, receiverDifference, receiversWithUrl } from "../model/difference.ts";
import { describeDifference } from "../model/messages.ts";
import { escapeText, formatReceiver, pluralize } from "../model/text.ts";
import { normalizeUrl } from "../model/url.ts";
import {
  isSecretField,
  RECEIVER_FIELDS,
  type Receiver,
  type Receivers,
  SECRET_PROPERTIES,
  sameHeaderName,
} from "../model/webhooks.ts";
import { inputFailures, withoutKeys } from "./inputs.ts";
import {
  asDesired,
  asReceiver,
  buildState,
  declaredFields,
  desiredFields,
  driftedFields,
  driftedSecrets,
  type Fields,
  type Inputs,
  observedFields,
  pick,
  propertyChanges,
  type State,
  withKnownSecrets,
} from "./receiverState.ts";
import {
  ifReadable,
  lookAhead,
  PartialStateError,
  type ResourceHandler,
  UNKNOWN,
  type UncheckedInputs,
} from "./resourceHandler.ts";

const string = (reason = "must be a string") =>
  z.string({ error: reason }).refine((value) => !value.includes("\0"), "must not contain a null character");
const status = "must be an HTTP status from 100 to 599";

const argsSchema = z.strictObject({
  name: string().refine((name) => name.trim() !== "", "must not be empty"),
  webhookUri: string().superRefine(checkUrl).optional(),
  description: string().optional(),
  contentType: string()
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\t\x20-\x7e]*)?$/, "must be a media type such as application/json")
    .optional(),
  expectedResponseCode: z.int({ error: status }).min(100, status).max(599, status).optional(),
  active: z.boolean({ error: "must be true or false" }).optional(),
  sharedSecret: string()
    .refine((secret) => secret.trim() !== "", "must not be empty; omit it to let ION generate one")
    .optional(),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "is not a valid HTTP header name"),
      z
        .string({ error: "must be a string" })
        .refine((value) => !hasControlCharacter(value), "must not contain line breaks or control characters")
        .refine((value) => !/[^\0-\xff]/.test(value), "must contain only Latin-1 characters, as HTTP headers do")
        .refine((value) => value === value.trim(), "must not start or end with a space"),
    )
    .superRefine(checkHeaderNames)
    .optional(),
  importId: string("must be the id of a receiver, as a string").min(1, "must not be empty").optional(),
});

function checkUrl(url: string, context: z.RefinementCtx) {
  const fail = (message: string) => context.addIssue({ code: "custom", message });
  // URL drops them silently at both ends, and ION may not.
  if (/[\s\p{Cc}]/u.test(url)) return fail("must not contain spaces, line breaks or control characters");
  if (!URL.canParse(url)) return fail("is not a URL; it must look like https://example.com/path");
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    fail("must be an https:// URL, because ION delivers events only over HTTPS");
  }
}

/** Headers that a declared one would break or forge. */
const RESERVED_HEADERS = [
  "host",
  "content-length",
  "content-type",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "x-ion-signature",
];

function checkHeaderNames(headers: Record<string, string>, context: z.RefinementCtx) {
  const names = Object.keys(headers);
  const duplicates = names.filter((name, at) => names.findIndex((other) => sameHeaderName(other, name)) !== at);
  for (const name of names.filter((one) => RESERVED_HEADERS.includes(one.toLowerCase()))) {
    context.addIssue({ code: "custom", message: `must not contain ${name}, which HTTP or ION sets itself` });
  }
  for (const name of duplicates) {
    context.addIssue({
      code: "custom",
      message: `must not contain ${name} twice: HTTP ignores the case of header names`,
    });
  }
}

const hasControlCharacter = (value: string) =>
  [...value].some((character) => (character < " " && character !== "\t") || character === "\u007f");

/** Keys that read and check add to the inputs for the preview. */
const PREVIEW_KEYS = ["pinned", "driftedSecrets", "changedSecrets"];

/** The lifecycle of a webhook receiver, for dynamic resources. */
export const webhookReceiver = createWebhookReceiver("importId");

/** @param importOption what a program sets to import an existing receiver: each engine has its own way. */
export function createWebhookReceiver(importOption: string): ResourceHandler<Inputs, State> {
  return {
    secrets: SECRET_PROPERTIES,

    // Two receivers with one URL deliver everything twice, so the URL identifies a receiver. With importId, the id does.
    identities(declared, id = "importId" in declared ? declared.importId : undefined) {
      const { webhookUri } = declared;
      const known = { url: webhookUri && normalizeUrl(webhookUri), id };
      return Object.entries(known).flatMap(([what, value]) => (value && value !== UNKNOWN ? `${what} ${value}` : []));
    },

    async check(api, given, olds) {
      const news = withoutKeys(given, PREVIEW_KEYS);
      const failures = inputFailures(argsSchema, news, olds);
      const isUnchanged = olds.name !== undefined && olds.webhookUri === undefined;
      if (news.webhookUri === undefined && news.importId === undefined && !isUnchanged) {
        failures.push({ property: "webhookUri", reason: "is missing: set the https:// URL that ION sends events to" });
      }
      // Omitted fields that were changed in ION: the preview shows that they are restored.
      const restored = Object.entries((olds.pinned ?? {}) as Fields).filter(([field]) => news[field] === undefined);
      const pinned = Object.fromEntries(restored);
      const changed = changedSecrets(news, olds);
      const inputs = {
        ...news,
        ...(restored.length > 0 && { ...pinned, pinned }),
        ...(changed.length > 0 && { changedSecrets: changed }),
      };
      const isNew = Object.keys(olds).length === 0;
      const isKnown = ![news.name, news.webhookUri, news.importId].includes(UNKNOWN);
      if (!isNew || !isKnown || failures.length > 0) return { inputs, failures };
      const { seen, warnings } = await lookAhead(() => findExisting(api, news as unknown as Inputs, importOption));
      const adopted = seen?.receiver && news.importId === undefined ? [announceAdoption(seen.receiver)] : [];
      return { inputs, failures, warnings: [...warnings, ...adopted] };
    },

    // Nothing replaces a receiver: a new one has a new id, and its subscriptions would have to move.
    diff(id, state, inputs) {
      if (inputs.importId !== undefined && inputs.importId !== UNKNOWN && inputs.importId !== id) {
        throw new IonError(
          "ambiguous",
          `importId is ${escapeText(inputs.importId)}, but this resource is the webhook receiver with id ${escapeText(id)}.`,
          {
            hints: ["importId is used only when a resource is created. Declare a new resource for the other receiver."],
          },
        );
      }
      const differences = receiverDifference(asDesired(desiredFields(inputs, state)), asReceiver(id, state));
      return { changes: driftedFields(differences).length > 0, replaces: [], details: propertyChanges(differences) };
    },

    async create(api, inputs) {
      const { receiver, warnings } = await findExisting(api, inputs, importOption);
      if (receiver) return { id: receiver.id, state: buildState(api.environment, receiver, inputs), warnings };
      const { headers, ...fields } = declaredFields(inputs);
      const created = await api.apply({ kind: "createReceiver", fields });
      return { id: created.id, state: await applyHeaders(api, created, headers, inputs), warnings };
    },

    // Secret fields are omitted, and so pinned: `pulumi import` prints what it imports as program text.
    async import(api, id) {
      const live = await api.receiver(id);
      if (!live) {
        throw new IonError(
          "notFound",
          `The webhook receiver with id ${escapeText(id)} does not exist in ${formatEnvironment(api.environment)}.`,
          { hints: ["`npx --no-install pulumi-ion status` lists all receivers with their ids."] },
        );
      }
      const shown = RECEIVER_FIELDS.filter((field) => !isSecretField(field));
      const inputs = { name: live.name, ...pick(observedFields(live, {}), shown) };
      return { id: live.id, inputs, state: buildState(api.environment, live, inputs) };
    },

    async read(api, id, state) {
      const { receivers, isComplete } = await api.receiversWith(id);
      const live = receivers.get(id);
      const warnings = isComplete && receivers.size === 0 ? [nothingVisible(api.environment)] : [];
      if (!live) return { warnings };
      const observed = observedFields(live, state);
      const { declaredFields, pinned, reverted = [] } = state;
      const differences = receiverDifference(asDesired(pinned), asReceiver(id, observed));
      // A sharedSecret that ION generated is not pinned: a new one is accepted.
      const omitted = driftedFields(differences).filter(
        (field) => !declaredFields.includes(field) && field !== "sharedSecret",
      );
      const added = [...new Set([...reverted, ...omitted])];
      const secrets = driftedSecrets(differences);
      const drifted = secrets.length > 0 ? { driftedSecrets: secrets } : {};
      return {
        warnings: [...warnings, ...duplicateWarnings(live, receivers)],
        found: {
          inputs: {
            ...pick(observed, [...declaredFields, ...added]),
            ...(added.length > 0 && { pinned: pick(pinned, added) }),
            ...drifted,
          },
          state: {
            ...observed,
            ...drifted,
            ionEndpoint: api.environment,
            declaredFields,
            reverted,
            pinned: declaredFields.includes("sharedSecret")
              ? pinned
              : { ...pinned, ...pick(observed, ["sharedSecret"]) },
          },
        },
      };
    },

    async update(api, id, state, inputs) {
      const updated = await retryOnConflict(api, async () => {
        const live = await api.receiver(id);
        if (!live) throw notFound(api, id, inputs.name);
        const { headers, ...fields } = desiredFields(inputs, state);
        const differences = receiverDifference({ fields }, withKnownSecrets(live, state));
        const change = changesFor(differences).find((one) => one.kind === "updateReceiver");
        if (!change) return applyHeaders(api, live, headers, inputs, state);
        const { webhookUri } = change.fields;
        if (webhookUri !== undefined) await refuseDuplicate(api, live, inputs.name, webhookUri);
        const receiver = await api.apply({ ...change, receiver: live });
        return applyHeaders(api, receiver, headers, inputs, state);
      });
      return { state: updated };
    },

    async delete(api, id, _state, isDeclared) {
      await retryOnConflict(api, async () => {
        const { receivers } = await api.receiversWith(id);
        const live = receivers.get(id);
        if (!live) return;
        // If ION masks the URL, duplicates cannot be recognized, and what is declared is kept.
        if (isDeclared && receiversWithUrl(live.webhookUri, receivers).length <= 1) return;
        const isAlone = live.headers.length === 0 || api.headersBelongToReceivers;
        const receiver = isAlone ? live : await deleteHeaders(api, live);
        if (receiver) await api.apply({ kind: "deleteReceiver", receiver });
      });
    },
  };
}

/** Which secrets the program changes: Pulumi shows a changed secret as [secret] on both sides. Drifted ones are listed already. */
function changedSecrets(news: UncheckedInputs, olds: UncheckedInputs): string[] {
  if (olds.driftedSecrets !== undefined) return [];
  return SECRET_PROPERTIES.filter((name) => {
    const [before, after] = [olds[name], news[name]];
    return before !== undefined && after !== undefined && !isDeepStrictEqual(before, after);
  });
}

const announceAdoption = (receiver: Receiver) =>
  `ION already has receiver ${formatReceiver(receiver)} with ${pluralize(receiver.subscriptions.length, "subscription")}. ` +
  "`pulumi up` adopts it and the subscriptions that your program declares, and creates no duplicates.";

function nothingVisible(environment: string): string {
  const isEmulator = isLoopback(new URL(environment).hostname);
  return isEmulator
    ? "The emulator has no webhook receivers. If it was restarted without --data, it has forgotten them: `pulumi up` creates them again."
    : "ION shows this API key no webhook receivers. Either all were deleted, or the key is not allowed to read them. " +
        "In the second case, do not run `pulumi up`: it would create them a second time.";
}

function duplicateWarnings(live: Receiver, receivers: Receivers): string[] {
  return duplicateReceivers([...receivers.values()])
    .filter(({ receivers: same }) => same.some(({ id }) => id === live.id))
    .map(describeDifference);
}

/** The one receiver in ION that `inputs` already describe, if there is one. Never guesses between two. */
async function findExisting(api: WebhookApi, inputs: Inputs, importOption: string) {
  const { importId, webhookUri } = inputs;
  const name = escapeText(inputs.name);
  if (importId !== undefined) {
    const receiver = await api.receiver(importId);
    if (!receiver) {
      throw new IonError(
        "notFound",
        `The webhook receiver with id ${escapeText(importId)}, the importId of "${name}", does not exist in ${formatEnvironment(api.environment)}.`,
        { hints: ["Correct importId. `npx --no-install pulumi-ion status` lists all receivers with their ids."] },
      );
    }
    return { receiver, warnings: [] };
  }
  const consequence = `The webhook receiver "${name}" is created without checking whether ION already has it.`;
  const { value: receivers = new Map<string, Receiver>(), warnings } = await ifReadable(consequence, () =>
    api.receivers(),
  );
  const masked = [...receivers.values()].find((one) => one.webhookUri === undefined && one.name === inputs.name);
  if (masked) {
    throw new IonError(
      "ambiguous",
      `ION already has a webhook receiver named "${name}" (id ${escapeText(masked.id)}), and does not show its webhookUri.`,
      {
        hints: [
          `To import it, add ${importOption}: "${escapeText(masked.id)}". To create another one, choose another name.`,
        ],
      },
    );
  }
  const matches = receiversWithUrl(webhookUri, receivers);
  const [receiver] = matches;
  if (matches.length > 1) {
    throw new IonError(
      "ambiguous",
      `ION already has ${matches.length} webhook receivers with the webhookUri of "${name}": ${matches.map(formatReceiver).join(", ")}. ` +
        "ION delivers every event once for each of them.",
      { hints: [`Delete all but one in ION, or import one with ${importOption}.`] },
    );
  }
  if (receiver && receiver.name !== inputs.name) {
    throw new IonError(
      "ambiguous",
      `ION already has a webhook receiver with the webhookUri of "${name}": ${formatReceiver(receiver)}. ` +
        "Two receivers with this URL would deliver every event twice.",
      { hints: [`To import it, add ${importOption}: "${escapeText(receiver.id)}".`] },
    );
  }
  return { receiver, warnings };
}

/** Refuses a URL that another receiver has: with both, every event would be delivered twice. */
async function refuseDuplicate(api: WebhookApi, receiver: Receiver, name: string, webhookUri: string): Promise<void> {
  const other = receiversWithUrl(webhookUri, (await api.receiversWith(receiver.id)).receivers).find(
    ({ id }) => id !== receiver.id,
  );
  if (!other) return;
  throw new IonError(
    "ambiguous",
    `ION already has another webhook receiver with the new webhookUri of ${formatReceiver({ name, id: receiver.id })}: ` +
      `${formatReceiver(other)}. Two receivers with this URL would deliver every event twice.`,
    { hints: ["Delete the other one in ION, or give it another webhookUri first."] },
  );
}

/** Makes the headers of a receiver as desired, and builds the state. @throws PartialStateError if some of them failed */
async function applyHeaders(
  api: WebhookApi,
  receiver: Receiver,
  headers: Fields["headers"],
  inputs: Inputs,
  prior?: State,
) {
  const changes = changesFor(receiverDifference({ fields: {}, headers }, receiver));
  const outcomes = await Promise.allSettled(changes.map((change) => api.apply(change)));
  const failures = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const stale = failures.find((reason) => isIonError(reason) && isStale(reason));
  if (stale && prior) throw stale;
  const live = await api.receiversWith(receiver.id).catch(() => undefined);
  const state = buildState(api.environment, live?.receivers.get(receiver.id) ?? receiver, inputs, prior);
  if (failures.length > 0) {
    const reasons = failures.map((reason) => (reason instanceof Error ? reason.message : String(reason)));
    throw new PartialStateError(receiver.id, state, reasons);
  }
  // If ION cannot be read, what succeeded is as it was set.
  return live || !headers ? state : { ...state, headers };
}

/** ION may keep the headers of a deleted receiver, with their secrets, and then shows them nowhere. Returns what is left. */
async function deleteHeaders(api: WebhookApi, receiver: Receiver): Promise<Receiver | undefined> {
  const changes = receiver.headers.map((header) => api.apply({ kind: "deleteHeader", receiver, header }));
  for (const outcome of await Promise.allSettled(changes)) {
    const error: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
    const isDeleted = isIonError(error) && error.kind === "notFound";
    const isImpossible = isIonError(error) && error.kind === "unsupported";
    if (error !== undefined && !isDeleted && !isImpossible) throw error;
  }
  return api.reread(receiver.id);
}

function notFound(api: WebhookApi, id: string, name: string): IonError {
  return new IonError(
    "notFound",
    `The webhook receiver ${formatReceiver({ name, id })} does not exist in ${formatEnvironment(api.environment)}.`,
    { hints: ["If it was deleted in ION, run `pulumi refresh` and then `pulumi up` to create it again."] },
  );
}
