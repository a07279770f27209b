/** What a webhook receiver does in ION. @see ../resources/webhookReceiver.ts for what a program declares. */
import { isDeepStrictEqual } from "node:util";
import { retryOnConflict } from "../ion/conflicts.ts";
import { formatEnvironment, isLoopback } from "../ion/connectionSettings.ts";
import { IonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { changesFor } from "../model/changes.ts";
import { duplicateReceivers, receiverDifference, receiversWithUrl } from "../model/difference.ts";
import { describeDifference } from "../model/messages.ts";
import { escapeText, formatReceiver } from "../model/text.ts";
import { normalizeUrl } from "../model/url.ts";
import { isSecretField, RECEIVER_FIELDS, type Receiver, type Receivers, SECRET_PROPERTIES } from "../model/webhooks.ts";
import { announceAdoption, findExisting, refuseDuplicate } from "./existingReceiver.ts";
import { inputFailures, withoutKeys } from "./inputs.ts";
import { applyHeaders, deleteHeaders } from "./receiverHeaders.ts";
import { receiverInputs } from "./receiverInputs.ts";
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
import { lookAhead, type ResourceHandler, UNKNOWN, type UncheckedInputs } from "./resourceHandler.ts";

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
      const failures = inputFailures(receiverInputs, news, olds);
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
      const { declaredFields, pinned, reverted } = state;
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

function notFound(api: WebhookApi, id: string, name: string): IonError {
  return new IonError(
    "notFound",
    `The webhook receiver ${formatReceiver({ name, id })} does not exist in ${formatEnvironment(api.environment)}.`,
    { hints: ["If it was deleted in ION, run `pulumi refresh` and then `pulumi up` to create it again."] },
  );
}
