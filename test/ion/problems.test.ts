import { expect, it } from "vitest";
import { kindOf, permissionHint, rejection } from "../../provider/src/ion/problems.ts";

it.each([
  ["THROTTLED", "rateLimited"],
  ["rate_limited", "rateLimited"],
  ["TOO_MANY_REQUESTS", "rateLimited"],
  ["UNAUTHENTICATED", "auth"],
  ["FORBIDDEN", "permission"],
  ["PERMISSION_DENIED", "permission"],
  ["NOT_FOUND", "notFound"],
  ["CONFLICT", "conflict"],
  ["BAD_USER_INPUT", "invalid"],
  ["GRAPHQL_VALIDATION_FAILED", "refused"],
  ["INTERNAL_SERVER_ERROR", "unknownOutcome"],
  ["SERVICE_UNAVAILABLE", "unknownOutcome"],
  ["TIMEOUT", "unknownOutcome"],
])("classifies the code %s as %s, whatever the message is", (code, kind) => {
  expect(kindOf({ code, message: "It does not exist." })).toBe(kind);
});

it.each([
  ["WebhookReceiver 1 was changed by another writer: etag mismatch. Read it again and retry.", "conflict"],
  ["The object is out of date", "conflict"],
  ["Rate limit exceeded", "rateLimited"],
  ["Request was throttled. Expected available in 3 seconds.", "rateLimited"],
  ["Internal server error", "unknownOutcome"],
  ["(psycopg2.OperationalError) server closed the connection unexpectedly", "unknownOutcome"],
  ["(psycopg2.errors.QueryCanceled) canceling statement due to statement timeout", "unknownOutcome"],
  ["The request timed out", "unknownOutcome"],
  ["deadlock detected", "unknownOutcome"],
  ["User does not have permission to create this resource.", "permission"],
  ["Not authorized", "permission"],
  ['WebhookReceiver with id "9" not found.', "notFound"],
  ["WebhookReceiver matching query does not exist.", "notFound"],
  ["name must not be empty.", "invalid"],
  ["Unable to stalemate the estate", "invalid"],
])("classifies the message %j as %s, if there is no code", (message, kind) => {
  expect(kindOf({ code: undefined, message })).toBe(kind);
});

it("classifies by the message if it does not know the code", () => {
  expect(kindOf({ code: "E1234", message: "Rate limit exceeded" })).toBe("rateLimited");
  expect(kindOf({ code: "E1234", message: "No." })).toBe("invalid");
});

it("says what ION rejected and why, and names the permission if one is missing", () => {
  const rejections = [
    rejection("do this", "CreateX", "It will not", "invalid"),
    rejection("do this", "CreateX", "No permission.", "permission"),
  ];
  expect(rejections.map(({ kind }) => kind)).toEqual(["invalid", "permission"]);
  expect(rejections.map(({ message }) => message)).toMatchInlineSnapshot(`
    [
      "ION did not do this: It will not.",
      "ION did not do this: No permission. The API key needs the permission CreateX: ask an org admin of ION to create a key that has it.",
    ]
  `);
});

it("mentions the permission only for permission errors", () => {
  expect(rejection("do this", "CreateX", "It failed", "conflict").hints).toEqual([]);
  expect(rejection("do this", "CreateX", "It failed", "permission").hints).toEqual([permissionHint("CreateX")]);
});
