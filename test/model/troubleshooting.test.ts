import { expect, it } from "vitest";
import { appendHelp, SECTIONS, sectionFor } from "../../provider/src/model/troubleshooting.ts";

it.each([
  ["ion:region is not set. Set it to us.", "ionregion-is-not-set"],
  ["Error: Could not reach ION at https://ion.example: ENOTFOUND", "could-not-reach-ion-at"],
  ["ION's schema has no mutation createWebhook", "ions-schema-has-no"],
  ["The subscription PARTS UPDATE with id 7 belongs to receiver 2.", "the--with-id--belongs-to"],
])("finds the section about %j: %s", (message, section) => {
  expect(sectionFor(message)).toBe(section);
});

it.each(["", "All is well.", "belongs to a receiver; The one with id 7", "The subscription with id 7 is missing."])(
  "finds no section about %j: it does not have all the words of one, in their order",
  (message) => {
    expect(sectionFor(message)).toBeUndefined();
  },
);

it("finds each section by its own title", () => {
  for (const title of SECTIONS) expect(sectionFor(title)).toBeDefined();
});

it("writes the help on a line of its own", () => {
  expect(appendHelp("It failed.", "docs/troubleshooting.md#x")).toBe("It failed.\nHelp: docs/troubleshooting.md#x");
  expect(appendHelp("It failed.", undefined)).toBe("It failed.");
});
