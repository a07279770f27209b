import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { main } from "../../../provider/src/cli/main.ts";
import { serve, start as startEmulator } from "../../support/support.ts";
import { cli } from "../run.ts";

const SECRET = "canary-secret";
const MEGABYTE = 1024 * 1024;
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
const sign = (body: string, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

interface Listening {
  readonly url: string;
  readonly lines: readonly string[];
  readonly err: readonly string[];
  /** Stops it as Ctrl-C does. Returns the exit code. */
  readonly stop: () => Promise<number>;
}

/** Runs `listen` in this process on a free port. Colored text is marked if there are colors. */
async function listen(
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  { colors = false } = {},
): Promise<Listening> {
  const [lines, err]: [string[], string[]] = [[], []];
  const interrupt = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const exited = main(
    ["listen", "--port", "0", ...args],
    {
      cwd: "/",
      env,
      columns: 80,
      out: (text) => {
        lines.push(text);
        const [url] = /http:\/\/[^\s"]+/.exec(text) ?? [];
        if (url) ready.resolve(url);
      },
      err: (text) => void err.push(text),
      paint: (style, text) => (colors ? `<${style}>${text}</${style}>` : text),
      interrupted: () => interrupt.promise,
    },
    "1.2.3",
  );
  const stop = () => {
    interrupt.resolve();
    return exited;
  };
  onTestFinished(() => void stop());
  exited.then(() => ready.reject(new Error(`listen exited: ${err.join()}`)), ready.reject);
  return { url: await ready.promise, lines, err, stop };
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers });
/** A line without its time. */
const withoutTime = (text = "") => text.replace(/^\d\d:\d\d:\d\d /, "");

describe("listen", () => {
  it.each([[[]], [["--json"]]])("prints a body that is nested too deeply as it arrived (%j)", async (args) => {
    const { url, lines } = await listen(args);
    const body = `${"[".repeat(300_000)}${"]".repeat(300_000)}`;
    expect((await post(url, body)).status).toBe(200);
    await vi.waitFor(() => expect(lines).toHaveLength(2));
    if (args.length > 0) expect(JSON.parse(lines[1] ?? "").delivery.body).toBe(body);
    else expect(lines[1]).toContain("The body has more than 32 levels, and is printed as it arrived:\n  [[[");
  });

  it("prints a delivery, answers 200, and exits with 0", async () => {
    const { url, lines, stop } = await listen(["--secret", SECRET]);
    expect(lines.map((line) => line.replace(url, "<url>"))).toMatchInlineSnapshot(`
      [
        "Listening at <url> and answering HTTP 200. Signatures are checked. Press Ctrl-C to stop.",
      ]
    `);
    const body = '{"resource":"PARTS","action":"UPDATE","id":7}';
    expect((await post(url, body, { "x-ion-signature": sign(body) })).status).toBe(200);
    expect(withoutTime(lines[1])).toMatchInlineSnapshot(`
      "PARTS UPDATE  signature valid, answered 200
        {
          "resource": "PARTS",
          "action": "UPDATE",
          "id": 7
        }"
    `);
    expect(await stop()).toBe(0);
    expect(lines.join()).not.toContain("canary");
    await expect(fetch(url)).rejects.toThrow();
  });

  it("accepts the signature of the emulator", async () => {
    const { url, lines } = await listen(["--secret", SECRET]);
    const emulator = await startEmulator();
    const { id } = emulator.store.createReceiver({ name: "Here", webhookUri: url, sharedSecret: SECRET });
    emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
    emulator.emit("PARTS", "UPDATE");
    await emulator.settled();
    expect(withoutTime(lines[1])).toMatch(/^PARTS UPDATE {2}signature valid, answered 200\n {2}\{\n/);
  });

  it.each([
    ["valid", { "x-ion-signature": sign("{}") }, [SECRET]],
    ["invalid", { "x-ion-signature": sign("{}", "other") }, [SECRET]],
    ["invalid", { "x-ion-signature": "garbage" }, [SECRET]],
    ["missing", {}, [SECRET]],
    ["not checked", { "x-ion-signature": sign("{}") }, []],
  ] as const)("reports that a signature is %s", async (signature, headers, [secret]) => {
    const { url, lines } = await listen(["--json"], secret ? { ION_SHARED_SECRET: secret } : {});
    await post(url, "{}", headers);
    expect(JSON.parse(lines[1] ?? "")).toEqual({
      delivery: { at: expect.any(String), signature, answer: 200, body: {} },
    });
  });

  it("answers the status of --answer", async () => {
    const { url, lines } = await listen(["--answer", "503"]);
    const { status, headers } = await post(url, "{}");
    expect(status).toBe(503);
    expect(headers.get("content-type")).toBe("text/plain");
    expect(headers.get("connection")).toBe("keep-alive");
    expect(lines[1]).toContain("answered 503");
    expect(lines[0]?.replace(url, "<url>")).toMatchInlineSnapshot(
      `"Listening at <url> and answering HTTP 503. Signatures are not checked (set --secret or ION_SHARED_SECRET). Press Ctrl-C to stop."`,
    );
  });

  it.each([
    ["valid", [SECRET], { "x-ion-signature": sign("7") }],
    ["invalid", [SECRET], { "x-ion-signature": "garbage" }],
    ["missing", [SECRET], {}],
    ["not checked", [], {}],
  ] as const)("colors a signature that is %s", async (signature, [secret], headers) => {
    const { url, lines } = await listen([], secret ? { ION_SHARED_SECRET: secret } : {}, { colors: true });
    await post(url, "7", headers);
    const style = { valid: "green", invalid: "red", missing: "red", "not checked": "dim" }[signature];
    expect(lines[1]?.replace(/\d\d:\d\d:\d\d/, "<time>")).toBe(
      `<dim><time></dim> <bold>unknown event</bold>  signature <${style}>${signature}</${style}>, answered 200\n  7`,
    );
  });

  it("prefers --secret to ION_SHARED_SECRET", async () => {
    const { url, lines } = await listen(["--secret", SECRET], { ION_SHARED_SECRET: "canary-other" });
    await post(url, "{}", { "x-ion-signature": sign("{}") });
    expect(lines[1]).toContain("signature valid");
  });

  it("ignores an empty ION_SHARED_SECRET", async () => {
    const { url, lines } = await listen([], { ION_SHARED_SECRET: "" });
    await post(url, "{}", { "x-ion-signature": sign("{}", "") });
    expect(lines[0]).toContain("Signatures are not checked");
    expect(lines[1]).toContain("signature not checked");
  });

  it.each([
    ['{"resource":"PARTS","action":7}', "PARTS"],
    ['{"resource":["PARTS"],"action":"UPDATE"}', "UPDATE"],
    ['{"resource":null,"action":{}}', "unknown event"],
    ["null", "unknown event"],
    ["", "unknown event"],
  ])("names the event of %s by its strings", async (body, event) => {
    const { url, lines } = await listen();
    await post(url, body);
    expect(withoutTime(lines[1])).toMatch(new RegExp(`^${event} {2}signature`));
    const machine = await listen(["--json"]);
    await post(machine.url, body);
    const { delivery } = JSON.parse(machine.lines[1] ?? "");
    expect([delivery.resource, delivery.action].filter((part) => part !== undefined).join(" ") || "unknown event").toBe(
      event,
    );
  });

  it("prints one JSON object per line with --json", async () => {
    const { url, lines, err, stop } = await listen(["--json", "--answer", "204"]);
    await fetch(url);
    await post(url, "plain");
    await post(url, "null");
    await post(url, '{"resource":"PARTS","action":"UPDATE"}');
    await post(url, "x".repeat(MEGABYTE + 1)).catch(() => {});
    await stop();
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const about = { at, signature: "not checked", answer: 204 };
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { listening: { url } },
      { request: { at, method: "GET" } },
      { delivery: { ...about, body: "plain" } },
      { delivery: { ...about, body: null } },
      {
        delivery: {
          ...about,
          resource: "PARTS",
          action: "UPDATE",
          body: { resource: "PARTS", action: "UPDATE" },
        },
      },
      { refused: { at, bytes: "more than 1048576" } },
    ]);
    expect(err).toEqual([]);
  });

  it("prints a body that is not JSON with control characters escaped", async () => {
    const { url, lines } = await listen();
    await post(url, "plain \u001b[2J\nnext\u202e");
    expect(withoutTime(lines[1])).toBe(
      "unknown event  signature not checked, answered 200\n  plain \\u001b[2J\n  next\\u202e",
    );
  });

  it("shortens a long body, except with --json", async () => {
    const body = JSON.stringify(Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(300)}`));
    const text = await listen();
    await post(text.url, body);
    expect(text.lines[1]?.split("\n")).toHaveLength(42);
    expect(text.lines[1]).toContain("… 62 more lines (--json prints all)");
    const machine = await listen(["--json"]);
    await post(machine.url, body);
    expect(JSON.parse(machine.lines[1] ?? "").delivery.body).toHaveLength(100);
  });

  it("shortens lines of more than 200 characters and bodies of more than 40 lines", async () => {
    const { url, lines } = await listen();
    await post(url, [...Array(38).fill("x"), "y".repeat(200), "z".repeat(201)].join("\n"));
    expect(lines[1]?.split("\n").slice(-3)).toEqual(["  x", `  ${"y".repeat(200)}`, `  ${"z".repeat(200)}…`]);
    for (const [at, more] of ["1 more line", "2 more lines"].entries()) {
      await post(
        url,
        Array(41 + at)
          .fill("x")
          .join("\n"),
      );
      expect(lines[2 + at]?.split("\n").slice(-2)).toEqual(["  x", `  … ${more} (--json prints all)`]);
      expect(lines[2 + at]?.split("\n")).toHaveLength(42);
    }
  });

  it("accepts a body of a megabyte", async () => {
    const { url, lines } = await listen(["--json"]);
    expect((await post(url, "x".repeat(MEGABYTE))).status).toBe(200);
    expect(JSON.parse(lines[1] ?? "").delivery.body).toHaveLength(MEGABYTE);
  });

  it("prints nothing for a delivery that is interrupted, and continues", async () => {
    const { url, lines } = await listen();
    const sending = request(url, { method: "POST", headers: { "content-length": 100 } });
    const failed = once(sending, "error");
    sending.write("started", () => sending.destroy(new Error("interrupted")));
    await failed;
    await post(url, "whole");
    expect(lines.slice(1).map(withoutTime)).toEqual(["unknown event  signature not checked, answered 200\n  whole"]);
  });

  it("refuses a body of more than a megabyte", async () => {
    const { url, lines } = await listen();
    const sending = request(url, { method: "POST" });
    const answered = once(sending, "response");
    // The connection is closed under what is still on its way.
    sending.on("error", () => {});
    for (let pieces = 0; pieces < 5; pieces += 1) sending.write(Buffer.alloc(300_000));
    const [{ statusCode, headers }] = await answered;
    expect(statusCode).toBe(413);
    expect(headers).toMatchObject({ "content-type": "text/plain", connection: "close" });
    expect(lines[1]).toMatchInlineSnapshot(`"Refused a delivery of more than 1048576 bytes (HTTP 413)."`);
    expect((await post(url, "{}")).status).toBe(200);
  });

  it("ignores requests that are not deliveries", async () => {
    const { url, lines } = await listen();
    await fetch(url);
    expect(lines[1]).toMatchInlineSnapshot(`"Ignored a GET request: deliveries are POST requests."`);
  });

  it("warns if other machines can reach it", async () => {
    const { lines, err } = await listen(["--host", "0.0.0.0"]);
    expect(lines[0]).toMatch(/^Listening at http:\/\/0\.0\.0\.0:\d+\/ and /);
    expect(err).toMatchInlineSnapshot(`
      [
        "Warning: other machines can reach this address, and everything they send is printed here.",
      ]
    `);
    expect((await listen()).err).toEqual([]);
    expect((await listen(["--host", "localhost"])).err).toEqual([]);
  });

  it.runIf(HAS_IPV6)("listens at an IPv6 address", async () => {
    const { url, lines, err } = await listen(["--host", "::1"]);
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    expect((await post(url, "{}")).status).toBe(200);
    expect(lines).toHaveLength(2);
    expect(err).toEqual([]);
  });

  it.each(["200", "599", "0200"])("accepts --answer %s", async (code) => {
    const { lines } = await listen(["--answer", code]);
    expect(lines[0]).toContain(` and answering HTTP ${Number(code)}. `);
  });

  it.each(["199", "600", "0x1F4", "2e2", "200.5", "-200", "+200", " 200", "200 ", "", "ok"])(
    "rejects --answer %j",
    async (code) => {
      const ran = await cli(["listen", "--port", "0", `--answer=${code}`]);
      expect(ran).toEqual({
        code: 1,
        out: "",
        err: `error: option '--answer <code>' argument '${code}' is invalid. It must be a whole number from 200 to 599.`,
      });
    },
  );

  it.each(["-1", "65536"])("rejects --port %s", async (port) => {
    expect((await cli(["listen", `--port=${port}`])).err).toContain("It must be a whole number from 0 to 65535.");
  });

  it("explains why it cannot listen", async () => {
    expect(await cli(["listen", "--port", "0", "--host", "192.0.2.1"])).toMatchInlineSnapshot(`
      {
        "code": 1,
        "err": "pulumi-ion: Could not listen at 192.0.2.1, port 0: listen EADDRNOTAVAIL: address not available 192.0.2.1.",
        "out": "",
      }
    `);
    const { port } = new URL(await serve(() => {}));
    const { code, err } = await cli(["listen", "--port", port]);
    expect(code).toBe(1);
    expect(err.replace(port, "<port>")).toMatchInlineSnapshot(`
      "pulumi-ion: Port <port> of 127.0.0.1 is already in use.
        Choose another port with --port, or a free one with --port 0."
    `);
  });
});

describe("the command pulumi-ion", () => {
  const bin = resolve(import.meta.dirname, "../../../provider/bin/pulumi-ion.js");

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: join(bin, ".."),
      env: { PATH: process.env.PATH, ...env },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    return { child, output: () => output };
  }

  it.each(["SIGINT", "SIGTERM"] as const)("stops listen on %s, also if a connection is open", async (signal) => {
    const { child, output } = start(["listen", "--port", "0"], { NO_COLOR: "1" });
    await once(child.stdout ?? child, "data");
    const [url = ""] = /http:\/\/\S+/.exec(output()) ?? [];
    await post(url, "{}", { connection: "keep-alive" });
    child.kill(signal);
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output()).toMatch(/^\d\d:\d\d:\d\d unknown event {2}signature not checked, answered 200$/m);
  });

  it("exits with 1 for invalid arguments, and prints no colors without a terminal", async () => {
    const { child, output } = start(["drift", "--stak", "dev"]);
    expect(await once(child, "close")).toEqual([1, null]);
    expect(output()).toContain("error: unknown option '--stak'\n(Did you mean --stack?)");
    expect(output()).not.toContain("\u001b");
  });

  it("exits with 0 if the reader closes the pipe", async () => {
    const { child, output } = start(["--help"]);
    child.stdout?.destroy();
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output()).toBe("");
  });
});
