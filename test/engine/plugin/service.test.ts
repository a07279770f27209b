import type { sendUnaryData } from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import {
  CheckRequest,
  type CheckResponse,
  ConfigureRequest,
  CreateRequest,
  DiffRequest,
  DiffResponse,
} from "@pulumi/pulumi/proto/provider_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { expect, it } from "vitest";
import { createService } from "../../../provider/src/engine/plugin/service.ts";
import { fromWire, toWire } from "../../../provider/src/engine/plugin/wire.ts";
import { CANARY, connectionTo, start } from "../../support/support.ts";

const URN = "urn:pulumi:test::p::pulumi:providers:ion::default";

/** A plugin's process, whose methods are called as the engine does. */
function startPlugin() {
  const log = { address: undefined, warn: () => {}, sent: async () => {} };
  const { methods } = createService({ version: "1.2.3-test", schema: "", log, env: {} });
  return <Answer>(method: string, request: object): Promise<Answer> => {
    const handler = methods[method] as (call: object, callback: sendUnaryData<Answer>) => void;
    return new Promise((resolve, reject) => {
      handler({ request }, (error, answer) => (answer ? resolve(answer) : reject(error)));
    });
  };
}

it("the settings that Pulumi records are secret if they may hold a key", async () => {
  const settings = {
    endpoint: `https://ion.example/graphql?apikey=${CANARY}`,
    formerEndpoint: `https://old.example/graphql?apikey=${CANARY}`,
    authUrl: "https://ion.example/token",
    clientId: "id",
    clientSecret: CANARY,
  };
  const request = new CheckRequest().setUrn(URN).setNews(toWire(settings));
  const answer = await startPlugin()<CheckResponse>("checkConfig", request);
  const { values, secrets } = fromWire(answer.getInputs());
  expect(values).toEqual(settings);
  expect([...secrets.keys()].sort()).toEqual(["clientSecret", "endpoint", "formerEndpoint"]);
});

const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;

it.each<[string, object, object, number]>([
  ["nothing", { region: "us" }, { region: "us", __internal: {} }, DIFF_NONE],
  ["the region", { region: "us" }, { region: "gov" }, DIFF_SOME],
  ["the version of the plugin", { version: "0.1.0" }, { version: "0.2.0" }, DIFF_SOME],
])("a provider is updated, never replaced, if %s changes", async (_what, olds, news, changes) => {
  const request = new DiffRequest().setUrn(URN).setOldInputs(toWire(olds)).setNews(toWire(news));
  const answer = await startPlugin()<DiffResponse>("diffConfig", request);
  expect([answer.getChanges(), answer.getReplacesList()]).toEqual([changes, []]);
});

it("names its version", async () => {
  const info = await startPlugin()<PluginInfo>("getPluginInfo", new Empty());
  expect(info.getVersion()).toBe("1.2.3-test");
});

it("refuses writes after a cancel, until the next run configures it", async () => {
  const call = startPlugin();
  const configure = () => call("configure", new ConfigureRequest().setUrn(URN).setArgs(toWire({ region: "us" })));
  const create = new CreateRequest().setPreview(true).setUrn("urn:pulumi:test::p::ion:index:WebhookReceiver::erp");
  await configure();
  await call("create", create);
  await call("cancel", new Empty());
  await expect(call("create", create)).rejects.toMatchObject({
    details: "Nothing was sent to ION, because this run was canceled.",
  });
  await configure();
  await call("create", create);
});

it("suggests the option import for a receiver that has another name in ION", async () => {
  const emulator = await start();
  const webhookUri = "https://hooks.example/";
  emulator.store.createReceiver({ name: "by hand", webhookUri });
  const call = startPlugin();
  await call("configure", new ConfigureRequest().setUrn(URN).setArgs(toWire(connectionTo(emulator))));
  const create = new CreateRequest()
    .setUrn("urn:pulumi:test::p::ion:index:WebhookReceiver::erp")
    .setProperties(toWire({ name: "erp", webhookUri }));
  await expect(call("create", create)).rejects.toMatchObject({
    details: expect.stringMatching(/To import it, add the option import: "1"\.$/),
  });
});
