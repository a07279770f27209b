import { expect, it } from "vitest";
import { UNKNOWN, type UncheckedInputs } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { CANARY, connectionReset, failureOf, ionOn, mutationsIn, start } from "../../support/support.ts";
import { casesByFailure } from "../failures.ts";
import { FULL, type Inputs, PLAIN, URI } from "./receivers.ts";

/** The failures of a check, on an emulator with one other receiver. */
async function failuresOf(news: UncheckedInputs, olds: UncheckedInputs = {}) {
  const emulator = await start();
  emulator.store.createReceiver({ name: "other", webhookUri: "https://hooks.example/other" });
  const { failures } = await webhookReceiver.check(ionOn(emulator), news, olds);
  const isLook = failures.length === 0 && Object.keys(olds).length === 0;
  const isUnknown = [news.name, news.webhookUri, news.importId].includes(UNKNOWN);
  expect(emulator.requests.map(({ kind }) => kind)).toEqual(isLook && !isUnknown ? ["token", "graphql"] : []);
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

const withHeader = (name: string, value: unknown) => ({ ...PLAIN, headers: { [name]: value } });

it.each<[string, UncheckedInputs]>([
  ["a name and a URL", PLAIN],
  ["every field", FULL],
  ["importId instead of a URL", { name: "erp", importId: "1" }],
  ["HTTP on this machine", { ...PLAIN, webhookUri: "http://localhost:8080/x" }],
  ["an empty description", { ...PLAIN, description: "" }],
  ["no headers", { ...PLAIN, headers: {} }],
  ["an empty header", withHeader("X-A", "")],
  ["a tab in a header", withHeader("X-A", "a\tb")],
  ["Latin-1 characters in a header", withHeader("X-A", "é ÿ")],
  ["the highest status", { ...PLAIN, expectedResponseCode: 599 }],
  ["every field unknown", Object.fromEntries(Object.keys(FULL).map((field) => [field, UNKNOWN]))],
  ["an unknown importId", { name: "erp", importId: UNKNOWN }],
  ["an unknown header value", withHeader("X-A", UNKNOWN)],
])("accepts %s", async (_description, news) => {
  expect(await failuresOf(news)).toEqual([]);
});

const INVALID: Readonly<Record<string, UncheckedInputs>> = {
  "no URL and no importId": { name: "erp" },
  "a URL without a protocol": { ...PLAIN, webhookUri: CANARY },
  "an empty URL": { ...PLAIN, webhookUri: "" },
  HTTP: { ...PLAIN, webhookUri: `http://hooks.example/${CANARY}` },
  "HTTP to a host that starts like this machine": { ...PLAIN, webhookUri: "http://127.0.0.1.example" },
  "FTP to this machine": { ...PLAIN, webhookUri: `ftp://127.0.0.1/${CANARY}` },
  "a javascript: URL": { ...PLAIN, webhookUri: `javascript:${CANARY}` },
  "a URL with a line break at its end": { ...PLAIN, webhookUri: `${URI}\n` },
  "a URL with a space at its start": { ...PLAIN, webhookUri: ` ${URI}` },
  "a number as URL": { ...PLAIN, webhookUri: 7 },
  "no name": { webhookUri: URI },
  "a blank name": { ...PLAIN, name: " \n" },
  "a null character in a name": { ...PLAIN, name: "a\0b" },
  "a number as description": { ...PLAIN, description: 7 },
  "a content type without a slash": { ...PLAIN, contentType: "json" },
  "a content type with a line break": { ...PLAIN, contentType: "text/plain; a\r\nX-B: c" },
  "status 99": { ...PLAIN, expectedResponseCode: 99 },
  "status 600": { ...PLAIN, expectedResponseCode: 600 },
  "status 200.5": { ...PLAIN, expectedResponseCode: 200.5 },
  "a string as status": { ...PLAIN, expectedResponseCode: "200" },
  "a string as active": { ...PLAIN, active: "yes" },
  "an empty sharedSecret": { ...PLAIN, sharedSecret: "" },
  "an empty importId": { ...PLAIN, importId: "" },
  "a number as importId": { ...PLAIN, importId: 7 },
  "a header name with a space": withHeader("X A", CANARY),
  "an empty header name": withHeader("", CANARY),
  "a header name with a colon": withHeader("X:A", CANARY),
  "a header with CR and LF": withHeader("X-A", `${CANARY}\r\nX-B: 1`),
  "a header with a null character": withHeader("X-A", `${CANARY}\0`),
  "a header with a delete character": withHeader("X-A", `${CANARY}\u007f`),
  "a header with a space at its end": withHeader("X-A", `${CANARY} `),
  "a header with an emoji": withHeader("X-A", "🙂"),
  "a header that HTTP sets": withHeader("Content-Length", "7"),
  "a header that ION sets": withHeader("X-Ion-Signature", CANARY),
  "a number as header": withHeader("X-A", 7),
  "two headers whose names differ in case": { ...PLAIN, headers: { "X-A": CANARY, "x-a": CANARY } },
  "an unknown property": { ...PLAIN, webHookUri: CANARY },
};

it("rejects invalid inputs, without their values", async () => {
  const failures = await casesByFailure(INVALID, failuresOf);
  expect(Object.values(failures).flat()).toHaveLength(Object.keys(INVALID).length);
  expect(Object.keys(failures).join()).not.toContain(CANARY);
  expect(failures).toMatchInlineSnapshot(`
    {
      "active: must be true or false": [
        "a string as active",
      ],
      "contentType: must be a media type such as application/json": [
        "a content type without a slash",
        "a content type with a line break",
      ],
      "description: must be a string": [
        "a number as description",
      ],
      "expectedResponseCode: must be an HTTP status from 100 to 599": [
        "status 99",
        "status 600",
        "status 200.5",
        "a string as status",
      ],
      "headers.: is not a valid HTTP header name": [
        "an empty header name",
      ],
      "headers.X A: is not a valid HTTP header name": [
        "a header name with a space",
      ],
      "headers.X-A: must be a string": [
        "a number as header",
      ],
      "headers.X-A: must contain only Latin-1 characters, as HTTP headers do": [
        "a header with an emoji",
      ],
      "headers.X-A: must not contain line breaks or control characters": [
        "a header with CR and LF",
        "a header with a null character",
        "a header with a delete character",
      ],
      "headers.X-A: must not start or end with a space": [
        "a header with a space at its end",
      ],
      "headers.X:A: is not a valid HTTP header name": [
        "a header name with a colon",
      ],
      "headers: must not contain Content-Length, which HTTP or ION sets itself": [
        "a header that HTTP sets",
      ],
      "headers: must not contain X-Ion-Signature, which HTTP or ION sets itself": [
        "a header that ION sets",
      ],
      "headers: must not contain x-a twice: HTTP ignores the case of header names": [
        "two headers whose names differ in case",
      ],
      "importId: must be the id of a receiver, as a string": [
        "a number as importId",
      ],
      "importId: must not be empty": [
        "an empty importId",
      ],
      "inputs: no such property: "webHookUri". Check the spelling, or remove it.": [
        "an unknown property",
      ],
      "name: must be a string": [
        "no name",
      ],
      "name: must not be empty": [
        "a blank name",
      ],
      "name: must not contain a null character": [
        "a null character in a name",
      ],
      "sharedSecret: must not be empty; omit it to let ION generate one": [
        "an empty sharedSecret",
      ],
      "webhookUri: is missing: set the https:// URL that ION sends events to": [
        "no URL and no importId",
      ],
      "webhookUri: is not a URL; it must look like https://example.com/path": [
        "a URL without a protocol",
        "an empty URL",
      ],
      "webhookUri: must be a string": [
        "a number as URL",
      ],
      "webhookUri: must be an https:// URL, because ION delivers events only over HTTPS": [
        "HTTP",
        "HTTP to a host that starts like this machine",
        "FTP to this machine",
        "a javascript: URL",
      ],
      "webhookUri: must not contain spaces, line breaks or control characters": [
        "a URL with a line break at its end",
        "a URL with a space at its start",
      ],
    }
  `);
});

it("reports all invalid fields at once", async () => {
  const failures = await failuresOf({ name: "", webhookUri: "x", active: 1, headers: { "X-A": "a\nb", "X B": "" } });
  const properties = failures.map((failure) => failure.split(":")[0]);
  expect(properties.sort()).toEqual(["active", "headers.X B", "headers.X-A", "name", "webhookUri"]);
});

it("adds the pinned values of omitted fields that drifted, and no other key of a read", async () => {
  const pinned = { active: true, contentType: "application/json" };
  const olds = { ...PLAIN, active: false, contentType: "text/plain", pinned, driftedSecrets: ["sharedSecret"] };
  const { inputs } = await webhookReceiver.check(ionOn(await start()), { ...PLAIN, contentType: "text/xml" }, olds);
  expect(inputs).toEqual({ ...PLAIN, contentType: "text/xml", active: true, pinned: { active: true } });
});

it.each<[string, UncheckedInputs, readonly string[]]>([
  ["one receiver with this URL has another name", PLAIN, ["crm"]],
  ["two receivers have this URL", PLAIN, ["erp", "crm"]],
  ["importId names no receiver", { name: "erp", importId: "7" }, []],
])("fails if %s, as create would", async (_what, news, names) => {
  const emulator = await start();
  for (const name of names) emulator.store.createReceiver({ name, webhookUri: URI });
  const error = await failureOf(webhookReceiver.check(ionOn(emulator), news, {}));
  const created = await failureOf(webhookReceiver.create(ionOn(emulator), news as unknown as Inputs));
  expect(error.message).toBe(created.message);
  expect(error.message).not.toContain(CANARY);
  expect(mutationsIn(emulator)).toEqual([]);
});

it("fails if ION rejects the key", async () => {
  const emulator = await start();
  const ion = ionOn(emulator);
  emulator.rotateKey("other");
  expect((await failureOf(webhookReceiver.check(ion, PLAIN, {}))).kind).toBe("auth");
});

it("says that an existing receiver is adopted, and not that an imported one is", async () => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(PLAIN);
  emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
  const warningsOf = async (news: UncheckedInputs) => (await webhookReceiver.check(ionOn(emulator), news, {})).warnings;
  expect(await warningsOf(PLAIN)).toMatchInlineSnapshot(`
    [
      "ION already has receiver "erp" (id 1) with 1 subscription. \`pulumi up\` adopts it and the subscriptions that your program declares, and creates no duplicates.",
    ]
  `);
  expect(await warningsOf({ name: "erp", importId: id })).toEqual([]);
  expect(await warningsOf({ name: "new", webhookUri: `${URI}/new` })).toEqual([]);
});

