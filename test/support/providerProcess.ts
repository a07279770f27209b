/**
 * The provider in this process, as Pulumi's engine calls it: over the provider plugin, through the messages of its protocol, or
 * over dynamic resources. Properties are plain data in which secrets are marked, as in the engine's state.
 */
import type { ServerUnaryCall, ServiceError, sendUnaryData } from "@grpc/grpc-js";
import type { dynamic } from "@pulumi/pulumi";
import { runtime } from "@pulumi/pulumi";
import {
  CheckRequest,
  CheckResponse,
  ConfigureRequest,
  ConfigureResponse,
  CreateRequest,
  CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  ErrorResourceInitFailed,
  ReadRequest,
  ReadResponse,
  UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb.js";
import { Status } from "@pulumi/pulumi/proto/status_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Emulator } from "../../emulator/index.ts";
import { startProviders } from "../../provider/src/engine/dynamic/entry.ts";
import { createService } from "../../provider/src/engine/plugin/service.ts";
import type { WebhookApiOptions } from "../../provider/src/ion/webhookApi.ts";
import type { Carrier } from "./carriers.ts";
import { configOf } from "./support.ts";

/** Properties as the engine keeps them. */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource in the engine. */
export interface ResourceName {
  readonly kind: "receiver" | "subscription" | "unmanaged";
  readonly name: string;
}

/** The provider of one run. Every call rejects with a {@link ProviderError}. */
export interface ProviderProcess {
  /** What it warned about. */
  readonly warnings: readonly string[];
  check(resource: ResourceName, olds: Properties, news: Properties): Promise<Checked>;
  diff(
    resource: ResourceName,
    id: string,
    state: Properties,
    inputs: Properties,
    ignoreChanges: readonly string[],
  ): Promise<Diffed>;
  create(resource: ResourceName, inputs: Properties): Promise<{ readonly id: string; readonly state: Properties }>;
  /** @returns undefined if the object does not exist. */
  read(
    resource: ResourceName,
    id: string,
    inputs: Properties,
    state: Properties,
  ): Promise<{ readonly inputs: Properties; readonly state: Properties } | undefined>;
  update(
    resource: ResourceName,
    id: string,
    state: Properties,
    inputs: Properties,
  ): Promise<{ readonly state: Properties }>;
  delete(resource: ResourceName, id: string, state: Properties): Promise<void>;
  /** Previews a creation, or an update of a state. Dynamic resources are not asked. */
  preview(resource: ResourceName, inputs: Properties, existing?: { id: string; state: Properties }): Promise<void>;
}

interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

interface Diffed {
  readonly changes: boolean;
  readonly replaces: readonly string[];
}

/** A call failed, with what the engine prints. */
export class ProviderError extends Error {
  /** An object that exists nevertheless, and that the engine records. */
  readonly partial: { readonly id: string; readonly state: Properties } | undefined;

  constructor(message: string, partial?: ProviderError["partial"]) {
    super(message);
    // A run must not pass as one that failed for a good reason.
    if (message.includes("Please report this bug")) throw new TypeError(message);
    this.partial = partial;
  }
}

/** How a process reaches ION. */
export type ProcessOptions = Omit<WebhookApiOptions, "warn">;

/** Retries without long waits. */
const QUICK = { deadlineMs: 60_000, firstWaitMs: 1 };

/** Starts the provider of one run, with empty caches, in the environment of an emulator. */
export function startProvider(carrier: Carrier, emulator: Emulator, options: ProcessOptions = {}): ProviderProcess {
  const start = carrier === "plugin" ? startPlugin : startDynamic;
  return start(configOf(emulator), { retry: QUICK, ...options });
}

function startDynamic(config: Readonly<Record<string, string>>, options: ProcessOptions): ProviderProcess {
  const warnings: string[] = [];
  const providers = startProviders(options, (message) => warnings.push(message));
  const request = { config: { get: (key: string) => config[key] } } as unknown as dynamic.ConfigureRequest;
  const of = ({ kind }: ResourceName) => {
    const provider = { receiver: providers.webhookReceiver, subscription: providers.webhookSubscription };
    return (kind === "unmanaged" ? providers.unmanagedSubscriptions : provider[kind]) as Required<
      dynamic.ResourceProvider<Properties, Properties>
    >;
  };
  void providers.webhookReceiver.configure?.(request);
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      const { message, id, properties } = error as Error & { readonly id?: string; readonly properties?: Properties };
      throw new ProviderError(message, id === undefined ? undefined : { id, state: properties ?? {} });
    }
  };
  return {
    warnings,
    check: (resource, olds, news) =>
      call(async () => {
        const { inputs = {}, failures = [] } = await of(resource).check(plain(olds), plain(news));
        return { inputs, failures };
      }),
    diff: (resource, id, state, inputs) =>
      call(async () => {
        const { changes = false, replaces = [] } = await of(resource).diff(id, plain(state), plain(inputs));
        return { changes, replaces };
      }),
    create: (resource, inputs) =>
      call(async () => {
        const { id, outs = {} } = await of(resource).create(plain(inputs));
        return { id, state: outs };
      }),
    read: (resource, id, _inputs, state) =>
      call(async () => {
        const { id: found, props = {}, inputs = {} } = await of(resource).read(id, plain(state));
        return found ? { inputs, state: props } : undefined;
      }),
    update: (resource, id, state, inputs) =>
      call(async () => {
        const { outs = {} } = await of(resource).update(id, plain(state), plain(inputs));
        return { state: outs };
      }),
    delete: (resource, id, state) => call(() => of(resource).delete(id, plain(state))),
    preview: async () => {},
  };
}

