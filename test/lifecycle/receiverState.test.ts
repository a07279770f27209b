import { describe, expect, it } from "vitest";
import {
  asDesired,
  asReceiver,
  buildState,
  declaredFields,
  desiredFields,
  driftedFields,
  driftedSecrets,
  type Fields,
  observedFields,
  pick,
  pinnedFields,
  propertyChanges,
  type State,
  withKnownSecrets,
} from "../../provider/src/lifecycle/receiverState.ts";
import { type Difference, receiverDifference } from "../../provider/src/model/difference.ts";
import type { Receiver } from "../../provider/src/model/webhooks.ts";

/** A receiver whose secrets ION masks. */
const MASKED: Receiver = {
  id: "1",
  _etag: "a",
  name: "erp",
  description: undefined,
  webhookUri: undefined,
  sharedSecret: undefined,
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
  subscriptions: [],
  headers: [],
};
/** A receiver whose secrets ION shows. */
const SHOWN: Receiver = { ...MASKED, webhookUri: "https://a.example/", sharedSecret: "live" };
const STATE: State = { ionEndpoint: "https://api.example/graphql", declaredFields: ["name"], pinned: {}, reverted: [] };

it("declaredFields returns the inputs without the fields that are pinned", () => {
  const inputs = { name: "erp", active: true, headers: { "X-A": "1" }, pinned: { active: true } };
  expect(declaredFields(inputs)).toEqual({ name: "erp", headers: { "X-A": "1" } });
});

describe("desiredFields", () => {
  const pinned = { name: "old", active: true, sharedSecret: "pinned", headers: { "X-A": "1" } };

  it("prefers declared fields to pinned ones, and does not pin a shared secret that ION generated", () => {
    const desired = { name: "new", active: true, headers: { "X-A": "1" } };
    expect(desiredFields({ name: "new" }, { ...STATE, pinned })).toEqual(desired);
    expect(pinnedFields({ ...STATE, pinned })).toEqual({ ...desired, name: "old" });
  });

  it("pins a shared secret that the program declared", () => {
    const declared = { ...STATE, pinned, declaredFields: ["name", "sharedSecret"] } as const;
    expect(desiredFields({ name: "new" }, declared)).toEqual({ ...pinned, name: "new" });
    expect(pinnedFields(declared)).toEqual(pinned);
  });
});

describe("observedFields", () => {
  it("returns what ION shows", () => {
    expect(observedFields(SHOWN, { webhookUri: "https://b.example/", sharedSecret: "known", active: false })).toEqual({
      name: "erp",
      webhookUri: "https://a.example/",
      sharedSecret: "live",
      contentType: "application/json",
      expectedResponseCode: 200,
      active: true,
      headers: {},
    });
  });

  it("returns the known value of a field that ION masks or that its schema lacks", () => {
    const { active: _active, ...lacking } = MASKED;
    const known = { webhookUri: "https://b.example/", sharedSecret: "known", active: false };
    const observed = observedFields(lacking, { ...known, description: "deleted in ION" });
    expect(observed).toMatchObject(known);
    expect(observed).not.toHaveProperty("description");
  });

  it("returns the known value of a masked header, whatever the case of its name", () => {
    const headers = [
      { id: "1", key: "X-Known", value: undefined },
      { id: "2", key: "X-New", value: undefined },
      { id: "3", key: "X-Shown", value: "live" },
    ];
    const known = { headers: { "x-known": "1", "X-Shown": "old" } };
    expect(observedFields({ ...SHOWN, headers }, known).headers).toEqual({
      "X-Known": "1",
      "X-New": "",
      "X-Shown": "live",
    });
  });

  it("gives another name to duplicate headers and to __proto__", () => {
    const headers = ["X-A", "x-a", "__proto__"].map((key, at) => ({ id: `${at}`, key, value: `${at}` }));
    expect(observedFields({ ...SHOWN, headers }, {}).headers).toEqual({
      "X-A": "0",
      "x-a (duplicate, id 1)": "1",
      "__proto__ (invalid, id 2)": "2",
    });
  });
});

it("withKnownSecrets fills in what ION masks and keeps the headers of ION", () => {
  const headers = [{ id: "1", key: "X-A", value: undefined }];
  const known = { webhookUri: "https://b.example/", sharedSecret: "known", name: "old", headers: { "X-A": "1" } };
  expect(withKnownSecrets({ ...MASKED, headers }, known)).toEqual({
    ...MASKED,
    webhookUri: "https://b.example/",
    sharedSecret: "known",
    headers,
  });
  expect(withKnownSecrets(SHOWN, known)).toEqual(SHOWN);
});

