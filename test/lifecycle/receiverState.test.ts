import { describe, expect, it } from "vitest";
import type { Receiver } from "../../provider/ion/operations.ts";
import type { WebhookApi } from "../../provider/ion/webhookApi.ts";
import {
  declaredFields,
  drift,
  pick,
  recorded,
  type State,
  secretDrift,
  seen,
  wantedOf,
} from "../../provider/lifecycle/receiverState.ts";

/** As ION shows a receiver whose secrets it masks: they are there, and not known. */
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
const SHOWN: Receiver = { ...MASKED, webhookUri: "https://a.example/", sharedSecret: "live" };
const ION = { environment: "loopback" } as WebhookApi;
const STATE: State = { ionEndpoint: "loopback", declaredFields: ["name"], pinned: {}, reverted: [] };

it("what the program gives is all but what stands in the inputs to be put back", () => {
  const inputs = { name: "erp", active: true, headers: { "X-A": "1" }, pinned: { active: true } };
  expect(declaredFields(inputs)).toEqual({ name: "erp", headers: { "X-A": "1" } });
});

describe("what a receiver is to be", () => {
  const pinned = { name: "old", active: true, sharedSecret: "pinned", headers: { "X-A": "1" } };

  it("is what the program gives, and for the rest what it is held to; a shared secret only where it is declared", () => {
    expect(wantedOf({ name: "new" }, { ...STATE, pinned })).toEqual({
      name: "new",
      active: true,
      headers: { "X-A": "1" },
    });
    const declared = { ...STATE, pinned, declaredFields: ["name", "sharedSecret"] } as const;
    expect(wantedOf({ name: "new" }, declared)).toEqual({ ...pinned, name: "new" });
  });
});

describe("what is seen of a receiver", () => {
  it("is what ION shows", () => {
    expect(seen(SHOWN, { webhookUri: "https://b.example/", sharedSecret: "known", active: false })).toEqual({
      name: "erp",
      webhookUri: "https://a.example/",
      sharedSecret: "live",
      contentType: "application/json",
      expectedResponseCode: 200,
      active: true,
      headers: {},
    });
  });

  it("is as last known where ION masks it, or has no field for it", () => {
    const { active: _active, ...lacking } = MASKED;
    const known = { webhookUri: "https://b.example/", sharedSecret: "known", active: false, description: "gone" };
    const { description: _none, ...kept } = known;
    expect(seen(lacking as Receiver, known)).toMatchObject(kept);
    expect(seen(lacking as Receiver, known)).not.toHaveProperty("description");
  });
});

describe("what is remembered after a write", () => {
  it("holds to what is declared, and for the rest to what was held before; a shared secret to what ION shows", () => {
    const prior = { ...STATE, pinned: { name: "old", active: false, sharedSecret: "old" } };
    expect(recorded(ION, SHOWN, { name: "erp" }, prior)).toEqual({
      ...seen(SHOWN, {}),
      ionEndpoint: "loopback",
      declaredFields: ["name"],
      pinned: { ...seen(SHOWN, {}), description: "", active: false },
      reverted: [],
    });
  });

  it("says which fields were put back", () => {
    const state = recorded(ION, SHOWN, { name: "erp", active: true, pinned: { active: true } });
    expect([state.declaredFields, state.reverted]).toEqual([["name"], ["active"]]);
  });
});

it("drift is named by field, and of secrets in words", () => {
  const wanted = { name: "erp", webhookUri: "https://b.example/", headers: { "X-A": "1" } };
  expect(drift(wanted, seen(SHOWN, {}))).toEqual(["webhookUri", "headers"]);
  expect(drift({ headers: {} }, { headers: {} })).toEqual([]);
  expect(drift({}, { headers: { "X-A": "1" } })).toEqual([]);
  const pinned = { name: "old", webhookUri: "https://b.example/", sharedSecret: "pinned" };
  expect(secretDrift(pinned, seen(SHOWN, {}))).toEqual(["webhookUri", "sharedSecret"]);
  expect(secretDrift({}, {})).toEqual([]);
});

it("only what is there is picked", () => {
  expect(pick({ name: "erp", active: false, description: undefined }, ["active", "description"])).toEqual({
    active: false,
  });
});
