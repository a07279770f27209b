import { expect, it } from "vitest";
import { UNKNOWN } from "../../provider/src/lifecycle/resourceHandler.ts";
import { makeProject } from "./project.ts";

const [SIGNATURE, SECRET] = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"];

/** Input that is stored in ION unchanged. */
const ACCEPTED: Readonly<Record<string, Record<string, unknown>>> = {
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

/** Input that is rejected, and the property that the error names. As JavaScript, because JSON cannot express all of it. */
const REJECTED: Readonly<Record<string, readonly [args: string, property: string]>> = {
  crlf: ['{ headers: { "X-A": "canary-1\\r\\nX-B: 2" } }', "headers.X-A"],
  unknown: [`{ name: "${UNKNOWN}" }`, 'name of "unknown"'],
  unknownSecret: [`{ sharedSecret: "${UNKNOWN}" }`, 'sharedSecret of "unknownSecret"'],
};

const url = (name: string) => `https://hooks.example/${name}`;
const HEAD = 'const ion = require("pulumi-ion");\n';
const accepted = Object.entries(ACCEPTED)
  .map(([name, args]) => {
    const json = JSON.stringify({ webhookUri: url(name), ...args });
    return `new ion.WebhookReceiver("${name}", ${json});`;
  })
  .join("\n");
const rejected = Object.entries(REJECTED)
  .map(
    ([name, [args]]) =>
      `try { new ion.WebhookReceiver("${name}", { webhookUri: "${url(name)}", ...${args} }); }
       catch (error) { console.error("rejected: " + error.message); }`,
  )
  .join("\n");

it("hostile input is either stored unchanged or rejected by the preview, which names the property without its value", async () => {
  const project = await makeProject({ files: { "index.js": `${HEAD}${rejected}` } });
  const { store } = project.emulator;
  const { code, output } = await project.pulumi("preview", "--stack", "test");
  expect(code).not.toBe(0);
  for (const [, property] of Object.values(REJECTED)) expect(output).toContain(property);
  expect(output).not.toMatch(/canary-\d|GraphQL|\.js:\d+/);

  await project.write({ "index.js": `${HEAD}${accepted}` });
  await project.preview();
  await project.up();
  for (const [name, { headers = {}, ...fields }] of Object.entries(ACCEPTED)) {
    const receiver = store.listReceivers().find(({ webhookUri }) => webhookUri === url(name));
    expect(receiver).toMatchObject(fields);
    const live = store.listHeaders(receiver?.id).map(({ key, value }) => [key, value]);
    expect(Object.fromEntries(live)).toEqual(headers);
  }
  await project.preview("--expect-no-changes");
});
