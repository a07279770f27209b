/** The state of a stack whose resources move between dynamic resources and the provider plugin. Nothing in ION changes. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { providerReference } from "../../engine/dynamic/providerReference.ts";
import { connectionNameProblem } from "../../ion/connectionSettings.ts";
import { IonError } from "../../ion/errors.ts";
import {
  type Carrier,
  declaredProvider,
  nameOf,
  type ResourceName,
  resourceOf,
  typeOf,
  urnOf,
} from "../../model/resourceTypes.ts";
import { escapeText } from "../../model/text.ts";

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
    resources: z.array(resourceSchema).optional(),
    pending_operations: z.array(z.unknown()).optional(),
  }),
});
type Resource = z.input<typeof resourceSchema>;

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
export function migrateState(exported: unknown, to: Carrier): Migrated {
  // Never the error itself: it may repeat a value.
  if (!isExport(exported)) throw new IonError("config", "The file does not hold an exported Pulumi stack.");
  const { deployment } = exported;
  const { resources: before = [] } = deployment;
  if ((deployment.pending_operations ?? []).length > 0) {
    throw new IonError("config", "The stack has pending operations: its last update was interrupted.", {
      hints: ["Run `pulumi up` or `pulumi refresh` first, and export the stack again."],
    });
  }
  const from: Carrier = to === "plugin" ? "dynamic" : "plugin";
  const moving = before.filter((one) => resourceOf(from, one.type) !== undefined);
  if (moving.length === 0) return { state: exported, moved: 0 };

  const providers = new Map<string | undefined, Resource>();
  const created: Resource[] = [];
  for (const { urn, ...rest } of moving) {
    // One process serves all connections of dynamic resources; over the plugin, each is a provider.
    const connection = to === "plugin" ? connectionOf({ urn, ...rest }) : undefined;
    if (providers.has(connection)) continue;
    const existing = before.find((one) => one.type === PROVIDER_TYPE[to] && declaredProvider(one.urn) === connection);
    const provider = existing ?? createProvider(urn, to, connection);
    if (!existing) created.push(provider);
    providers.set(connection, provider);
  }
  const urns = new Map(before.map(({ urn }) => [urn, movedUrn(urn, from, to)]));
  const left = new Set(before.filter((one) => resourceOf(from, one.type) === undefined).map((one) => one.provider));
  const used = new Set(moving.map((one) => one.provider));
  const resources = before
    // Pulumi would delete a provider that nothing uses, which the next preview would show.
    .filter(({ urn, id }) => !used.has(`${urn}::${id}`) || left.has(`${urn}::${id}`))
    .map((one) => {
      const name = resourceOf(from, one.type);
      if (name === undefined) return one;
      const connection = connectionOf(one);
      const { urn, id } = providers.get(to === "plugin" ? connection : undefined) ?? {};
      return move(one, name, to, `${urn}::${id}`, connection);
    })
    .map((one) => withUrns(one, urns));
  const all = [...resources.slice(0, 1), ...created, ...resources.slice(1)];
  return { state: { ...exported, deployment: { ...deployment, resources: all } }, moved: moving.length };
}

/** Whether this is an exported stack. The data itself is used, not zod's copy, which has no key `__proto__`. */
const isExport = (exported: unknown): exported is z.input<typeof exportSchema> =>
  exportSchema.safeParse(exported).success;

/** A URN with its types moved: those of parents are a part of it, too. */
function movedUrn(urn: string, from: Carrier, to: Carrier): string {
  const [stack, project, types = "", ...name] = urn.split("::");
  const moved = types.split("$").map((type) => {
    const own = resourceOf(from, type);
    return own === undefined ? type : typeOf(to, own);
  });
  return [stack, project, moved.join("$"), ...name].join("::");
}

/**
 * The ION environment of a resource: the name of its connection, or of its provider; undefined for the stack's default one.
 *
 * @throws IonError if the name cannot be both.
 */
function connectionOf({ urn, type, inputs = {}, outputs = {}, provider = "" }: Resource): string | undefined {
  const { connection = inputs.connection } = outputs;
  const name = resourceOf("plugin", type) ? declaredProvider(urnOf(provider)) : connection;
  const problem = name === undefined ? undefined : connectionNameProblem(name);
  if (problem === undefined) return name as string | undefined;
  throw new IonError(
    "config",
    `The ION environment of ${escapeText(nameOf(urn))} cannot be moved: its name ${problem}.`,
    {
      hints: ["Nothing was written. Keep this stack as it is."],
    },
  );
}

function createProvider(urn: string, to: Carrier, connection = "default"): Resource {
  const [stack, project] = urn.split("::");
  const now = new Date().toISOString();
  return {
    urn: `${stack}::${project}::${PROVIDER_TYPE[to]}::${connection}`,
    custom: true,
    id: randomUUID(),
    type: PROVIDER_TYPE[to],
    created: now,
    modified: now,
  };
}

function move(
  resource: Resource,
  name: ResourceName,
  to: Carrier,
  provider: string,
  connection: string | undefined,
): Resource {
  const own = {
    ...(to === "dynamic" && { __provider: providerReference(name) }),
    ...(to === "dynamic" && connection !== undefined && { connection }),
  };
  const adapt = ({ __provider: _code, connection: _connection, ...properties }: Record<string, unknown> = {}) => ({
    ...properties,
    ...own,
  });
  const { __provider: _none, connection: _neither, ...dependencies } = resource.propertyDependencies ?? {};
  return {
    ...resource,
    type: typeOf(to, name),
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
