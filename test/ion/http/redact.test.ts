import { describe, expect, it } from "vitest";
import { redactor, secretsOfUrl } from "../../../provider/ion/http/redact.ts";

const LONG = Array.from({ length: 60 }, (_, at) => String.fromCharCode(65 + ((at * 7) % 58))).join("");

describe("a redactor", () => {
  it.each<[string, string, string[], string]>([
    ["as it is", "the token abcd1234 is wrong", ["abcd1234"], "the token [secret] is wrong"],
    ["everywhere", "abcd abcd", ["abcd"], "[secret] [secret]"],
    ["JSON-escaped", 'got "a\\"b\\nc"', ['a"b\nc'], 'got "[secret]"'],
    ["URL-encoded", "at ?key=a%2Fb%3Dc", ["a/b=c"], "at ?key=[secret]"],
    ["the longest first", "abcdef and abcd", ["abcd", "abcdef"], "[secret] and [secret]"],
    ["with characters that a pattern would mind", "is $&.*( here", ["$&.*("], "is [secret] here"],
    ["short, where it stands in quotes", `a 7 is "7", '7' and \`7\``, ["7"], "a 7 is [secret], [secret] and [secret]"],
    ["with half a character in it", "is ab\ud800cd", ["ab\ud800cd"], "is [secret]"],
    ["unless it is empty", 'as "" was', [""], 'as "" was'],
    ["of three characters, and not within words", "abc 'abc' abcd", ["abc"], "abc [secret] abcd"],
    ["of four characters, within words, too", "xabcdx", ["abcd"], "x[secret]x"],
    ["as Python writes JSON", 'got "caf\\u00e9 \\ud83d\\ude42"', ["café 🙂"], 'got "[secret]"'],
    ["as Python quotes URLs", "at /a/b%20c", ["a/b c"], "at /[secret]"],
    [
      "cut in the middle, as Python's GraphQL cuts it",
      `got '${LONG.slice(0, 20)}...${LONG.slice(-16)}'.`,
      [LONG],
      "got '[secret]...[secret]'.",
    ],
    ["over two lines", `${LONG.slice(0, 30)}\n${LONG.slice(30)}`, [LONG], "[secret]\n[secret]"],
    [
      "in pieces of 16 characters, and no fewer",
      `${LONG.slice(5, 21)} ${LONG.slice(5, 20)}`,
      [LONG],
      `[secret] ${LONG.slice(5, 20)}`,
    ],
    ["in pieces right after each other", `${LONG.slice(0, 16)}${LONG.slice(0, 16)}`, [LONG], "[secret][secret]"],
    [
      "and leaves a plain URL's host",
      "http://hooks.example/v2",
      ["http://hooks.example/v1"],
      "http://hooks.example/v2",
    ],
    [
      "and takes pieces of what only has a URL in it",
      "x key=https://hooks.example/v2",
      ["key=https://hooks.example/v1"],
      "x [secret]2",
    ],
    ["and leaves a URL's host", "https://hooks.example/v2", ["https://hooks.example/v1"], "https://hooks.example/v2"],
  ])("takes a secret out %s", (_what, text, secrets, expected) => {
    expect(redactor(secrets)(text)).toBe(expected);
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
    ["https://HOOKS.example/abcd", ["https://hooks.example/abcd", "/abcd"], ["abcd", "/"]],
    ["https://hooks.example/abc", [], ["/abc"]],
    ["https://hooks.example/twelve-chars/eleven-char", ["twelve-chars"], ["eleven-char"]],
    ["no URL", ["no URL"], []],
  ])("%s", (url, secret, open) => {
    const secrets = secretsOfUrl(url);
    expect(secrets).toEqual(expect.arrayContaining([url, ...secret]));
    for (const part of open) expect(secrets).not.toContain(part);
  });
});
