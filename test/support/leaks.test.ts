import { describe, expect, it } from "vitest";
import { leaksIn } from "./leaks.ts";

const secret = 'canary/7f3a?b="c"&d=é';
const wrapped = `${secret.slice(0, 9)}\n    ${secret.slice(9)}`;

describe("leaksIn", () => {
  it.each<[string, string]>([
    ["in plain text", secret],
    ["in JSON", JSON.stringify({ secret })],
    ["in JSON in JSON", JSON.stringify(JSON.stringify({ secret }))],
    ["in a URL", `https://hooks.example/?a=${encodeURIComponent(secret)}`],
    ["in a form", new URLSearchParams({ secret }).toString()],
    ["in hex", Buffer.from(`key ${secret} and more`).toString("hex")],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["in base64 after one byte", Buffer.from(`1${secret} and more`).toString("base64")],
    ["in base64 after two bytes", Buffer.from(`12${secret}`).toString("base64url")],
    ["in reverse", [...secret].reverse().join("")],
    ["split over two lines", wrapped],
    ["split over two lines in JSON", JSON.stringify(wrapped)],
    ["in color", `canary\u001b[31m/7f3a${secret.slice(11)}`],
  ])("finds a secret %s", (_how, text) => {
    expect(leaksIn(`before ${text} after`, { planted: secret })).not.toEqual([]);
    expect(leaksIn(`before ${text} after`, { other: "another/9d21" })).toEqual([]);
  });

  it("finds an access token that is not in the list", () => {
    const token = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${Buffer.from('{"exp":123}').toString("base64url")}.x`;
    expect(leaksIn(`Bearer ${token}`, {})).toEqual(["an access token"]);
  });

  it("returns the description and the encoding without the value", () => {
    expect(leaksIn(`it is ${secret}`, { "the header's value": secret })).toEqual(["the header's value (plain)"]);
  });
});
