/** The state of a stack whose resources move between dynamic resources and the provider plugin. Nothing in ION changes. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { providerReference } from "../../engine/dynamic/providerReference.ts";
import { IonError } from "../../ion/errors.ts";
import { escapeText } from "../../model/text.ts";

/** Where resources move to. */
export type Destination = "plugin" | "dynamic";

const CODE = {
  WebhookReceiver: "webhookReceiver",
  WebhookSubscription: "webhookSubscription",
  UnmanagedSubscriptions: "unmanagedSubscriptions",
} as const;
type Name = keyof typeof CODE;

const PREFIX = { plugin: "ion:index:", dynamic: "pulumi-nodejs:dynamic/ion:" } as const;
const PROVIDER_TYPE = { plugin: "pulumi:providers:ion", dynamic: "pulumi:providers:pulumi-nodejs" } as const;

const propertiesSchema = z.record(z.string(), z.unknown());
const resourceSchema = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  provider: z.string().optional(),
  inputs: propertiesSchema.optional(),
  outputs: propertiesSchema.optional(),
  propertyDependencies: z.record(z.string(), z.unknown()).optional(),
});
const exportSchema = z.looseObject({
  deployment: z.looseObject({
    resources: z.array(resourceSchema).default([]),
    pending_operations: z.array(z.unknown()).optional(),
  }),
});
type Resource = z.infer<typeof resourceSchema>;

/** The migrated state, and how many resources moved. */
export interface Migrated {
  readonly state: object;
  readonly moved: number;
}

/**
 * Moves the resources in an exported stack.
 *
 * @throws IonError if the state cannot be moved as a whole: then nothing is.
 */
export function migrateState(exported: unknown, to: Destination): Migrated {
  const parsed = exportSchema.safeParse(exported);
  // Never the error itself: it may repeat a value.
  if (!parsed.success) throw new IonError("config", "The file does not hold an exported Pulumi stack.");
  const { deployment } = parsed.data;
  if ((deployment.pending_operations ?? []).length > 0) {
    throw new IonError("config", "The stack has pending operations: its last update was interrupted.", {
      hints: ["Run `pulumi up` or `pulumi refresh` first, and export the stack again."],
    });
  }
  const from: Destination = to === "plugin" ? "dynamic" : "plugin";
  const moving = deployment.resources.filter((one) => nameIn(one, from) !== undefined);
  for (const resource of moving) refuseEnvironment(resource);
  const [first] = moving;
  if (!first) return { state: parsed.data, moved: 0 };

  const existing = deployment.resources.find(({ type, urn }) => type === PROVIDER_TYPE[to] && isDefault(urn));
  const provider = existing ?? createProvider(first.urn, to);
  const urns = new Map(deployment.resources.map(({ urn }) => [urn, movedUrn(urn, from, to)]));
  const left = new Set(
    deployment.resources.filter((one) => nameIn(one, from) === undefined).map((one) => one.provider),
  );
  const resources = deployment.resources
    // Pulumi would delete a provider that nothing uses, which the next preview would show.
    .filter(({ urn, type, id }) => type !== PROVIDER_TYPE[from] || !isDefault(urn) || left.has(`${urn}::${id}`))
    .map((one) => move(one, nameIn(one, from), to, `${provider.urn}::${provider.id}`))
    .map((one) => withUrns(one, urns));
  const all = existing ? resources : [...resources.slice(0, 1), provider, ...resources.slice(1)];
  return { state: { ...parsed.data, deployment: { ...deployment, resources: all } }, moved: moving.length };
}

function nameIn({ type }: Pick<Resource, "type">, from: Destination): Name | undefined {
  const name = type.startsWith(PREFIX[from]) ? type.slice(PREFIX[from].length) : "";
  return Object.hasOwn(CODE, name) ? (name as Name) : undefined;
}

/** A URN with its types moved: those of parents are a part of it, too. */
function movedUrn(urn: string, from: Destination, to: Destination): string {
  const [stack, project, types = "", ...name] = urn.split("::");
  const moved = types.split("$").map((type) => {
    const own = nameIn({ type }, from);
    return own === undefined ? type : PREFIX[to] + own;
  });
  return [stack, project, moved.join("$"), ...name].join("::");
}

const isDefault = (urn: string) => /^default(_|$)/.test(urn.split("::")[3] ?? "");

/** @throws IonError for a resource in another environment than the stack's default one: the two name it differently. */
function refuseEnvironment({ urn, outputs = {}, provider = "" }: Resource): void {
  const { connection } = outputs;
  if (connection === undefined && isDefault(provider)) return;
  throw new IonError(
    "config",
    `${escapeText(urn.split("::").slice(3).join("::"))} is not in the stack's default ION environment. Such resources cannot be moved yet.`,
    { hints: ["Nothing was written. Keep this stack as it is."] },
  );
}

function createProvider(urn: string, to: Destination) {
  const [stack, project] = urn.split("::");
  const now = new Date().toISOString();
  return {
    urn: `${stack}::${project}::${PROVIDER_TYPE[to]}::default`,
    custom: true,
    id: randomUUID(),
    type: PROVIDER_TYPE[to],
    created: now,
    modified: now,
  };
}

function move(resource: Resource, name: Name | undefined, to: Destination, provider: string): Resource {
  if (name === undefined) return resource;
  const code = to === "dynamic" ? { __provider: providerReference(CODE[name]) } : {};
  const adapt = ({ __provider: _code, ...properties }: Record<string, unknown> = {}) => ({ ...properties, ...code });
  const { __provider: _none, ...dependencies } = resource.propertyDependencies ?? {};
  return {
    ...resource,
    type: PREFIX[to] + name,
    provider,
    inputs: adapt(resource.inputs),
    outputs: adapt(resource.outputs),
    ...(resource.propertyDependencies && { propertyDependencies: dependencies }),
  };
}

/** The same with new URNs, wherever one stands. */
function withUrns<T>(value: T, urns: ReadonlyMap<string, string>): T;
function withUrns(value: unknown, urns: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return urns.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => withUrns(one, urns));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withUrns(inner, urns)]));
}
