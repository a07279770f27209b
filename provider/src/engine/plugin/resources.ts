/** The lifecycles of the plugin's resources, in the messages of Pulumi's protocol. */
import {
  type CheckRequest,
  type CheckResponse,
  type CreateRequest,
  CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  DiffResponse,
  PropertyDiff,
  type ReadRequest,
  ReadResponse,
  type UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type Failure, PartialStateError, type PropertyChange, UNKNOWN } from "../../lifecycle/resourceHandler.ts";
import { nameOf } from "../../model/resourceTypes.ts";
import { isPrintable } from "../../model/text.ts";
import { countsAsSecret, type Lifecycle, maskPropertyName } from "../shared/lifecycles.ts";
import { fromWire, type Secrets, toCheckResponse, toWire } from "./wire.ts";

/** One type of resource. */
export interface ResourceType {
  readonly lifecycle: Lifecycle;
  /** The property that is the resource's logical name if the program omits it. */
  readonly namedBy?: string;
  /** Properties that only an object in ION has: a preview of its creation does not know them. */
  readonly outputs: readonly string[];
  /** Notes what the program declares. @throws IonError if it must not be declared. */
  readonly declare: (urn: string, inputs: Inputs, identities: readonly string[]) => void;
  /** Notes a list that was checked, unless the program ignores its changes: then it is an old one. A check cannot know that. */
  readonly declareList?: { readonly property: string; readonly declare: (urn: string) => void };
}

type Inputs = Readonly<Record<string, unknown>>;

/** Validates inputs, and fills in the name. */
export async function check(
  { lifecycle, namedBy, declare }: ResourceType,
  request: CheckRequest,
): Promise<CheckResponse> {
  const news = fromWire(request.getNews());
  const { values } = news;
  if ("connection" in values) return toCheckResponse(toWire({}), [CONNECTION]);
  if (namedBy !== undefined) values[namedBy] ??= request.getName() || nameOf(request.getUrn());
  const olds = fromWire(request.getOlds()).values;
  const { inputs, failures, identities } = await lifecycle.check(olds, values);
  if (failures.length === 0) declare(request.getUrn(), inputs, identities);
  const masked = failures.map((one) => maskPropertyName(one, lifecycle.secrets));
  return toCheckResponse(outgoing(lifecycle, inputs, news.secrets), masked);
}

const CONNECTION: Failure = {
  property: "connection",
  reason:
    "is not a property here: declare a provider for each ION environment (ion.Provider), and set the option provider",
};

/** Compares inputs with the recorded state, and names every property that differs. */
export async function diff({ lifecycle, declareList }: ResourceType, request: DiffRequest): Promise<DiffResponse> {
  const { values: news } = fromWire(request.getNews());
  const ignored = request.getIgnorechangesList();
  if (declareList && !ignored.some((one) => one === "*" || one === declareList.property)) {
    declareList.declare(request.getUrn());
  }
  const olds = fromWire(request.getOlds()).values;
  const { changes, replaces, details } = await lifecycle.diff(request.getId(), olds, news);
  const response = new DiffResponse()
    .setChanges(changes ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE)
    .setReplacesList([...replaces]);
  if (!changes || (details === undefined && replaces.length === 0)) return response;
  const shown = (details ?? []).map((one) => {
    const [property] = one.path;
    return news[property] === UNKNOWN || !isPrintable(one.path) ? { ...one, path: [property] } : one;
  });
  for (const { path, kind } of shown) {
    response.getDetaileddiffMap().set(formatPath(path), new PropertyDiff().setKind(KINDS[kind]));
  }
  for (const name of replaces) {
    response.getDetaileddiffMap().set(name, new PropertyDiff().setKind(PropertyDiff.Kind.UPDATE_REPLACE));
  }
  return response.setHasdetaileddiff(true);
}

const KINDS: Readonly<Record<PropertyChange["kind"], PropertyDiff.Kind>> = {
  add: PropertyDiff.Kind.ADD,
  update: PropertyDiff.Kind.UPDATE,
  delete: PropertyDiff.Kind.DELETE,
};

/** A path as Pulumi writes it: `headers["X-Plant"]`. */
const formatPath = ([first, ...rest]: readonly string[]) =>
  `${first}${rest.map((name) => `["${name.replaceAll('"', '\\"')}"]`).join("")}`;

/** Creates an object, or previews that. */
export async function create(
  { lifecycle, outputs, declareList }: ResourceType,
  request: CreateRequest,
): Promise<CreateResponse> {
  const { values, secrets } = fromWire(request.getProperties());
  declareList?.declare(request.getUrn());
  const wire = (properties: object) => outgoing(lifecycle, properties, secrets);
  if (request.getPreview()) {
    const unknown = Object.fromEntries(outputs.map((name) => [name, UNKNOWN]));
    return new CreateResponse().setProperties(wire({ ...unknown, ...values }));
  }
  const { id, state } = await lifecycle.create(values).catch(throwPartialState(wire));
  return new CreateResponse().setId(id).setProperties(wire(state));
}

/** Reads an object that is recorded, or one to import. Without an id in the answer, it does not exist. */
export async function read({ lifecycle }: ResourceType, request: ReadRequest): Promise<ReadResponse> {
  const id = request.getId();
  const { values: olds, secrets } = fromWire(request.getProperties());
  const isImport = olds.ionEndpoint === undefined;
  const found = isImport ? await lifecycle.import(id) : { id, ...(await lifecycle.read(id, olds)) };
  if (!found.state || !found.inputs) return new ReadResponse();
  const declared = new Map([...fromWire(request.getInputs()).secrets, ...secrets]);
  return new ReadResponse()
    .setId(found.id)
    .setProperties(outgoing(lifecycle, found.state, declared))
    .setInputs(outgoing(lifecycle, found.inputs, declared));
}

/** Changes an object, or previews that. */
export async function update({ lifecycle }: ResourceType, request: UpdateRequest): Promise<UpdateResponse> {
  const news = fromWire(request.getNews());
  const olds = fromWire(request.getOlds());
  const wire = (properties: object) => outgoing(lifecycle, properties, news.secrets);
  if (request.getPreview()) return new UpdateResponse().setProperties(wire({ ...olds.values, ...news.values }));
  const updating = lifecycle.update(request.getId(), olds.values, news.values);
  const { state } = await updating.catch(throwPartialState(wire));
  return new UpdateResponse().setProperties(wire(state));
}

/** Deletes an object. */
export async function remove({ lifecycle }: ResourceType, request: DeleteRequest): Promise<void> {
  await lifecycle.delete(request.getId(), fromWire(request.getProperties()).values);
}

/**
 * Properties for the engine: what is secret, or what the program made secret, is marked. Headers are secret one by one, so that
 * their names show.
 */
function outgoing({ secrets }: Lifecycle, properties: object, declared: Secrets): Struct {
  const marks = new Map<string, "whole" | "entries">();
  for (const [name, value] of Object.entries(properties) as [string, unknown][]) {
    const how = declared.get(name);
    if (how === undefined && !countsAsSecret(name, value, secrets)) continue;
    marks.set(
      name,
      name === "headers" && how !== "whole" && isPrintable(Object.keys(Object(value))) ? "entries" : "whole",
    );
  }
  return toWire(properties, marks);
}

/** Puts the state of an object that was created in part into the form of the protocol. */
const throwPartialState =
  (wire: (properties: object) => Struct) =>
  (error: unknown): never => {
    if (!(error instanceof PartialStateError)) throw error;
    throw new PartialStateError(error.id, wire(error.state as object), error.reasons);
  };
