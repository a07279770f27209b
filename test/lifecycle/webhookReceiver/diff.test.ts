import { expect, it } from "vitest";
import { UNKNOWN } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { CANARY } from "../../support/support.ts";
import { createReceiver, DEFAULTS, FULL, type Inputs, PLAIN, URI } from "./receivers.ts";

const { diff } = webhookReceiver;

it.each<[string, Inputs, Inputs]>([
  ["equal inputs", PLAIN, PLAIN],
  ["equal inputs with every field", FULL, FULL],
  ["headers in another order", FULL, { ...FULL, headers: { "X-Line": "3", "X-Plant": `${CANARY}-7` } }],
  ["a header name in another case", FULL, { ...FULL, headers: { "x-plant": `${CANARY}-7`, "X-Line": "3" } }],
  [
    "another spelling of the same URL",
    PLAIN,
    { ...PLAIN, webhookUri: URI.replace("hooks.example", "HOOKS.example:443") },
  ],
  ["an empty description instead of none", PLAIN, { ...PLAIN, description: "" }],
  ["ION's defaults, now declared", PLAIN, { ...PLAIN, ...DEFAULTS }],
  ["fields that the program no longer declares", FULL, PLAIN],
])("finds no change in %s", async (_description, before, now) => {
  const { id, state } = await createReceiver(before);
  expect(diff(id, state, now)).toEqual({ changes: false, replaces: [], details: [] });
});

it.each<[string, Inputs, Inputs, string[]]>([
  ["name", PLAIN, { ...PLAIN, name: "new" }, ["name update"]],
  ["URL", PLAIN, { ...PLAIN, webhookUri: `${URI}x` }, ["webhookUri update"]],
  ["description", PLAIN, { ...PLAIN, description: "new" }, ["description add"]],
  ["description that is now empty", FULL, { ...FULL, description: "" }, ["description update"]],
  ["content type", PLAIN, { ...PLAIN, contentType: "text/plain" }, ["contentType update"]],
  ["status", PLAIN, { ...PLAIN, expectedResponseCode: 201 }, ["expectedResponseCode update"]],
  ["active", PLAIN, { ...PLAIN, active: false }, ["active update"]],
  ["shared secret", FULL, { ...FULL, sharedSecret: "new" }, ["sharedSecret update"]],
  ["first header", PLAIN, { ...PLAIN, headers: { "X-A": "1" } }, ["headers X-A add"]],
  ["additional header", FULL, { ...FULL, headers: { ...FULL.headers, "X-A": "1" } }, ["headers X-A add"]],
  ["header value", FULL, { ...FULL, headers: { ...FULL.headers, "X-Line": "4" } }, ["headers X-Line update"]],
  [
    "list of headers that is now empty",
    FULL,
    { ...FULL, headers: {} },
    ["headers X-Plant delete", "headers X-Line delete"],
  ],
  ["value that is unknown", FULL, { ...FULL, sharedSecret: UNKNOWN }, ["sharedSecret update"]],
])("updates in place for another %s", async (_description, before, now, shown) => {
  const { id, state } = await createReceiver(before);
  const { changes, replaces, details = [] } = diff(id, state, now);
  expect({ changes, replaces }).toEqual({ changes: true, replaces: [] });
  expect(details.map(({ path, kind }) => [...path, kind].join(" "))).toEqual(shown);
});

it("ignores an importId that is unknown or names this receiver", async () => {
  const { id, state } = await createReceiver(PLAIN);
  expect(diff(id, state, { ...PLAIN, importId: id })).toEqual({ changes: false, replaces: [], details: [] });
  expect(diff(id, state, { ...PLAIN, importId: UNKNOWN })).toEqual({ changes: false, replaces: [], details: [] });
});

it("rejects an importId that names another receiver", async () => {
  const { id, state } = await createReceiver(PLAIN);
  const compare = () => diff(id, state, { ...PLAIN, importId: "7" });
  expect(compare).toThrow(expect.objectContaining({ kind: "ambiguous" }));
  expect(compare).toThrowErrorMatchingInlineSnapshot(
    `[IonError: importId is 7, but this resource is the webhook receiver with id 1. importId is used only when a resource is created. Declare a new resource for the other receiver.]`,
  );
});
