import { describe, expect, it } from "vitest";
import { guarded } from "../../provider/src/cli/options.ts";
import type { Terminal } from "../../provider/src/cli/terminal.ts";
import { IonError } from "../../provider/src/ion/errors.ts";
import { cli, folder } from "./run.ts";

const COMMANDS = ["init", "doctor", "status", "drift", "export", "listen", "migrate"];

describe("--help", () => {
  it.each([[[]], ...COMMANDS.map((command) => [[command]])])("of %j is as documented", async (command) => {
    const { code, out } = await cli([...command, "--help"]);
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
  });

  it.each(COMMANDS)("of %s shows exit codes and examples", async (command) => {
    const { out } = await cli([command, "--help"]);
    expect(out).toContain(`Usage: pulumi-ion ${command} [options]${command === "init" ? " [folder]" : ""}`);
    expect(out).toMatch(/^Exit codes: 0 .*, 1 /m);
    expect(out).toMatch(new RegExp(`^Examples:\n {2}(\\S+=\\S+ )?pulumi-ion ${command}`, "m"));
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("is printed to standard error if there is no command", async () => {
    const help = await cli(["--help"]);
    expect(await cli([])).toEqual({ code: 1, out: "", err: help.out });
  });
});

it.each([
  [["--version"], 0, "1.2.3", ""],
  [["help", "drift"], 0, "Usage: pulumi-ion drift", ""],
  [["statsu"], 1, "", "Did you mean status?"],
  [["status", "--jsn"], 1, "", "Did you mean --json?"],
  [["status", "more"], 1, "", "too many arguments"],
  [["listen", "--port", "70000"], 1, "", "It must be a whole number from 0 to 65535."],
  [["export", "--receiver"], 1, "", "argument missing"],
  [["status", "--connection", "Plant B"], 1, "", "It must be lowercase letters, digits and dashes"],
  [["status", "--connection", "plant-b"], 1, "", "ION_PLANT_B_API_URI"],
  [["drift", "--stack", ""], 1, "", "It is empty."],
  [["drift", "--compare", "one"], 1, "", "needs the names of two different stacks"],
  [["drift", "--compare", "a", "a"], 1, "", "needs the names of two different stacks"],
  [["drift", "--compare", "a", "b", "c"], 1, "", "needs the names of two different stacks"],
  [["drift", "--no-stack"], 1, "", "`drift` compares ION with a Pulumi stack"],
])("%j exits with %i", async (args, code, out, err) => {
  const ran = await cli(args, { cwd: await folder() });
  expect(ran.code).toBe(code);
  expect(ran.out).toContain(out);
  expect(ran.err).toContain(err);
  expect(ran.out === "").toBe(out === "");
});

describe("an error", () => {
  const errorOf = async (error: unknown, options: object = {}) => {
    const [out, err]: [string[], string[]] = [[], []];
    const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
    expect(await guarded(() => Promise.reject(error), options, terminal as Terminal)).toBe(1);
    return { out: out.join("\n"), err: err.join("\n") };
  };
  const FAILURE = new IonError("permission", "ION did not do it:\n\u001b[2J no.", {
    detail: "It said so.",
    hints: ["Ask.", "Wait."],
  });

  it("is printed as what happened and what to do, without control characters", async () => {
    expect(await errorOf(FAILURE)).toMatchInlineSnapshot(`
      {
        "err": "pulumi-ion: ION did not do it:
        \\u001b[2J no. It said so.
        Ask.
        Wait.",
        "out": "",
      }
    `);
  });

  it("is also printed as JSON, and as an annotation for GitHub", async () => {
    expect(JSON.parse((await errorOf(FAILURE, { json: true })).out)).toMatchInlineSnapshot(`
      {
        "error": {
          "detail": "It said so.",
          "hints": [
            "Ask.",
            "Wait.",
          ],
          "kind": "permission",
          "message": "ION did not do it:
      \\u001b[2J no. It said so. Ask. Wait.",
          "summary": "ION did not do it:
      [2J no.",
        },
      }
    `);
    expect((await errorOf(FAILURE, { github: true })).out).toMatchInlineSnapshot(
      `"::error title=ION webhooks::ION did not do it:%0A\\u001b[2J no. It said so. Ask. Wait."`,
    );
  });

  it("that is unexpected shows its place, but neither a stack nor its message, which may repeat a secret", async () => {
    const { err } = await errorOf(new SyntaxError("canary"));
    expect(err.replace(/at [\w.]+:\d+/, "at <place>")).toMatchInlineSnapshot(
      `"pulumi-ion: The command failed unexpectedly (SyntaxError at <place>). Please report this bug."`,
    );
  });
});
