import { describe, expect, it } from "vitest";
import { redactAll, redactor, secretsOfQuery, secretsOfUrl } from "../../../provider/src/ion/http/redact.ts";

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
      "in pieces of 8 characters, not of fewer",
      `${LONG.slice(5, 13)} ${LONG.slice(5, 12)}`,
      [LONG],
      `[secret] ${LONG.slice(5, 12)}`,
    ],
    ["in adjacent pieces", `${LONG.slice(0, 16)}${LONG.slice(0, 16)}`, [LONG], "[secret]"],
    ["that is URL-encoded in lower case", "at ?key=a%2fb%3dc", ["a/b=c"], "at ?key=[secret]"],
    ["in another case", "no HOST HOOKS-OF-ACME", ["hooks-of-Acme"], "no HOST [secret]"],
    ["of letters whose lower case is longer or depends on its place", "x ABCDİΣEFΣ x", ["abcdİσefς"], "x [secret] x"],
    ["that is HTML-escaped", "<p>a&amp;b&#39;c</p> a&amp;b&#x27;c", ["a&b'c"], "<p>[secret]</p> [secret]"],
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

  it("does not read the secrets if there is no text", () => {
    const secrets = {
      [Symbol.iterator](): Iterator<string> {
        throw new Error("The secrets were read.");
      },
    };
    expect(redactAll(secrets, [])).toEqual([]);
  });

  it("redacts texts of any length with secrets of any length, in time in proportion to their length", () => {
    const giant = LONG.repeat(60_000);
    const text = `a ${giant.slice(1_000_000, 1_003_000)} b`;
    expect(redactor([giant])(text)).toBe("a [secret] b");
    // What is cut from a long text leaves no piece of a secret at its end.
    expect(redactor([giant])(`a ${giant}`)).toBe("a [secret]");
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

describe("secretsOfQuery", () => {
  it.each<[string, string[]]>([
    ["https://ion.example/graphql?apikey=abcd1234&x", ["abcd1234", "x"]],
    ["https://ion.example/graphql", []],
  ])("lists what the query of %s holds", (url, expected) => {
    expect(secretsOfQuery(url)).toEqual(expected);
  });
});

it("redacts the path of a secret that is a URL, also if the message is cut", () => {
  const value = "https://hooks.example.com/services/T00000000/B00000000/CANARYCANARYCANARY";
  const text = `Duplicate entry ".../T00000000/B00000000/CANARYCANA..." at hooks.example.com`;
  expect(redactor([value])(text)).not.toContain("CANARY");
  expect(redactor([value])(text)).toContain("hooks.example.com");
});
