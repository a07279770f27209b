import type { ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { CheckRequest, type CheckResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import { expect, it } from "vitest";
import { createService } from "../../../provider/engine/plugin/service.ts";
import { fromWire, toWire } from "../../../provider/engine/plugin/wire.ts";
import { CANARY } from "../../support/support.ts";

/** Checks the settings of a provider as the engine does. */
async function checkConfig(settings: object) {
  const log = { address: undefined, warn: () => {}, sent: async () => {} };
  const { methods } = createService({ version: "0.0.0-test", schema: "", log, env: {} });
  const request = new CheckRequest()
    .setUrn("urn:pulumi:test::p::pulumi:providers:ion::default")
    .setNews(toWire(settings));
  const handler = methods.checkConfig as (call: object, callback: sendUnaryData<CheckResponse>) => void;
  return new Promise<CheckResponse>((resolve, reject) => {
    handler({ request } as ServerUnaryCall<CheckRequest, CheckResponse>, (error, answer) =>
      answer ? resolve(answer) : reject(error),
    );
  });
}

it("the settings that Pulumi records are secret if they may hold a key", async () => {
  const settings = {
    endpoint: `https://ion.example/graphql?apikey=${CANARY}`,
    formerEndpoint: `https://old.example/graphql?apikey=${CANARY}`,
    authUrl: "https://ion.example/token",
    clientId: "id",
    clientSecret: CANARY,
  };
  const answer = await checkConfig(settings);
  const { values, secrets } = fromWire(answer.getInputs());
  expect(values).toEqual(settings);
  expect([...secrets.keys()].sort()).toEqual(["clientSecret", "endpoint", "formerEndpoint"]);
});
