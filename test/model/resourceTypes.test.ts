import { expect, it } from "vitest";
import {
  declaredProvider,
  nameOf,
  RESOURCE_NAMES,
  resourceOf,
  typeIn,
  typeOf,
  urnOf,
} from "../../provider/src/model/resourceTypes.ts";

const URN = "urn:pulumi:dev::plant::ion:index:VioletWebhooks$ion:index:WebhookReceiver::a::b";

it("names each resource for dynamic resources and for the plugin", () => {
  expect(typeOf("dynamic", "webhookReceiver")).toBe("pulumi-nodejs:dynamic/ion:WebhookReceiver");
  expect(typeOf("plugin", "webhookReceiver")).toBe("ion:index:WebhookReceiver");
  for (const carrier of ["dynamic", "plugin"] as const) {
    for (const name of RESOURCE_NAMES) expect(resourceOf(carrier, typeOf(carrier, name))).toBe(name);
  }
});

it("knows no resource of the other carrier or of another package", () => {
  expect(resourceOf("plugin", typeOf("dynamic", "webhookReceiver"))).toBeUndefined();
  expect(resourceOf("dynamic", "random:index:RandomId")).toBeUndefined();
});

it("reads the type and the name from a URN, and the URN from a reference", () => {
  expect(typeIn(URN)).toBe("ion:index:WebhookReceiver");
  expect(typeIn("urn:pulumi:dev::plant::ion:index:WebhookReceiver::erp")).toBe("ion:index:WebhookReceiver");
  expect(typeIn("no URN")).toBe("");
  expect(nameOf(URN)).toBe("a::b");
  expect(urnOf(`${URN}::some-id`)).toBe(URN);
});

it.each([
  ["default", undefined],
  ["default_1_2_0", undefined],
  ["defaults", "defaults"],
  ["my_default", "my_default"],
  ["plant", "plant"],
])("takes the provider %s for one that a program declares: %s", (name, declared) => {
  expect(declaredProvider(`urn:pulumi:dev::plant::pulumi:providers:ion::${name}`)).toBe(declared);
});