it("accepts a new receiver with a warning while ION cannot be reached", async () => {
  const fetch = async () => {
    throw connectionReset();
  };
  const ion = ionOn(await start(), { fetch, retry: { firstWaitMs: 1 } });
  const { failures, warnings } = await webhookReceiver.check(ion, PLAIN, {});
  expect(failures).toEqual([]);
  expect(warnings).toEqual([
    expect.stringMatching(/^Could not check what ION already has: .*answered\. Tried 4 times/),
  ]);
});

it("lists the secrets that the program changes, without their values", async () => {
  const changedIn = async (news: UncheckedInputs, olds: UncheckedInputs) => {
    const { inputs } = await webhookReceiver.check(ionOn(await start()), news, olds);
    return inputs.changedSecrets;
  };
  expect(await changedIn(FULL, FULL)).toBeUndefined();
  expect(await changedIn({ ...FULL, webhookUri: `${URI}/new` }, FULL)).toEqual(["webhookUri"]);
  const headers = { ...FULL.headers, "X-Line": "4" };
  const changed = { ...FULL, headers, sharedSecret: "new" };
  expect(await changedIn(changed, FULL)).toEqual(["sharedSecret", "headers"]);
  expect(await changedIn(changed, { ...FULL, driftedSecrets: ["webhookUri"] })).toBeUndefined();
  // Pulumi shows what is added and removed by itself.
  const { sharedSecret: _secret, ...without } = FULL;
  expect(await changedIn(FULL, without)).toBeUndefined();
  expect(await changedIn(without, FULL)).toBeUndefined();
  // The list itself is no change of the next run.
  expect(await changedIn(FULL, { ...FULL, changedSecrets: ["webhookUri"] })).toBeUndefined();
});

it("refuses to remove the URL of a receiver, but not to leave it out after an import", async () => {
  expect(await failuresOf({ name: "erp" }, PLAIN)).toEqual([
    "webhookUri: is missing: set the https:// URL that ION sends events to",
  ]);
  expect(await failuresOf({ name: "erp" }, { name: "erp" })).toEqual([]);
});
