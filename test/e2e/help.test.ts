/** Errors refer to their section of the troubleshooting page that is on the machine. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { makeProject, ROOT, run } from "./project.ts";

const PROGRAM = `const ion = require("pulumi-ion");
new ion.VioletWebhooks("violet", { webhookUri: "https://events.example/x" });`;

/** The pages and sections that an output refers to. */
const references = (output: string) =>
  [...output.matchAll(/^ *Help: (.*)#(.*)$/gm)].map(([, page = "", section = ""]) => ({ page, section }));

describe.each(CARRIERS)("%s", (carrier) => {
  it("an error of many resources refers once to its section, which exists", async () => {
    const project = await makeProject({ carrier, files: { "index.js": PROGRAM } });
    await project.up();
    await project.emulator.close();
    const { code, output } = await project.pulumi("preview", "--stack", "test");
    expect(code).not.toBe(0);
    const [first, ...others] = references(output);
    expect(first?.section).toBe("could-not-reach-ion-at");
    // Pulumi prints each error of a dynamic resource twice.
    expect(others).toEqual(carrier === "dynamic" ? [first] : []);
    expect(await readFile(first?.page ?? "", "utf8")).toContain("### `Could not reach ION at …`");
  });

  it("an invalid input refers to its section", async () => {
    const files = { "index.js": PROGRAM.replace("https://", "http://") };
    const project = await makeProject({ carrier, files });
    const { output } = await project.pulumi("preview", "--stack", "test");
    expect(references(output), output).toMatchObject([{ section: /^must-be-an-https-url/ }]);
  });
});

it("an error of the program, and one of a command, refer to their sections", async () => {
  const twice = `${PROGRAM}\nnew ion.VioletWebhooks("again", { webhookUri: "https://events.example/x" });`;
  const project = await makeProject({ files: { "index.js": twice } });
  const { output } = await project.pulumi("preview", "--stack", "test");
  expect(references(output).map(({ section }) => section)).toEqual(["declare-the-same"]);

  await project.emulator.close();
  const command = join(ROOT, "provider/bin/pulumi-ion.js");
  const printed = await run("node", [command, "status", "--stack", "test"], project.dir, project.env);
  expect(references(printed.output)).toMatchObject([{ section: "could-not-reach-ion-at" }]);
  const json = await run("node", [command, "status", "--stack", "test", "--json"], project.dir, project.env);
  const line = json.output.split("\n").find((one) => one.startsWith("{")) ?? "";
  expect(JSON.parse(line)).toMatchObject({
    error: { help: `${references(printed.output)[0]?.page}#could-not-reach-ion-at` },
  });
});
