import { z } from "zod";
import { isStale, retryOnConflict } from "../ion/conflicts.ts";
import { isLoopback } from "../ion/connectionSettings.ts";
import { IonError, isIonError } from "../ion/errors.ts";
import type { Receiver, ReceiverInput } from "../ion/operations.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { differing } from "../model/difference.ts";
import { plainUrl, sameUrl } from "../model/url.ts";
import { changeHeaders, sameHeader } from "./headers.ts";
import {
  declaredFields,
  drift,
  type Fields,
  type Inputs,
  pick,
  recorded,
  type State,
  secretDrift,
  seen,
  wantedOf,
} from "./receiverState.ts";
import {
  inputFailures,
  PartialStateError,
  RECEIVER_SECRETS,
  type ResourceHandler,
  UNKNOWN,
} from "./resourceHandler.ts";

const text = (reason: string) =>
  z.string({ error: reason }).refine((value) => !value.includes("\0"), "cannot hold a null character");
const status = "has to be an HTTP status from 100 to 599";

const argsSchema = z.strictObject({
  name: text("has to be a text").refine((name) => name.trim() !== "", "cannot be empty"),
  webhookUri: text("has to be a text").superRefine(checkUrl).optional(),
  description: text("has to be a text").optional(),
  contentType: text("has to be a text")
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\t\x20-\x7e]*)?$/, "has to be a media type such as application/json")
    .optional(),
  expectedResponseCode: z.int({ error: status }).min(100, status).max(599, status).optional(),
  active: z.boolean({ error: "has to be true or false" }).optional(),
  sharedSecret: text("has to be a text")
    .refine((secret) => secret.trim() !== "", "cannot be empty; leave it out to have ION make one")
    .optional(),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "is not a name that an HTTP header can have"),
      z
        .string({ error: "has to be a text" })
        .refine((value) => !hasControlCharacter(value), "cannot hold line breaks or control characters")
        .refine((value) => value === value.trim(), "cannot begin or end with a space"),
    )
    .superRefine(checkHeaderNames)
    .optional(),
  importId: text("has to be the id of a receiver, as a text").min(1, "cannot be empty").optional(),
});

function checkUrl(url: string, context: z.RefinementCtx) {
  const refuse = (message: string) => context.addIssue({ code: "custom", message });
  // URL takes them off silently at both ends, and ION need not.
  if (/[\s\p{Cc}]/u.test(url)) return refuse("cannot hold spaces, line breaks or control characters");
  if (!URL.canParse(url)) return refuse("is not a URL; it has to look like https://example.com/path");
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    refuse("has to be an https:// URL: ION sends events to no other");
  }
}

function checkHeaderNames(headers: Record<string, string>, context: z.RefinementCtx) {
  const names = Object.keys(headers);
  const twins = names.filter((name, at) => names.findIndex((other) => sameHeader(other, name)) !== at);
  for (const name of twins) {
    context.addIssue({ code: "custom", message: `name ${name} twice: HTTP does not tell upper from lower case` });
  }
}

const hasControlCharacter = (value: string) =>
  [...value].some((character) => (character < " " && character !== "\t") || character === "\u007f");

