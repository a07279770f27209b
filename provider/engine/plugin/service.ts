/** The provider plugin: Pulumi's ResourceProvider protocol for every language. */
import { readFileSync } from "node:fs";
import type { handleUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import {
  type CheckRequest,
  type ConfigureRequest,
  ConfigureResponse,
  type ConstructRequest,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  DiffResponse,
  GetSchemaResponse,
  type InvokeRequest,
  type ProviderHandshakeRequest,
  ProviderHandshakeResponse,
  type ReadRequest,
  type UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ConnectionPool } from "../../ion/connectionPool.ts";
import { IonError } from "../../ion/errors.ts";
import type { WebhookApi, WebhookApiOptions } from "../../ion/webhookApi.ts";
import { UNKNOWN } from "../../lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../lifecycle/unmanagedSubscriptions.ts";
import { createWebhookReceiver } from "../../lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../lifecycle/webhookSubscription.ts";
import { declaredProvider } from "../../model/resourceTypes.ts";
import { type BindLifecycle, bindLifecycles, once } from "../shared/lifecycles.ts";
import { construct } from "./components.ts";
import { Declarations } from "./declarations.ts";
import type { EngineLog } from "./engineLog.ts";
import { toServiceError, UnimplementedError } from "./errors.ts";
import { invoke } from "./functions.ts";
import { readSetting, secretSettings, settingFailures } from "./providerConfig.ts";
import type { ResourceType } from "./resources.ts";
import * as resources from "./resources.ts";
import { fromWire, toWire } from "./wire.ts";

/** Where the process runs. */
export interface PluginOptions {
  /** The version of the package. */
  readonly version: string;
  /** The file with the package's schema. */
  readonly schema: string;
  /** Where warnings go. */
  readonly log: Pick<EngineLog, "address" | "warn" | "sent">;
  /** Stands in for settings that are not set. */
  readonly env: NodeJS.ProcessEnv;
  /** How ION is reached. @default as in production */
  readonly api?: Omit<WebhookApiOptions, "warn">;
}

/** The service of one process. */
export interface Service {
  readonly methods: UntypedServiceImplementation;
  /** Resolves when every call is answered. */
  idle(): Promise<void>;
}

/** Creates the service of one process, which is one provider. */
export function createService({ version, schema, log, env, api = {} }: PluginOptions): Service {
  let types: Readonly<Record<string, ResourceType>> | undefined;
  const running = new Set<Promise<void>>();
  /** This provider, as Pulumi refers to it. */
  let own = "";
  let connect = (): WebhookApi => {
    throw new IonError("config", "This provider is not configured yet.");
  };
  let isCanceled = false;
  let served: { readonly engine: string | undefined; readonly settings: string } | undefined;

  const typeOf = (urn: string): ResourceType => {
    const type = (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
    const found = types && Object.hasOwn(types, type) ? types[type] : undefined;
    if (!found) throw new IonError("invalid", `pulumi-ion ${version} has no resource ${type}.`);
    return found;
  };
  const write = (urn: string): ResourceType => {
    if (isCanceled) throw CANCELED;
    return typeOf(urn);
  };

  function unary<Request, Answer>(
    answer: (request: Request) => Answer | Promise<Answer>,
  ): handleUnaryCall<Request, Answer> {
    const run: (...args: Parameters<handleUnaryCall<Request, Answer>>) => Promise<void> = async (call, callback) => {
      try {
        const response = await answer(call.request);
        await log.sent();
        callback(null, response);
      } catch (error) {
        await log.sent();
        callback(toServiceError(error));
      }
    };
    return (call, callback) => {
      const done = run(call, callback).finally(() => running.delete(done));
      running.add(done);
    };
  }

  const methods: UntypedServiceImplementation = {
    handshake: unary((request: ProviderHandshakeRequest) => {
      log.address ??= request.getEngineAddress();
      return new ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: unary((request: PluginAttach) => {
      log.address = request.getAddress();
      return new Empty();
    }),
    getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
    getSchema: unary(() => new GetSchemaResponse().setSchema(readFileSync(schema, "utf8"))),
    checkConfig: unary((request: CheckRequest) => {
      const { values, secrets } = fromWire(request.getNews());
      const marks = new Map([...secrets, ...secretSettings(values).map((name) => [name, "whole"] as const)]);
      return resources.toCheckResponse(toWire(values, marks), settingFailures(request.getUrn(), values));
    }),
    // Nothing is replaced: a resource of another environment refuses by itself, and says what to do.
    diffConfig: unary((request: DiffRequest) => {
      const [olds, news] = [request.getOldInputs() ?? request.getOlds(), request.getNews()];
      const isSame = JSON.stringify(sorted(fromWire(olds).values)) === JSON.stringify(sorted(fromWire(news).values));
      const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
      return new DiffResponse().setChanges(isSame ? DIFF_NONE : DIFF_SOME);
    }),
    configure: unary((request: ConfigureRequest) => {
      const { values } = fromWire(request.getArgs());
      const provider = declaredProvider(request.getUrn() ?? "");
      const settings = JSON.stringify([provider, sorted(values)]);
      if (served && served.engine === log.address && served.settings !== settings) throw SECOND_PROVIDER;
      served = { engine: log.address, settings };
      isCanceled = false;
      const warn = once((message) => log.warn(message));
      const read = (key: string) => readSetting(values, key.slice("ion:".length));
      const connections = new ConnectionPool(read, env, { ...api, warn }, provider);
      connect = () => connections.get();
      const bind = bindLifecycles(connections, warn);
      types = typesOf(bind);
      own = `${request.getUrn()}::${request.getId() || UNKNOWN}`;
      return new ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: unary((request: CheckRequest) => resources.check(typeOf(request.getUrn()), request)),
    diff: unary((request: DiffRequest) => resources.diff(typeOf(request.getUrn()), request)),
    create: unary((request: CreateRequest) => resources.create(write(request.getUrn()), request)),
    read: unary((request: ReadRequest) => resources.read(typeOf(request.getUrn()), request)),
    update: unary((request: UpdateRequest) => resources.update(write(request.getUrn()), request)),
    delete: unary(async (request: DeleteRequest) => {
      await resources.remove(write(request.getUrn()), request);
      return new Empty();
    }),
    invoke: unary((request: InvokeRequest) => invoke(() => connect(), request.getTok(), request.getArgs())),
    construct: unary((request: ConstructRequest) => construct(own, (message) => log.warn(message), request)),
    cancel: unary(() => {
      isCanceled = true;
      return new Empty();
    }),
    ...unimplemented(["parameterize", "call", "getMapping", "getMappings"]),
  };
  return {
    methods,
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };

  function unimplemented(methods: readonly string[]): UntypedServiceImplementation {
    const refuse = (method: string) =>
      unary(() => {
        throw new UnimplementedError(`pulumi-ion has no ${method}.`);
      });
    return Object.fromEntries(methods.map((method) => [method, refuse(method)]));
  }
}

/** The resources, by their type. */
function typesOf(bind: BindLifecycle): Readonly<Record<string, ResourceType>> {
  const declarations = new Declarations();
  const receiver = bind("webhook receiver", createWebhookReceiver("the option import"));
  const subscription = bind("webhook subscription", webhookSubscription);
  return {
    "ion:index:WebhookReceiver": {
      lifecycle: receiver,
      namedBy: "name",
      outputs: ["description", "contentType", "expectedResponseCode", "active", "sharedSecret", "headers"],
      declare: (urn, _inputs, identities) => declarations.declare(urn, receiver.type, identities),
    },
    "ion:index:WebhookSubscription": {
      lifecycle: subscription,
      outputs: [],
      declare: (urn, inputs, identities) => {
        declarations.declare(urn, subscription.type, identities);
        declarations.declareSubscription(urn, inputs);
      },
    },
    "ion:index:UnmanagedSubscriptions": {
      lifecycle: bind("list of unmanaged subscriptions", unmanagedSubscriptions),
      outputs: [],
      declare: (urn, inputs) => declarations.checkUnmanaged(urn, inputs),
      declareList: { property: "declared", declare: (urn) => declarations.declareUnmanaged(urn) },
    },
  };
}

/** Refuses a write after Ctrl-C. What was already sent is finished and recorded. */
const CANCELED = new IonError("refused", "Nothing was sent to ION, because this run was canceled.");

/** Pulumi starts a process for each provider, except if one was started by hand. */
const SECOND_PROVIDER = new IonError("refused", "This process of the plugin already serves another provider.", {
  hints: ["A plugin that was started by hand serves one provider. Unset PULUMI_DEBUG_PROVIDERS for this program."],
});

/** Settings in one order, with the version of the plugin: if that changes, Pulumi must record the new one. */
const sorted = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .filter(([key]) => !key.startsWith("__"))
    .sort();
