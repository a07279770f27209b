import { expect, it } from "vitest";
import { UNKNOWN } from "../../provider/lifecycle/resourceHandler.ts";
import { makeProject } from "./project.ts";

const [SIGNATURE, SECRET] = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"];

/** What comes through Pulumi and ION as it is. */
const KEPT: Readonly<Record<string, Record<string, unknown>>> = {
  graphql: { name: '") { id } } mutation { x', description: "$input0 $" + "{1+1} {{7*7}} #" },
  letters: {
    name: "e\u0301 🙂 \u202e",
    description: "a\r\nb\tc\u001b[31m\u2028\"'`\\",
    sharedSecret: " \\u0000 %0d%0a ",
  },
  signs: { name: SIGNATURE, description: SECRET, sharedSecret: `x${UNKNOWN}`, headers: { [SECRET]: `${SIGNATURE} x` } },
  names: { headers: { constructor: "1", toString: "2", hasOwnProperty: "3" } },
  long: { name: "é".repeat(10_000), description: "x".repeat(10_000), headers: { "X-Long": "y".repeat(10_000) } },
};

/** What does not: which property the refusal names. `half` and the like are JavaScript, since JSON has no word for them. */
const REFUSED: Readonly<Record<string, readonly [args: string, property: string]>> = {
  crlf: ['{ headers: { "X-A": "canary-1\\r\\nX-B: 2" } }', "headers.X-A"],
  unknown: [`{ name: "${UNKNOWN}" }`, 'name of "unknown"'],
  unknownSecret: [`{ sharedSecret: "${UNKNOWN}" }`, 'sharedSecret of "unknownSecret"'],
  half: ['{ sharedSecret: "canary-2\\ud800" }', 'sharedSecret of "half"'],
  proto: ['{ headers: { ["__proto__"]: "canary-3" } }', 'headers of "proto"'],
  signature: [`{ headers: { "${SIGNATURE}": "canary-4" } }`, 'headers of "signature"'],
};

const url = (name: string) => `https://hooks.example/${name}`;
const HEAD = 'const ion = require("pulumi-ion"); const pulumi = require("@pulumi/pulumi");\n';
const made = Object.entries(KEPT)
  .map(([name, args]) => {
    const json = JSON.stringify({ webhookUri: url(name), ...args });
    return `new ion.WebhookReceiver("${name}", ${json});`;
  })
  .join("\n");
const refused = Object.entries(REFUSED)
  .map(
    ([name, [args]]) =>
      `try { new ion.WebhookReceiver("${name}", { webhookUri: "${url(name)}", ...${args} }); }
       catch (error) { console.error("refused: " + error.message); }`,
  )
  .join("\n");

it("hostile input is stored exactly, or refused by the property's name at preview, without its value", async () => {
  const project = await makeProject({ files: { "index.js": `${HEAD}${refused}` } });
  const { store } = project.emulator;
  const { code, output } = await project.pulumi("preview", "--stack", "test");
  expect(code).not.toBe(0);
  for (const [, property] of Object.values(REFUSED)) expect(output).toContain(property);
  expect(output).not.toMatch(/canary-\d|GraphQL|\.js:\d+/);

  // What is known only while the program runs, too.
  const half = `new ion.WebhookReceiver("late", { webhookUri: "${url("late")}", name: pulumi.secret("canary-5\\ud800") });`;
  await project.write({ "index.js": `${HEAD}${half}` });
  const late = await project.pulumi("preview", "--stack", "test");
  expect(late.code).not.toBe(0);
  expect(late.output).toContain('name of "late" cannot be sent through Pulumi');
  expect(late.output).not.toContain("canary-5");

  await project.write({ "index.js": `${HEAD}${made}` });
  await project.preview();
  await project.up();
  for (const [name, { headers = {}, ...fields }] of Object.entries(KEPT)) {
    const receiver = store.listReceivers().find(({ webhookUri }) => webhookUri === url(name));
    expect(receiver).toMatchObject(fields);
    const there = store.listHeaders(receiver?.id).map(({ key, value }) => [key, value]);
    expect(Object.fromEntries(there)).toEqual(headers);
  }
  await project.preview("--expect-no-changes");
});