/** What a webhook receiver does in ION. */
export const webhookReceiver: ResourceHandler<Inputs, State> = {
  secrets: RECEIVER_SECRETS,

  // With a URL twice, everything is delivered twice: a receiver is its URL. With importId, it is that id whatever its URL.
  identities(declared, id = "importId" in declared ? declared.importId : undefined) {
    const { webhookUri } = declared;
    const known = { url: webhookUri && plainUrl(webhookUri), id };
    return Object.entries(known).flatMap(([what, value]) => (value && value !== UNKNOWN ? `${what} ${value}` : []));
  },

  async check(_ion, news, olds) {
    const failures = inputFailures(argsSchema, news);
    if (news.webhookUri === undefined && news.importId === undefined) {
      failures.push({
        property: "webhookUri",
        reason: "is missing; give the https:// URL that ION is to send events to",
      });
    }
    // Fields left out by the program and changed by hand: the preview shows them going back to what they were.
    const pinned = Object.entries((olds.pinned ?? {}) as Fields).filter(([field]) => news[field] === undefined);
    const inputs =
      pinned.length > 0 ? { ...news, ...Object.fromEntries(pinned), pinned: Object.fromEntries(pinned) } : news;
    return { inputs, failures };
  },

  // Nothing replaces a receiver: a new one has a new id, and its subscriptions would have to move.
  diff(id, state, inputs) {
    if (inputs.importId !== undefined && inputs.importId !== UNKNOWN && inputs.importId !== id) {
      throw new IonError(
        "ambiguous",
        `importId is ${inputs.importId}, and this resource is the webhook receiver with id ${id}. ` +
          "importId is looked at only when a resource is created: give the other receiver a resource of its own.",
      );
    }
    return { changes: drift(wantedOf(inputs, state), state).length > 0, replaces: [] };
  },

  async create(ion, inputs) {
    const taken = await findTwin(ion, inputs);
    if (taken) return { id: taken.id, state: recorded(ion, taken, inputs) };
    const { headers, ...fields } = declaredFields(inputs);
    const made = await ion.createReceiver(fields);
    return { id: made.id, state: await withHeaders(ion, made, headers, inputs) };
  },

  async read(ion, id, state) {
    const receivers = await ion.receivers();
    const live = receivers.get(id);
    if (receivers.size === 0) {
      ion.warn(
        "ION shows this API key no webhook receiver at all. Either all were deleted, or the key may not see them: " +
          "then do not run `pulumi up`, which would make them a second time.",
      );
    }
    if (!live) return undefined;
    for (const other of receivers.values()) {
      if (other.id === id || !sameUrl(other.webhookUri, live.webhookUri)) continue;
      ion.warn(
        `ION has another webhook receiver with the webhookUri of "${live.name}" (id ${id}): "${other.name}" (id ${other.id}). ` +
          "What both are subscribed to arrives twice.",
      );
    }
    const fields = seen(live, state);
    const { declaredFields, pinned, reverted = [] } = state;
    // A shared secret that ION made is not held to: a new one is taken over.
    const drifted = drift(pinned, fields).filter(
      (field) => !declaredFields.includes(field) && field !== "sharedSecret",
    );
    const left = [...new Set([...reverted, ...drifted])];
    const words = secretDrift(pinned, fields);
    const changed = words.length > 0 ? { driftedSecrets: words } : {};
    return {
      inputs: {
        ...pick(fields, [...declaredFields, ...left]),
        ...(left.length > 0 && { pinned: pick(pinned, left) }),
        ...changed,
      },
      state: {
        ...fields,
        ...changed,
        ionEndpoint: ion.environment,
        declaredFields,
        reverted,
        pinned: declaredFields.includes("sharedSecret") ? pinned : { ...pinned, ...pick(fields, ["sharedSecret"]) },
      },
    };
  },

  async update(ion, id, state, inputs) {
    return retryOnConflict(ion, async () => {
      const live = await ion.receiver(id);
      if (!live) throw gone(ion, id, inputs.name);
      const wanted = wantedOf(inputs, state);
      const fields: Partial<ReceiverInput> = pick(wanted, differing(wanted, seen(live, state)));
      if (fields.webhookUri !== undefined) await refuseSecond(ion, id, inputs.name, fields.webhookUri);
      const updated = Object.keys(fields).length > 0 ? await ion.updateReceiver(live, fields) : live;
      return withHeaders(ion, updated, wanted.headers, inputs, state);
    });
  },

  async delete(ion, id, _state, declared) {
    await retryOnConflict(ion, async () => {
      const receivers = await ion.receivers();
      const live = receivers.get(id);
      if (!live) return;
      const twins = [...receivers.values()].filter((other) => sameUrl(other.webhookUri, live.webhookUri));
      // ION may mask URLs: then there is no telling twins, and what is declared stays.
      if (declared && twins.length <= 1) return;
      await ion.deleteReceiver(live);
    });
  },
};

