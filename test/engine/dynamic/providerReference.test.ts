import { expect, it } from "vitest";
import { providerReference } from "../../../provider/src/engine/dynamic/providerReference.ts";
import { RESOURCE_NAMES } from "../../../provider/src/model/resourceTypes.ts";
import { start } from "../../support/support.ts";
import { type Providers, startProcessOn } from "./providers.ts";

it("the code in the state of every resource has at most 200 bytes, and returns a complete provider", async () => {
  const providers = await startProcessOn(await start());
  expect(Object.keys(providers)).toEqual(expect.arrayContaining(["webhookReceiver", "webhookSubscription"]));
  for (const name of Object.keys(providers) as (keyof Providers)[]) {
    const code = providerReference(name);
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(200);
    const exported: { handler?: () => unknown } = {};
    const load = (id: string) => (id === "pulumi-ion/dynamic" ? providers : undefined);
    new Function("exports", "require", code)(exported, load);
    expect(exported.handler?.()).toBe(providers[name]);
    expect(Object.keys(providers[name])).toEqual(
      expect.arrayContaining(["configure", "check", "diff", "create", "read", "update", "delete"]),
    );
  }
});

it("providerReference accepts the name of every provider and no other name", async () => {
  expect([...RESOURCE_NAMES].sort()).toEqual(Object.keys(await startProcessOn(await start())).sort());
});
