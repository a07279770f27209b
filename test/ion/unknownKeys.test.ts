import { expect, it } from "vitest";
import { CONFIG_KEYS } from "../../provider/src/ion/connectionSettings.ts";
import { unknownKeys } from "../../provider/src/ion/unknownKeys.ts";

it("accepts every setting of every connection, and keys of other namespaces", () => {
  const settings = CONFIG_KEYS.flatMap((key) => [`ion:${key}`, `ion-plant-b:${key}`]);
  expect(unknownKeys([...settings, "webhooks:regoin", "aws:region", "ionic:regoin"])).toEqual([]);
});

it.each([
  ["ion:regoin", "ion:region"],
  ["ion:Region", "ion:region"],
  ["ion:client-secret", "ion:clientSecret"],
  ["ion-staging:formerEndpont", "ion-staging:formerEndpoint"],
])("suggests a setting for %s", (key, suggestion) => {
  expect(unknownKeys([key])).toEqual([
    { key, isMisspelled: true, message: `${key} is not a setting of pulumi-ion. Did you mean ${suggestion}?` },
  ]);
});

it("suggests nothing for a key that may be the program's own", () => {
  expect(unknownKeys(["ion:plant"])).toEqual([
    { key: "ion:plant", isMisspelled: false, message: "ion:plant is not a setting of pulumi-ion." },
  ]);
});
