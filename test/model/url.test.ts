import { expect, it } from "vitest";
import { normalizeUrl, sameUrl } from "../../provider/src/model/url.ts";

const URL = "https://a.example/x";

it.each<[string | undefined, string | undefined, boolean]>([
  [URL, URL, true],
  [URL, "HTTPS://a.example/x", true],
  [URL, "https://A.example:443/x", true],
  [URL, `${URL}/`, false],
  ["not a URL", "not a URL", true],
  [URL, undefined, false],
  [undefined, URL, false],
  [undefined, undefined, false],
  ["undefined", undefined, false],
])("%s and %s are the same URL: %s", (one, other, same) => {
  expect(sameUrl(one, other)).toBe(same);
});

it("spells equal URLs equally and leaves other strings alone", () => {
  expect(normalizeUrl("HTTPS://A.example:443")).toBe("https://a.example/");
  expect(normalizeUrl("Not a URL")).toBe("Not a URL");
});