describe("buildState", () => {
  it("pins declared fields to the program, omitted ones to their earlier pin, and a shared secret to ION", () => {
    const prior = { ...STATE, pinned: { name: "old", active: false, sharedSecret: "old" } };
    expect(buildState("https://api.example/graphql", SHOWN, { name: "erp" }, prior)).toEqual({
      ...observedFields(SHOWN, {}),
      ionEndpoint: "https://api.example/graphql",
      declaredFields: ["name"],
      pinned: { ...observedFields(SHOWN, {}), description: "", active: false },
      reverted: [],
    });
  });

  it("records which omitted fields were reverted", () => {
    const state = buildState("https://api.example/graphql", SHOWN, {
      name: "erp",
      active: true,
      pinned: { active: true },
    });
    expect([state.declaredFields, state.reverted]).toEqual([["name"], ["active"]]);
  });
});

describe("drift", () => {
  const observed = observedFields(SHOWN, {});
  const between = (desired: Fields, live: Fields) => receiverDifference(asDesired(desired), asReceiver("1", live));

  it.each<[string, Fields, Fields, string[], string[]]>([
    ["nothing for equal fields", observed, observed, [], []],
    ["nothing for no headers", { headers: {} }, { headers: {} }, [], []],
    ["nothing for headers that are not desired", {}, { headers: { "X-A": "1" } }, [], []],
    ["nothing for an inactive receiver that should be inactive", { active: false }, { active: false }, [], []],
    ["a plain field by its name", { name: "old" }, observed, ["name"], []],
    [
      "secret fields by their names",
      { name: "erp", webhookUri: "https://b.example/", sharedSecret: "pinned" },
      observed,
      ["webhookUri", "sharedSecret"],
      ["webhookUri", "sharedSecret"],
    ],
    [
      "each header by its name, and as one field",
      { headers: { "X-A": "1", "X-B": "2", "X-C": "3" } },
      { headers: { "x-a": "1", "X-B": "4", "X-D": "5" } },
      ["headers"],
      ["header X-B was changed", "header X-C was removed", "header X-D was added"],
    ],
  ])("names %s", (_what, desired, live, fields, secrets) => {
    expect(driftedFields(between(desired, live))).toEqual(fields);
    expect(driftedSecrets(between(desired, live))).toEqual(secrets);
  });
});

it("propertyChanges names what is added, updated and deleted, by property and header", () => {
  const on = { receiver: SHOWN };
  const header = { id: "7", key: "X-A", value: "1" };
  const event = { resource: "PARTS", action: "UPDATE" };
  const differences: Difference[] = [
    { kind: "changed", object: "receiver", ...on, field: "name", desired: "a", live: "b" },
    { kind: "changed", object: "receiver", ...on, field: "active", desired: true, live: undefined },
    { kind: "inactive", object: "receiver", ...on },
    { kind: "missing", object: "header", ...on, name: "X-New", value: "1" },
    { kind: "changed", object: "header", ...on, header, name: "x-a", value: "2" },
    { kind: "masked", object: "header", ...on, header, name: "X-Masked", value: "2" },
    { kind: "unmanaged", object: "header", ...on, header },
    { kind: "duplicate", object: "header", ...on, header: { ...header, key: "X-B" } },
    { kind: "missing", object: "subscription", ...on, desired: event },
  ];
  expect(propertyChanges(differences).map(({ path, kind }) => `${kind} ${path.join(".")}`)).toEqual([
    "update name",
    "add active",
    "add headers.X-New",
    "update headers.x-a",
    "update headers.X-Masked",
    "delete headers.X-A",
    "delete headers.X-B",
  ]);
});

it("driftedSecrets leaves out secrets that ION masks: nothing shows that they changed", () => {
  expect(driftedSecrets([{ kind: "masked", object: "receiver", receiver: SHOWN, field: "sharedSecret" }])).toEqual([]);
});

it("pick skips fields that are undefined", () => {
  expect(pick({ name: "erp", active: false, description: undefined }, ["active", "description"])).toEqual({
    active: false,
  });
});

it("driftedFields leaves out what concerns subscriptions", () => {
  const event = { resource: "PARTS", action: "UPDATE" };
  const live = { id: "5", _etag: "a", ...event };
  const on = { receiver: SHOWN, liveReceiver: SHOWN };
  expect(driftedFields([{ kind: "changed", object: "subscription", ...on, desired: event, live }])).toEqual([]);
});
