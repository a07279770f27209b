import { describe, expect, it } from "vitest";
import { redactor, secretsOfUrl } from "../../../provider/ion/http/redact.ts";

const LONG = Array.from({ length: 60 }, (_, at) => String.fromCharCode(65 + ((at * 7) % 58))).join("");

describe("redactor", () => {
  it.each<[string, string, string[], string]>([
    ["that is written as it is", "the token abcd1234 is wrong", ["abcd1234"], "the token [secret] is wrong"],
    ["everywhere", "abcd abcd", ["abcd"], "[secret] [secret]"],
    ["that is JSON-escaped", 'got "a\\"b\\nc"', ['a"b\nc'], 'got "[secret]"'],
    ["that is URL-encoded", "at ?key=a%2Fb%3Dc", ["a/b=c"], "at ?key=[secret]"],
    ["before a shorter one that it contains", "abcdef and abcd", ["abcd", "abcdef"], "[secret] and [secret]"],
    ["with special characters of regular expressions", "is $&.*( here", ["$&.*("], "is [secret] here"],
    ["that is short only in quotes", `a 7 is "7", '7' and \`7\``, ["7"], "a 7 is [secret], [secret] and [secret]"],
    ["that contains half a character", "is ab\ud800cd", ["ab\ud800cd"], "is [secret]"],
    ["of three characters not within words", "abc 'abc' abcd", ["abc"], "abc [secret] abcd"],
    ["of four characters also within words", "xabcdx", ["abcd"], "x[secret]x"],
    ["that Python wrote as JSON", 'got "caf\\u00e9 \\ud83d\\ude42"', ["café 🙂"], 'got "[secret]"'],
    ["that Python quoted in a URL", "at /a/b%20c", ["a/b c"], "at /[secret]"],
    [
      "that Python's GraphQL shortened in the middle",
      `got '${LONG.slice(0, 20)}...${LONG.slice(-16)}'.`,
      [LONG],
      "got '[secret]...[secret]'.",
    ],
    ["that is broken into two lines", `${LONG.slice(0, 30)}\n${LONG.slice(30)}`, [LONG], "[secret]\n[secret]"],
    [
      "in pieces of 16 characters, not of fewer",
      `${LONG.slice(5, 21)} ${LONG.slice(5, 20)}`,
      [LONG],
      `[secret] ${LONG.slice(5, 20)}`,
    ],
    ["in adjacent pieces", `${LONG.slice(0, 16)}${LONG.slice(0, 16)}`, [LONG], "[secret][secret]"],
    [
      "in pieces if it only contains a URL",
      "x key=https://hooks.example/v2",
      ["key=https://hooks.example/v1"],
      "x [secret]2",
    ],
  ])("redacts a secret %s", (_what, text, secrets, expected) => {
    expect(redactor(secrets)(text)).toBe(expected);
  });

  it.each([
    ["an empty secret", 'as "" was', ""],
    ["the host of a secret URL", "https://hooks.example/v2", "https://hooks.example/v1"],
    ["the host of a secret URL without TLS", "http://hooks.example/v2", "http://hooks.example/v1"],
  ])("leaves %s as it is", (_what, text, secret) => {
    expect(redactor([secret])(text)).toBe(text);
  });

  it("reads the secrets once, and not before there is text", () => {
    let reads = 0;
    const secrets = {
      *[Symbol.iterator]() {
        reads += 1;
        yield "abcd1234";
      },
    };
    const redact = redactor(secrets);
    expect(reads).toBe(0);
    expect([redact("abcd1234"), redact("is abcd1234")]).toEqual(["[secret]", "is [secret]"]);
    expect(reads).toBe(1);
  });
});

describe("secretsOfUrl", () => {
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
  ])("lists the secret parts of %s", (url, secret, open) => {
    const secrets = secretsOfUrl(url);
    expect(secrets).toEqual(expect.arrayContaining([url, ...secret]));
    for (const part of open) expect(secrets).not.toContain(part);
  });
});