/** Properties as the engine sends them to a provider that does not accept secrets. */
function plain(properties: Properties): Properties {
  const { specialSigKey, specialSecretSig } = runtime;
  return JSON.parse(JSON.stringify(properties), (_key, value) =>
    value?.[specialSigKey] === specialSecretSig ? value.value : value,
  );
}

/** A message of the protocol. */
interface Message {
  serializeBinary(): Uint8Array;
}

interface MessageType<T> {
  deserializeBinary(bytes: Uint8Array): T;
}

const TYPES = {
  receiver: "ion:index:WebhookReceiver",
  subscription: "ion:index:WebhookSubscription",
  unmanaged: "ion:index:UnmanagedSubscriptions",
} as const;

function startPlugin(config: Readonly<Record<string, string>>, options: ProcessOptions): ProviderProcess {
  const warnings: string[] = [];
  const log = { address: undefined, warn: (message: string) => void warnings.push(message), sent: async () => {} };
  const { methods } = createService({ version: "0.0.0-test", schema: "", log, env: {}, api: options });

  /** Calls a method. Both messages go through their bytes, as between two processes. */
  async function call<Request extends Message, Answer extends Message>(
    method: string,
    request: Request,
    [Request, Answer]: readonly [MessageType<Request>, MessageType<Answer>],
  ): Promise<Answer> {
    const received = { request: Request.deserializeBinary(request.serializeBinary()) };
    const handler = methods[method] as (
      call: ServerUnaryCall<Request, Answer>,
      callback: sendUnaryData<Answer>,
    ) => void;
    return new Promise((resolve, reject) => {
      handler(received as ServerUnaryCall<Request, Answer>, (error, answer) => {
        if (answer) resolve(Answer.deserializeBinary(answer.serializeBinary()));
        else reject(toProviderError(error as Partial<ServiceError>));
      });
    });
  }

  const urn = ({ kind, name }: ResourceName) => `urn:pulumi:test::project::${TYPES[kind]}::${name}`;
  const settings = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("ion:", ""), value]));
  const provider = "urn:pulumi:test::project::pulumi:providers:ion::default";
  const configured = call("configure", new ConfigureRequest().setUrn(provider).setId("1").setArgs(struct(settings)), [
    ConfigureRequest,
    ConfigureResponse,
  ]);

  return {
    warnings,
    async check(resource, olds, news) {
      await configured;
      const request = new CheckRequest().setUrn(urn(resource)).setName(resource.name).setType(TYPES[resource.kind]);
      const answer = await call("check", request.setOlds(struct(olds)).setNews(struct(news)), [
        CheckRequest,
        CheckResponse,
      ]);
      const failures = answer.getFailuresList().map((one) => one.toObject());
      return { inputs: propertiesIn(answer.getInputs()), failures };
    },
    async diff(resource, id, state, inputs, ignoreChanges) {
      const request = new DiffRequest().setUrn(urn(resource)).setId(id).setOlds(struct(state)).setNews(struct(inputs));
      request.setIgnorechangesList([...ignoreChanges]);
      const answer = await call("diff", request, [DiffRequest, DiffResponse]);
      return {
        changes: answer.getChanges() === DiffResponse.DiffChanges.DIFF_SOME,
        replaces: answer.getReplacesList(),
      };
    },
    async create(resource, inputs) {
      const request = new CreateRequest().setUrn(urn(resource)).setProperties(struct(inputs));
      const answer = await call("create", request, [CreateRequest, CreateResponse]);
      return { id: answer.getId(), state: propertiesIn(answer.getProperties()) };
    },
    async read(resource, id, inputs, state) {
      await configured;
      const request = new ReadRequest().setUrn(urn(resource)).setId(id);
      const answer = await call("read", request.setInputs(struct(inputs)).setProperties(struct(state)), [
        ReadRequest,
        ReadResponse,
      ]);
      if (!answer.getId()) return undefined;
      return { inputs: propertiesIn(answer.getInputs()), state: propertiesIn(answer.getProperties()) };
    },
    async update(resource, id, state, inputs) {
      const request = new UpdateRequest().setUrn(urn(resource)).setId(id);
      const answer = await call("update", request.setOlds(struct(state)).setNews(struct(inputs)), [
        UpdateRequest,
        UpdateResponse,
      ]);
      return { state: propertiesIn(answer.getProperties()) };
    },
    async delete(resource, id, state) {
      await configured;
      const request = new DeleteRequest().setUrn(urn(resource)).setId(id).setProperties(struct(state));
      await call("delete", request, [DeleteRequest, Empty]);
    },
    async preview(resource, inputs, existing) {
      const create = new CreateRequest().setUrn(urn(resource)).setProperties(struct(inputs)).setPreview(true);
      if (!existing) return void (await call("create", create, [CreateRequest, CreateResponse]));
      const { id, state } = existing;
      const update = new UpdateRequest().setUrn(urn(resource)).setId(id).setPreview(true);
      await call("update", update.setOlds(struct(state)).setNews(struct(inputs)), [UpdateRequest, UpdateResponse]);
    },
  };
}

const struct = (properties: Properties): Struct =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)) as Record<string, JavaScriptValue>);
const propertiesIn = (properties: Struct | undefined): Properties => properties?.toJavaScript() ?? {};

/** What the engine reads from the error of an answer. */
function toProviderError({ details = "", metadata }: Partial<ServiceError>): ProviderError {
  const [status] = metadata?.get("grpc-status-details-bin") ?? [];
  if (status === undefined) return new ProviderError(details);
  const [detail] = Status.deserializeBinary(status as Buffer).getDetailsList();
  const failed = detail?.unpack(ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
  if (!failed) throw new TypeError("The details of an error have no state.");
  const partial = { id: failed.getId(), state: propertiesIn(failed.getProperties()) };
  return new ProviderError(failed.getReasonsList().join("\n"), partial);
}
