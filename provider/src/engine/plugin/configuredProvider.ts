import type {
  CheckRequest,
  CheckResponse,
  ConfigureRequest,
  ConstructRequest,
  ConstructResponse,
  CreateRequest,
  CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  InvokeRequest,
  InvokeResponse,
  ReadRequest,
  ReadResponse,
  UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ConnectionPool } from "../../ion/connectionPool.ts";
import { IonError } from "../../ion/errors.ts";
import type { WebhookApiOptions } from "../../ion/webhookApi.ts";
import { UNKNOWN } from "../../lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../lifecycle/unmanagedSubscriptions.ts";
import { createWebhookReceiver } from "../../lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../lifecycle/webhookSubscription.ts";
import { declaredProvider, type ResourceName, resourceOf, typeIn } from "../../model/resourceTypes.ts";
import { type BindLifecycle, bindLifecycles, once } from "../shared/lifecycles.ts";
import { construct } from "./components.ts";
import { Declarations } from "./declarations.ts";
import { invoke } from "./functions.ts";
import { readSetting } from "./providerConfig.ts";
import type { ResourceType } from "./resources.ts";
import * as resources from "./resources.ts";
import { fromWire } from "./wire.ts";

/** What a provider needs of its process. */
interface Process {
  readonly version: string;
  readonly warn: (message: string) => void;
  /** Stands in for settings that are not set. */
  readonly env: NodeJS.ProcessEnv;
  readonly api: Omit<WebhookApiOptions, "warn">;
}

/** A provider with its settings: its resources, components and functions. */
export class ConfiguredProvider {
  readonly #process: Process;
  readonly #connections: ConnectionPool;
  readonly #types: Readonly<Record<ResourceName, ResourceType>>;
  /** This provider, as Pulumi refers to it. */
  readonly #reference: string;

  constructor(request: ConfigureRequest, process: Process) {
    const { values } = fromWire(request.getArgs());
    const urn = request.getUrn() ?? "";
    const warn = once(process.warn);
    const read = (key: string) => readSetting(values, key.slice("ion:".length));
    this.#process = process;
    this.#connections = new ConnectionPool(read, process.env, { ...process.api, warn }, declaredProvider(urn));
    this.#types = typesOf(bindLifecycles(this.#connections, warn));
    this.#reference = `${urn}::${request.getId() || UNKNOWN}`;
  }

  check(request: CheckRequest): Promise<CheckResponse> {
    return resources.check(this.#typeOf(request), request);
  }

  diff(request: DiffRequest): Promise<DiffResponse> {
    return resources.diff(this.#typeOf(request), request);
  }

  create(request: CreateRequest): Promise<CreateResponse> {
    return resources.create(this.#typeOf(request), request);
  }

  read(request: ReadRequest): Promise<ReadResponse> {
    return resources.read(this.#typeOf(request), request);
  }

  update(request: UpdateRequest): Promise<UpdateResponse> {
    return resources.update(this.#typeOf(request), request);
  }

  async delete(request: DeleteRequest): Promise<Empty> {
    await resources.remove(this.#typeOf(request), request);
    return new Empty();
  }

  invoke(request: InvokeRequest): Promise<InvokeResponse> {
    return invoke(() => this.#connections.get(), request.getTok(), request.getArgs());
  }

  construct(request: ConstructRequest): Promise<ConstructResponse> {
    return construct(this.#reference, this.#process.warn, request);
  }

  #typeOf(request: { getUrn(): string }): ResourceType {
    const type = typeIn(request.getUrn());
    const name = resourceOf("plugin", type);
    if (!name) throw new IonError("invalid", `pulumi-ion ${this.#process.version} has no resource ${type}.`);
    return this.#types[name];
  }
}

function typesOf(bind: BindLifecycle): Readonly<Record<ResourceName, ResourceType>> {
  const declarations = new Declarations();
  const receiver = bind("webhook receiver", createWebhookReceiver("the option import"));
  const subscription = bind("webhook subscription", webhookSubscription);
  return {
    webhookReceiver: {
      lifecycle: receiver,
      namedBy: "name",
      outputs: ["description", "contentType", "expectedResponseCode", "active", "sharedSecret", "headers"],
      declare: (urn, _inputs, identities) => declarations.declare(urn, receiver.type, identities),
    },
    webhookSubscription: {
      lifecycle: subscription,
      outputs: [],
      declare: (urn, inputs, identities) => {
        declarations.declare(urn, subscription.type, identities);
        declarations.declareSubscription(urn, inputs);
      },
    },
    unmanagedSubscriptions: {
      lifecycle: bind("list of unmanaged subscriptions", unmanagedSubscriptions),
      outputs: [],
      declare: (urn, inputs) => declarations.checkUnmanaged(urn, inputs),
      declareList: { property: "declared", declare: (urn) => declarations.declareUnmanaged(urn) },
    },
  };
}