/** The one receiver in ION that `inputs` declare already, if there is one. Never guesses between two. */
async function findTwin(ion: WebhookApi, inputs: Inputs): Promise<Receiver | undefined> {
  if (inputs.importId !== undefined) {
    const adopted = await ion.receiver(inputs.importId);
    if (!adopted) throw gone(ion, inputs.importId, inputs.name);
    return adopted;
  }
  const without = `The webhook receiver "${inputs.name}" is made without a look whether ION has it already.`;
  const receivers = (await ion.ifReadable(without, () => ion.receivers())) ?? new Map<string, Receiver>();
  const twins = [...receivers.values()].filter((receiver) => sameUrl(receiver.webhookUri, inputs.webhookUri));
  const [twin] = twins;
  const masked = [...receivers.values()].find(
    ({ webhookUri, name }) => webhookUri === undefined && name === inputs.name,
  );
  if (masked) {
    throw new IonError(
      "ambiguous",
      `ION has a webhook receiver named "${inputs.name}" (id ${masked.id}), and does not show its webhookUri. To take it over, ` +
        `add importId: "${masked.id}"; to make another, give it another name.`,
    );
  }
  if (twins.length > 1) {
    throw new IonError(
      "ambiguous",
      `ION has ${twins.length} webhook receivers with the webhookUri of "${inputs.name}": ` +
        `${twins.map(({ id, name }) => `"${name}" (id ${id})`).join(", ")}. Each of them delivers every event once more. ` +
        "Delete all but one in ION, or name the one to take over with importId.",
    );
  }
  if (twin && twin.name !== inputs.name) {
    throw new IonError(
      "ambiguous",
      `ION has a webhook receiver with the webhookUri of "${inputs.name}" already, named "${twin.name}" (id ${twin.id}). ` +
        `A second one would deliver every event twice. To take it over, add importId: "${twin.id}".`,
    );
  }
  return twin;
}

/** Refuses a URL that another receiver has: with both, every event would arrive twice. */
async function refuseSecond(ion: WebhookApi, id: string, name: string, webhookUri: string): Promise<void> {
  const receivers = [...(await ion.receivers()).values()];
  const other = receivers.find((receiver) => receiver.id !== id && sameUrl(receiver.webhookUri, webhookUri));
  if (other) {
    throw new IonError(
      "ambiguous",
      `ION has another webhook receiver with the webhookUri that "${name}" (id ${id}) is to have: "${other.name}" (id ${other.id}). ` +
        "With both, every event would arrive twice. Delete that one in ION, or give it another webhookUri first.",
    );
  }
}

/** Brings the headers of a receiver to what is wanted; says what is left where that fails. */
async function withHeaders(
  ion: WebhookApi,
  receiver: Receiver,
  wanted: Fields["headers"],
  inputs: Inputs,
  prior?: State,
) {
  const outcomes = wanted ? await changeHeaders(ion, receiver, wanted) : [];
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  const lostRace = failures.find((reason) => isIonError(reason) && isStale(reason));
  if (lostRace && prior) throw lostRace;
  const live = await ion.receivers().catch(() => undefined);
  const state = recorded(ion, live?.get(receiver.id) ?? receiver, inputs, prior);
  if (failures.length > 0) {
    const reasons = failures.map((reason) => (reason instanceof Error ? reason.message : String(reason)));
    throw new PartialStateError(receiver.id, state, reasons);
  }
  // Where no look can be taken, what succeeded is as it was set.
  return live || !wanted ? state : { ...state, headers: wanted };
}

function gone(ion: WebhookApi, id: string, name: string): IonError {
  return new IonError(
    "gone",
    `There is no webhook receiver with id ${id} ("${name}") in the ION at ${ion.environment}. If it was deleted there, run ` +
      "`pulumi refresh` and then `pulumi up` to have it made again.",
  );
}
