/** The components of the plugin: what they declare to Pulumi's engine. @see ../../resources/ for the same in TypeScript. */
import { type ConstructRequest, ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import { IonError } from "../../ion/errors.ts";
import { UNKNOWN } from "../../lifecycle/resourceHandler.ts";
import { eventsOf, withoutExcluded } from "../../model/declaredEvents.ts";
import { neverDelivered, VIOLET_ACTIONS, VIOLET_RESOURCES } from "../../model/events.ts";
import { eventName } from "../../model/webhooks.ts";
import { Monitor } from "./monitor.ts";
import { fromWire, toWire } from "./wire.ts";

/** What a component is constructed with. */
interface Context {
  readonly monitor: Monitor;
  /** The provider of the resources that the component declares. */
  readonly provider: string;
  readonly warn: (message: string) => void;
  readonly name: string;
  readonly parent: string;
  readonly protect: boolean;
  readonly isPreview: boolean;
}

interface Constructed {
  readonly urn: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The receiver of subscriptions. */
interface ReceiverId {
  /** As it was sent, with its markers. */
  readonly wire: Value;
  readonly isKnown: boolean;
  /** The URNs that it comes from. */
  readonly dependencies: readonly string[];
}

type Construct = (context: Context, request: ConstructRequest) => Promise<Constructed>;

const COMPONENTS: Readonly<Record<string, Construct>> = {
  "ion:index:WebhookSubscriptions": constructSubscriptions,
  "ion:index:VioletWebhooks": constructViolet,
};

/** Declares a component and everything in it. */
export async function construct(
  provider: string,
  warn: (message: string) => void,
  request: ConstructRequest,
): Promise<ConstructResponse> {
  const type = request.getType();
  const component = Object.hasOwn(COMPONENTS, type) ? COMPONENTS[type] : undefined;
  if (!component) throw new IonError("invalid", `pulumi-ion has no component ${type}.`);
  const monitor = await Monitor.connect(request.getMonitorendpoint());
  try {
    const context: Context = {
      monitor,
      provider,
      warn,
      name: request.getName(),
      parent: request.getParent(),
      protect: request.getProtect() ?? false,
      isPreview: request.getDryrun(),
    };
    const { urn, outputs } = await component(context, request);
    const state = toWire(outputs);
    await monitor.finish(urn, state);
    return new ConstructResponse().setUrn(urn).setState(state);
  } finally {
    monitor.close();
  }
}

async function constructSubscriptions(context: Context, request: ConstructRequest): Promise<Constructed> {
  const inputs = request.getInputs() ?? new Struct();
  const { receiverId, ...policy } = argsOf(inputs, context.name);
  const wire = inputs.getFieldsMap().get("receiverId");
  if (!wire) throw invalid(context.name, "must have receiverId.");
  const dependencies = request.getInputdependenciesMap().get("receiverId")?.getUrnsList() ?? [];
  return declareSubscriptions(context, { wire, isKnown: receiverId !== UNKNOWN, dependencies }, policy);
}

async function constructViolet(context: Context, request: ConstructRequest): Promise<Constructed> {
  const { monitor, name, protect } = context;
  const inputs = request.getInputs() ?? new Struct();
  const { resources, actions, exclude, unmanaged, maxDeletions } = {
    resources: VIOLET_RESOURCES,
    actions: VIOLET_ACTIONS,
    exclude: {},
    unmanaged: "delete",
    ...argsOf(inputs, name),
  };
  const { subscriptions, problem } = withoutExcluded(resources, actions, exclude);
  if (problem !== undefined) throw invalid(name, problem);
  const own = { resources, actions, exclude, unmanaged, maxDeletions };
  const type = "ion:index:VioletWebhooks";
  const { urn } = await monitor.register({ type, name, parent: context.parent, inputs: toWire(own), protect });
  const receiver = await monitor.register({
    type: "ion:index:WebhookReceiver",
    name,
    parent: urn,
    provider: context.provider,
    inputs: receiverInputs(inputs, Object.keys(own)),
    protect,
  });
  const id = receiver.id || UNKNOWN;
  const receiverId = { wire: new Value().setStringValue(id), isKnown: id !== UNKNOWN, dependencies: [receiver.urn] };
  const policy = { subscriptions, unmanaged, maxDeletions };
  const child = await declareSubscriptions({ ...context, parent: urn }, receiverId, policy);
  await monitor.finish(child.urn, toWire(child.outputs));
  return { urn, outputs: { receiverId: id, ...child.outputs } };
}

/** The inputs of a component's receiver: all but those that the component keeps. Secrets stay marked. */
function receiverInputs(inputs: Struct, own: readonly string[]): Struct {
  const receiver = new Struct();
  receiver.getFieldsMap().set("name", new Value().setStringValue("Violet"));
  inputs.getFieldsMap().forEach((value, key) => {
    if (!own.includes(key)) receiver.getFieldsMap().set(key, value);
  });
  return receiver;
}

interface Policy {
  readonly subscriptions?: Readonly<Record<string, readonly string[] | undefined>>;
  readonly unmanaged?: string;
  readonly maxDeletions?: number | undefined;
}

async function declareSubscriptions(context: Context, receiverId: ReceiverId, policy: Policy): Promise<Constructed> {
  const { monitor, name, parent, provider, protect, isPreview } = context;
  const { subscriptions = {}, unmanaged = "report", maxDeletions } = policy;
  const { events, problem } = eventsOf(subscriptions, unmanaged);
  if (problem !== undefined) throw invalid(name, problem);
  for (const { resource, action, reason } of neverDelivered(events)) {
    context.warn(`${resource} ${action} is never delivered: ${reason}`);
  }
  const own = toWire({ subscriptions, unmanaged, maxDeletions });
  const { urn } = await monitor.register({
    type: "ion:index:WebhookSubscriptions",
    name,
    parent,
    inputs: own,
    protect,
  });
  const declare = (type: string, suffix: string, rest: object) => {
    const inputs = toWire(rest);
    inputs.getFieldsMap().set("receiverId", receiverId.wire);
    const { dependencies } = receiverId;
    return monitor.register({ type, name: `${name}-${suffix}`, parent: urn, provider, inputs, dependencies, protect });
  };
  const ids = await Promise.all(
    events.map(async ({ resource, action }) => {
      const suffix = `${resource}-${action}`;
      const { id } = await declare("ion:index:WebhookSubscription", suffix, { resource, action });
      return [suffix, id || UNKNOWN] as const;
    }),
  );
  if (unmanaged !== "ignore") {
    // The receiver is not known in the preview that would create it, nor in a run that leaves it out.
    const declared = receiverId.isKnown ? events.map(eventName).sort() : UNKNOWN;
    const incomplete = receiverId.isKnown || isPreview ? undefined : true;
    await declare("ion:index:UnmanagedSubscriptions", "unmanaged", { unmanaged, maxDeletions, declared, incomplete });
  }
  return { urn, outputs: { ids: Object.fromEntries(ids) } };
}

/** The arguments of a component that decide what it declares. If one is unknown, a preview cannot show what changes. */
function argsOf(inputs: Struct, name: string) {
  const { values } = fromWire(inputs);
  for (const key of ["subscriptions", "resources", "actions", "exclude", "unmanaged", "maxDeletions"]) {
    if (JSON.stringify(values[key])?.includes(UNKNOWN)) {
      throw invalid(name, `must know ${key} in a preview, so its value cannot come from another resource.`);
    }
  }
  return values as Policy & {
    readonly receiverId?: string;
    readonly resources?: readonly string[];
    readonly actions?: readonly string[];
    readonly exclude?: Readonly<Record<string, readonly string[]>>;
  };
}

const invalid = (name: string, problem: string) => new IonError("invalid", `"${name}" ${problem}`);
