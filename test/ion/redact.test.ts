import { describe, expect, it } from "vitest";
import { redact, secretsOfUrl } from "../../provider/ion/redact.ts";

describe("redact", () => {
  it.each<[string, string, string[], string]>([
    ["as it is", "the token abcd1234 is wrong", ["abcd1234"], "the token [secret] is wrong"],
    ["everywhere", "abcd abcd", ["abcd"], "[secret] [secret]"],
    ["JSON-escaped", 'got "a\\"b\\nc"', ['a"b\nc'], 'got "[secret]"'],
    ["URL-encoded", "at ?key=a%2Fb%3Dc", ["a/b=c"], "at ?key=[secret]"],
    ["the longest first", "abcdef and abcd", ["abcd", "abcdef"], "[secret] and [secret]"],
    ["with characters that a pattern would mind", "is $&.*( here", ["$&.*("], "is [secret] here"],
    ["short, where it stands in quotes", `a 7 is "7", '7' and \`7\``, ["7"], "a 7 is [secret], [secret] and [secret]"],
    ["with half a character in it", "is ab\ud800cd", ["ab\ud800cd"], "is [secret]"],
    ["unless it is empty", "as it was", [""], "as it was"],
  ])("takes a secret out %s", (_what, text, secrets, expected) => {
    expect(redact(text, secrets)).toBe(expected);
  });
});

describe("the secrets of a URL", () => {
  it.each<[string, string[], string[]]>([
    [
      "https://user:pass@hooks.example/v1/abcdefghijklmnop?key=qrstuvwxyz012345",
      ["/v1/abcdefghijklmnop?key=qrstuvwxyz012345", "abcdefghijklmnop", "qrstuvwxyz012345", "user", "pass"],
      ["hooks.example", "v1", "key"],
    ],
    ["https://hooks.example/", [], ["/", "hooks.example"]],
    ["no URL", ["no URL"], []],
  ])("%s", (url, secret, open) => {
    const secrets = secretsOfUrl(url);
    expect(secrets).toEqual(expect.arrayContaining([url, ...secret]));
    for (const part of open) expect(secrets).not.toContain(part);
  });
});
