import { describe, expect, it } from "vitest";
import { differing } from "../../provider/model/difference.ts";
import { sameUrl } from "../../provider/model/url.ts";

const URL = "https://a.example/x";

describe("what ION shows differs from what was set", () => {
  it.each<[string, Parameters<typeof differing>[0], Parameters<typeof differing>[1], string[]]>([
    ["in nothing where nothing was set", {}, { name: "a", webhookUri: URL }, []],
    ["in a name", { name: "a", active: true }, { name: "b", active: true }, ["name"]],
    ["in a flag", { active: true }, { active: false }, ["active"]],
    ["in a number", { expectedResponseCode: 200 }, { expectedResponseCode: 204 }, ["expectedResponseCode"]],
    ["in a field that is gone", { contentType: "text/plain" }, {}, ["contentType"]],
    ["in a description that is gone", { description: "a" }, {}, ["description"]],
    ["not in a description that was set to nothing", { description: "" }, {}, []],
    ["in a URL", { webhookUri: URL }, { webhookUri: `${URL}y` }, ["webhookUri"]],
    ["not in how a URL is written", { webhookUri: URL }, { webhookUri: "https://A.example:443/x" }, []],
    ["not in a URL that is masked", { webhookUri: URL }, {}, []],
    ["in a shared secret", { sharedSecret: "a" }, { sharedSecret: "b" }, ["sharedSecret"]],
    ["not in a shared secret that is masked", { sharedSecret: "a" }, {}, []],
    ["in all that does", { name: "a", webhookUri: URL }, { name: "b", webhookUri: "x" }, ["name", "webhookUri"]],
  ])("%s", (_what, wanted, live, fields) => {
    expect(differing(wanted, live).sort()).toEqual(fields);
  });
});

it.each<[string | undefined, string | undefined, boolean]>([
  [URL, URL, true],
  [URL, "HTTPS://a.example/x", true],
  [URL, `${URL}/`, false],
  ["not a URL", "not a URL", true],
  [URL, undefined, false],
  [undefined, URL, false],
  [undefined, undefined, false],
  ["undefined", undefined, false],
])("%s and %s are the same URL: %s", (one, other, same) => {
  expect(sameUrl(one, other)).toBe(same);
});
