import { expect, it } from "vitest";
import {
  byAge,
  eventName,
  isSecretField,
  RECEIVER_FIELDS,
  sameEvent,
  sameHeaderName,
} from "../../provider/src/model/webhooks.ts";

it("orders objects by age: ids are numbers, whatever their length", () => {
  const ids = ["10", "9", "100", "1"].map((id) => ({ id }));
  expect(ids.sort(byAge).map(({ id }) => id)).toEqual(["1", "9", "10", "100"]);
});

it("names an event by its resource and its action", () => {
  expect(eventName({ resource: "PARTS", action: "UPDATE" })).toBe("PARTS UPDATE");
  expect(sameEvent({ resource: "PARTS", action: "UPDATE" }, { resource: "PARTS", action: "UPDATE" })).toBe(true);
  expect(sameEvent({ resource: "PARTS", action: "UPDATE" }, { resource: "PARTS", action: "CREATE" })).toBe(false);
  expect(sameEvent({ resource: "PARTS", action: "UPDATE" }, { resource: "PLANS", action: "UPDATE" })).toBe(false);
});

it.each([
  ["X-Plant", "x-plant", true],
  ["X-Plant", "X-Plants", false],
])("%s and %s are the same header name: %s", (one, other, same) => {
  expect(sameHeaderName(one, other)).toBe(same);
});

it("treats a receiver's webhookUri and sharedSecret as secret, and no other field", () => {
  expect(RECEIVER_FIELDS.filter(isSecretField)).toEqual(["webhookUri", "sharedSecret"]);
});
