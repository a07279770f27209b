import { z } from "zod";
import { IonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import type { Stack, StateResource } from "./stack.ts";

/** A receiver that a stack declares. */
export interface DeclaredReceiver extends StateResource {
  /** Its name in ION. */
  readonly name: string;
}

/** A subscription that a stack declares. */
export interface DeclaredSubscription extends StateResource {
  readonly receiverId: string;
  readonly resource: string;
  readonly action: string;
}

/** What a stack declares of ION's webhooks, as its state knows it. */
export interface Declared {
  readonly receivers: readonly DeclaredReceiver[];
  readonly subscriptions: readonly DeclaredSubscription[];
  /** The receivers on which the program looks for what it does not declare (`unmanaged` "delete" or "report"). */
  readonly watched: ReadonlySet<string>;
}

/** What a stack declares that declares nothing. */
export const NOTHING: Declared = { receivers: [], subscriptions: [], watched: new Set() };

const TYPE = "pulumi-nodejs:dynamic/ion:";
const receiverSchema = z.object({ name: z.string(), ionEndpoint: z.string() });
const subscriptionSchema = z.object({
  receiverId: z.string(),
  resource: z.string(),
  action: z.string(),
  ionEndpoint: z.string(),
});

/** Reads what a stack declares off its state, by connection: ids are each ION's own. Undefined is the stack's own. */
export async function declaredIn(stack: Stack): Promise<ReadonlyMap<string | undefined, Declared>> {
  const ours = (await stack.resources()).filter(({ type }) => type.startsWith(TYPE));
  const groups = Map.groupBy(ours, ({ outputs }) =>
    typeof outputs.connection === "string" ? outputs.connection : undefined,
  );
  const inOrder = [...groups].sort(([one = ""], [other = ""]) => (one < other ? -1 : 1));
  return new Map(inOrder.map(([connection, resources]) => [connection, declaredBy(resources)]));
}

function declaredBy(resources: readonly StateResource[]): Declared {
  const of = (type: string) => resources.filter((resource) => resource.type === TYPE + type);
  const receivers = of("WebhookReceiver").map((one) => ({ ...one, ...read(receiverSchema, one) }));
  const subscriptions = of("WebhookSubscription").map((one) => ({ ...one, ...read(subscriptionSchema, one) }));
  const watched = of("UnmanagedSubscriptions").map(({ outputs }) => String(outputs.receiverId));
  return { receivers, subscriptions, watched: new Set(watched) };
}

/**
 * Reads what a stack declares, to compare with: of one connection where it is named, of each otherwise.
 *
 * @throws IonError "config" where that is nothing: no check may be green because it looked at the wrong stack.
 */
export async function somethingDeclaredIn(
  stack: Stack,
  connection?: string,
): Promise<ReadonlyMap<string | undefined, Declared>> {
  const all = await declaredIn(stack);
  const asked = connection === undefined ? [...all] : [...all].filter(([name]) => name === connection);
  const some = asked.filter(([, { receivers, subscriptions }]) => receivers.length + subscriptions.length > 0);
  if (some.length > 0) return new Map(some);
  const over = connection === undefined ? "" : ` over connection ${connection}`;
  throw new IonError(
    "config",
    `Stack ${stack.name} has no webhook receiver and no subscription${over}: run \`pulumi up\` first, or name another stack with --stack.`,
  );
}

/**
 * Makes sure that what a stack declares lives in this ION: another one proves nothing.
 *
 * @throws IonError "elsewhere" where it does not.
 */
export function refuseElsewhere(ion: WebhookApi, { receivers, subscriptions }: Declared): void {
  for (const { urn, outputs } of [...receivers, ...subscriptions]) {
    const endpoint = String(outputs.ionEndpoint);
    if (ion.isEnvironment(endpoint)) continue;
    throw new IonError(
      "elsewhere",
      `"${urn.split("::").at(-1)}" lives in the ION at ${endpoint}, and the settings now name the ION at ${ion.environment}: comparing the ` +
        "two would prove nothing. Check which stack is meant, and ion:endpoint, ion:region, ion:stage or ION_API_URI.",
    );
  }
}

function read<T>(schema: z.ZodType<T>, { urn, outputs }: StateResource): T {
  const parsed = schema.safeParse(outputs);
  if (parsed.success) return parsed.data;
  const name = urn.split("::").at(-1);
  throw new IonError(
    "unexpectedAnswer",
    `The state of "${name}" is not what this version of pulumi-ion writes: run \`pulumi up\` and try again.`,
  );
}
