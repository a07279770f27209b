/** What a stack declares of ION's webhooks, by its state. */
import { z } from "zod";
import { connectionNameProblem, formatEnvironment, settingNames } from "../ion/connectionSettings.ts";
import { IonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import type { State } from "../lifecycle/receiverState.ts";
import { nameOf, type ResourceName, resourceOf } from "../model/resourceTypes.ts";
import { escapeText } from "../model/text.ts";
import type { WebhookEvent } from "../model/webhooks.ts";
import type { Stack, StateResource } from "./stack.ts";

/** A receiver that a stack declares. */
interface DeclaredReceiver {
  readonly urn: string;
  readonly id: string;
  readonly state: State;
}

/** A subscription that a stack declares. */
interface DeclaredSubscription extends WebhookEvent {
  readonly urn: string;
  readonly id: string;
  readonly receiverId: string;
  readonly ionEndpoint: string;
}

/** What a stack declares in one ION environment. */
export interface Declarations {
  readonly receivers: readonly DeclaredReceiver[];
  readonly subscriptions: readonly DeclaredSubscription[];
  /** The ids of the receivers whose unmanaged subscriptions the program deletes or reports. */
  readonly unmanagedPolicies: ReadonlySet<string>;
}

/** The declarations of a stack that declares nothing. */
export const NO_DECLARATIONS: Declarations = { receivers: [], subscriptions: [], unmanagedPolicies: new Set() };

const ownName = ({ type }: StateResource) => resourceOf("dynamic", type) ?? resourceOf("plugin", type);

const receiverSchema = z.looseObject({
  name: z.string(),
  ionEndpoint: z.string(),
  declaredFields: z.array(z.string()),
  pinned: z.looseObject({}),
});
const subscriptionSchema = z.object({
  receiverId: z.string(),
  resource: z.string(),
  action: z.string(),
  ionEndpoint: z.string(),
});

/** Declarations by the name of their connection; undefined is the default connection. */
export type DeclarationsByConnection = ReadonlyMap<string | undefined, Declarations>;

/** Reads what a stack declares. */
export async function readDeclarations(stack: Stack): Promise<DeclarationsByConnection> {
  const own = (await stack.resources()).filter((resource) => ownName(resource) !== undefined);
  const groups = Map.groupBy(own, (resource) => {
    // Over the plugin, a provider with the connection's name stands for it.
    const { connection = resourceOf("plugin", resource.type) && resource.provider } = resource.outputs;
    if (connection !== undefined && connectionNameProblem(connection)) throw unreadable(resource);
    return connection as string | undefined;
  });
  const sorted = [...groups].sort(([one = ""], [other = ""]) => (one < other ? -1 : 1));
  return new Map(sorted.map(([connection, resources]) => [connection, declarationsIn(resources)]));
}

function declarationsIn(resources: readonly StateResource[]): Declarations {
  const of = (name: ResourceName) => resources.filter((resource) => ownName(resource) === name);
  return {
    receivers: of("webhookReceiver").map((one) => {
      return { urn: one.urn, id: one.id, state: parseOutputs(receiverSchema, one) as unknown as State };
    }),
    subscriptions: of("webhookSubscription").map((one) => {
      return { urn: one.urn, id: one.id, ...parseOutputs(subscriptionSchema, one) };
    }),
    unmanagedPolicies: new Set(of("unmanagedSubscriptions").map(({ outputs }) => String(outputs.receiverId))),
  };
}

/**
 * Reads what a stack declares: for one connection if it is named, else for all.
 *
 * @throws IonError "config" if that is nothing: a check of the wrong stack must not pass.
 */
export async function requireDeclarations(
  stack: Stack | undefined,
  connection: string | undefined,
): Promise<DeclarationsByConnection> {
  if (!stack) {
    throw new IonError("config", "`drift` compares ION with a Pulumi stack, and found none.", {
      hints: ["Run it in the folder of your Pulumi project or set --cwd, and omit --no-stack."],
    });
  }
  const all = [...(await readDeclarations(stack))];
  const found = all.filter(
    ([name, { receivers, subscriptions }]) =>
      (connection === undefined || name === connection) && receivers.length + subscriptions.length > 0,
  );
  if (found.length > 0) return new Map(found);
  const suffix = connection === undefined ? "" : ` for connection ${connection}`;
  throw new IonError(
    "config",
    `Stack ${escapeText(stack.name)} declares no webhook receiver and no subscription${suffix}.`,
    {
      hints: [`Run \`pulumi up\` first, or check --stack${connection === undefined ? "" : " and --connection"}.`],
    },
  );
}

/**
 * Makes sure that what a stack declares is in this ION environment: comparing it with another one proves nothing.
 *
 * @throws IonError "elsewhere" if it is not.
 */
export function requireSameEnvironment(
  api: WebhookApi,
  { receivers, subscriptions }: Declarations,
  connection?: string,
): void {
  const resources = [...receivers.map(({ urn, state: { ionEndpoint } }) => ({ urn, ionEndpoint })), ...subscriptions];
  const other = resources.find(({ ionEndpoint }) => !api.isEnvironment(ionEndpoint));
  if (!other) return;
  const { key, variable } = settingNames(connection);
  throw new IonError(
    "elsewhere",
    `"${logicalName(other.urn)}" belongs to ${formatEnvironment(other.ionEndpoint)}, but the settings name ${formatEnvironment(api.environment)}.`,
    {
      detail: "Nothing was compared.",
      hints: [`Check --stack, and ${key("endpoint")}, ${key("region")}, ${key("stage")} or ${variable("endpoint")}.`],
    },
  );
}

function parseOutputs<T>(schema: z.ZodType<T>, { urn, outputs }: StateResource): T {
  const parsed = schema.safeParse(outputs);
  if (parsed.success) return parsed.data;
  throw unreadable({ urn });
}

const unreadable = ({ urn }: Pick<StateResource, "urn">) =>
  new IonError(
    "unexpectedAnswer",
    `The state of "${logicalName(urn)}" was not written by this version of pulumi-ion.`,
    { hints: ["Run `pulumi up` and try again."] },
  );

/** The name of a resource in the program, escaped for a terminal. */
export const logicalName = (urn: string): string => escapeText(nameOf(urn));
