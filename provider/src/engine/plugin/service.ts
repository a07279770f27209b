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
import { IonError } from "../../ion/errors.ts";
import type { WebhookApiOptions } from "../../ion/webhookApi.ts";
import { declaredProvider } from "../../model/resourceTypes.ts";
import type { ConfiguredProvider } from "./configuredProvider.ts";
import type { EngineLog } from "./engineLog.ts";
import { toServiceError, UnimplementedError } from "./errors.ts";
import { secretSettings, settingFailures } from "./providerConfig.ts";
import { fromWire, toCheckResponse, toWire } from "./wire.ts";

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
  const running = new Set<Promise<void>>();
  let provider: ConfiguredProvider | undefined;
  let isCanceled = false;
  let served: { readonly engine: string | undefined; readonly settings: string } | undefined;

  const configured = (): ConfiguredProvider => {
    if (!provider) throw NOT_CONFIGURED;
    return provider;
  };
  const writable = (): ConfiguredProvider => {
    if (isCanceled) throw CANCELED;
    return configured();
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
      return toCheckResponse(toWire(values, marks), settingFailures(request.getUrn(), values));
    }),
    // Nothing is replaced: a resource of another environment refuses by itself, and says what to do.
    diffConfig: unary((request: DiffRequest) => {
      const [olds, news] = [request.getOldInputs() ?? request.getOlds(), request.getNews()];
      const isSame = JSON.stringify(sorted(fromWire(olds).values)) === JSON.stringify(sorted(fromWire(news).values));
      const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
      return new DiffResponse().setChanges(isSame ? DIFF_NONE : DIFF_SOME);
    }),
    configure: unary(async (request: ConfigureRequest) => {
      const { values } = fromWire(request.getArgs());
      const settings = JSON.stringify([declaredProvider(request.getUrn() ?? ""), sorted(values)]);
      if (served && served.engine === log.address && served.settings !== settings) throw SECOND_PROVIDER;
      served = { engine: log.address, settings };
      isCanceled = false;
      // Pulumi starts most processes only for the schema and the settings: they do without the rest of the code.
      const { ConfiguredProvider } = await import("./configuredProvider.ts");
      provider = new ConfiguredProvider(request, { version, warn: (message) => log.warn(message), env, api });
      return new ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: unary((request: CheckRequest) => configured().check(request)),
    diff: unary((request: DiffRequest) => configured().diff(request)),
    create: unary((request: CreateRequest) => writable().create(request)),
    read: unary((request: ReadRequest) => configured().read(request)),
    update: unary((request: UpdateRequest) => writable().update(request)),
    delete: unary((request: DeleteRequest) => writable().delete(request)),
    invoke: unary((request: InvokeRequest) => configured().invoke(request)),
    construct: unary((request: ConstructRequest) => configured().construct(request)),
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

/** Settings in one order, with the version of the plugin: if that changes, Pulumi must record the new one. */
const sorted = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .filter(([key]) => !key.startsWith("__"))
    .sort();

const NOT_CONFIGURED = new IonError("config", "This provider is not configured yet.");

/** Refuses a write after Ctrl-C. What was already sent is finished and recorded. */
const CANCELED = new IonError("refused", "Nothing was sent to ION, because this run was canceled.");

/** Pulumi starts a process for each provider, except if one was started by hand. */
const SECOND_PROVIDER = new IonError("refused", "This process of the plugin already serves another provider.", {
  hints: ["A plugin that was started by hand serves one provider. Unset PULUMI_DEBUG_PROVIDERS for this program."],
});
