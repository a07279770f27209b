import { expect, it } from "vitest";
import { UNKNOWN } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { FULL, type Inputs, PLAIN, URI } from "./receivers.ts";

it.each<[string, Inputs, string | undefined, string[]]>([
  ["its URL", { ...FULL, name: "other" }, undefined, [`url ${URI}`]],
  ["its normalized URL", { ...PLAIN, webhookUri: "https://A.example:443" }, undefined, ["url https://a.example/"]],
  ["its URL or its id, if it has one", PLAIN, "7", [`url ${URI}`, "id 7"]],
  ["importId alone", { name: "erp", importId: "7" }, undefined, ["id 7"]],
  ["its URL or importId", { ...PLAIN, importId: "7" }, undefined, [`url ${URI}`, "id 7"]],
  ["nothing that is unknown", { ...PLAIN, webhookUri: UNKNOWN, importId: UNKNOWN }, undefined, []],
])("identifies a receiver by %s", (_description, inputs, id, expected) => {
  expect(webhookReceiver.identities(inputs, id)).toEqual(expected);
});
