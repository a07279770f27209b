import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { main } from "../../../provider/cli/main.ts";
import { serve, start as startION } from "../../support/support.ts";
import { cli } from "../run.ts";

const SECRET = "canary-secret";
const MEGABYTE = 1024 * 1024;
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
const sign = (body: string, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

interface Listening {
  readonly url: string;
  readonly lines: readonly string[];
  readonly err: readonly string[];
  /** Ends it as Ctrl-C does, and answers with the exit code. */
  readonly end: () => Promise<number>;
}

/** `listen` in this process, on a free port; what is painted is marked where there are colours. */
async function listen(
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  { colours = false } = {},
): Promise<Listening> {
  const [lines, err]: [string[], string[]] = [[], []];
  const interrupt = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const ended = main(
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
      paint: (style, text) => (colours ? `<${style}>${text}</${style}>` : text),
      interrupted: () => interrupt.promise,
    },
    "1.2.3",
  );
  const end = () => {
    interrupt.resolve();
    return ended;
  };
  onTestFinished(() => void end());
  ended.then(() => ready.reject(new Error(`It ended: ${err.join()}`)), ready.reject);
  return { url: await ready.promise, lines, err, end };
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers });
/** Without the time. */
const timeless = (text = "") => text.replace(/^\d\d:\d\d:\d\d /, "");

describe("listen", () => {
  it("prints a delivery, answers 200, and ends with 0", async () => {
    const { url, lines, end } = await listen(["--secret", SECRET]);
    expect(lines).toEqual([`Listening at ${url} and answering 200. Signatures are checked. Ctrl-C ends it.`]);
    const body = '{"resource":"PARTS","action":"UPDATE","id":7}';
    expect((await post(url, body, { "x-ion-signature": sign(body) })).status).toBe(200);
    expect(timeless(lines[1])).toBe(
      'PARTS UPDATE  signature right, answered 200\n  {\n    "resource": "PARTS",\n    "action": "UPDATE",\n    "id": 7\n  }',
    );
    expect(await end()).toBe(0);
    expect(lines.join()).not.toContain("canary");
    await expect(fetch(url)).rejects.toThrow();
  });

  it("takes what the emulator delivers, with a signature that is right", async () => {
    const { url, lines } = await listen(["--secret", SECRET]);
    const emulator = await startION();
    const { id } = emulator.store.createReceiver({ name: "Here", webhookUri: url, sharedSecret: SECRET });
    emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
    emulator.emit("PARTS", "UPDATE");
    await emulator.settled();
    expect(timeless(lines[1])).toMatch(/^PARTS UPDATE {2}signature right, answered 200\n {2}\{\n/);
  });

  it.each([
    ["right", { "x-ion-signature": sign("{}") }, [SECRET]],
    ["wrong", { "x-ion-signature": sign("{}", "other") }, [SECRET]],
    ["wrong", { "x-ion-signature": "garbage" }, [SECRET]],
    ["missing", {}, [SECRET]],
    ["not checked", { "x-ion-signature": sign("{}") }, []],
  ] as const)("says that a signature is %s", async (signature, headers, [secret]) => {
    const { url, lines } = await listen(["--json"], secret ? { ION_SHARED_SECRET: secret } : {});
    await post(url, "{}", headers);
    expect(JSON.parse(lines[1] ?? "")).toEqual({
      delivery: { at: expect.any(String), signature, answer: 200, body: {} },
    });
  });

  it("answers as it is told, so that a sender's retries can be watched", async () => {
    const { url, lines } = await listen(["--answer", "503"]);
    const { status, headers } = await post(url, "{}");
    expect(status).toBe(503);
    expect(headers.get("content-type")).toBe("text/plain");
    expect(headers.get("connection")).toBe("keep-alive");
    expect(lines[1]).toContain("answered 503");
    expect(lines[0]).toContain("Signatures are not checked (no --secret, no ION_SHARED_SECRET)");
  });

  it.each([
    ["right", [SECRET], { "x-ion-signature": sign("7") }],
    ["wrong", [SECRET], { "x-ion-signature": "garbage" }],
    ["missing", [SECRET], {}],
    ["not checked", [], {}],
  ] as const)("has a colour for a signature that is %s", async (signature, [secret], headers) => {
    const { url, lines } = await listen([], secret ? { ION_SHARED_SECRET: secret } : {}, { colours: true });
    await post(url, "7", headers);
    const style = { right: "green", wrong: "red", missing: "red", "not checked": "dim" }[signature];
    expect(lines[1]?.replace(/\d\d:\d\d:\d\d/, "<time>")).toBe(
      `<dim><time></dim> <bold>a delivery</bold>  signature <${style}>${signature}</${style}>, answered 200\n  7`,
    );
  });

  it("takes the secret of the command line rather than the environment's", async () => {
    const { url, lines } = await listen(["--secret", SECRET], { ION_SHARED_SECRET: "canary-other" });
    await post(url, "{}", { "x-ion-signature": sign("{}") });
    expect(lines[1]).toContain("signature right");
  });

  it("has no secret where the environment's is empty", async () => {
    const { url, lines } = await listen([], { ION_SHARED_SECRET: "" });
    await post(url, "{}", { "x-ion-signature": sign("{}", "") });
    expect(lines[0]).toContain("Signatures are not checked");
    expect(lines[1]).toContain("signature not checked");
  });

  it.each([
    ['{"resource":"PARTS","action":7}', "PARTS"],
    ['{"resource":["PARTS"],"action":"UPDATE"}', "UPDATE"],
    ['{"resource":null,"action":{}}', "a delivery"],
    ["null", "a delivery"],
    ["", "a delivery"],
  ])("names of %s what is a text", async (body, what) => {
    const { url, lines } = await listen();
    await post(url, body);
    expect(timeless(lines[1])).toMatch(new RegExp(`^${what} {2}signature`));
    const machine = await listen(["--json"]);
    await post(machine.url, body);
    const { delivery } = JSON.parse(machine.lines[1] ?? "");
    expect([delivery.resource, delivery.action].filter((part) => part !== undefined).join(" ") || "a delivery").toBe(
      what,
    );
  });

  it("tells a machine each thing on a line of its own", async () => {
    const { url, lines, err, end } = await listen(["--json", "--answer", "204"]);
    await fetch(url);
    await post(url, "plain");
    await post(url, "null");
    await post(url, '{"resource":"PARTS","action":"UPDATE"}');
    await post(url, "x".repeat(MEGABYTE + 1)).catch(() => {});
    await end();
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

  it("shows what is no JSON as it came, but for what would move the cursor", async () => {
    const { url, lines } = await listen();
    await post(url, "plain \u001b[2J\nnext\u202e");
    expect(timeless(lines[1])).toBe(
      "a delivery  signature not checked, answered 200\n  plain \\u001b[2J\n  next\\u202e",
    );
  });

  it("cuts a long body for people, and for machines not", async () => {
    const body = JSON.stringify(Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(300)}`));
    const people = await listen();
    await post(people.url, body);
    expect(people.lines[1]?.split("\n")).toHaveLength(42);
    expect(people.lines[1]).toContain("… 62 more lines (--json has all)");
    const machine = await listen(["--json"]);
    await post(machine.url, body);
    expect(JSON.parse(machine.lines[1] ?? "").delivery.body).toHaveLength(100);
  });

  it("cuts a line of more than 200 characters, and what is more than 40 lines", async () => {
    const { url, lines } = await listen();
    await post(url, [...Array(38).fill("x"), "y".repeat(200), "z".repeat(201)].join("\n"));
    expect(lines[1]?.split("\n").slice(-3)).toEqual(["  x", `  ${"y".repeat(200)}`, `  ${"z".repeat(199)}…`]);
    for (const [at, left] of ["1 more line", "2 more lines"].entries()) {
      await post(
        url,
        Array(41 + at)
          .fill("x")
          .join("\n"),
      );
      expect(lines[2 + at]?.split("\n").slice(-2)).toEqual(["  x", `  … ${left} (--json has all)`]);
      expect(lines[2 + at]?.split("\n")).toHaveLength(42);
    }
  });

  it("takes a body of a megabyte whole", async () => {
    const { url, lines } = await listen(["--json"]);
    expect((await post(url, "x".repeat(MEGABYTE))).status).toBe(200);
    expect(JSON.parse(lines[1] ?? "").delivery.body).toHaveLength(MEGABYTE);
  });

  it("prints nothing of a delivery that breaks off, and goes on", async () => {
    const { url, lines } = await listen();
    const sending = request(url, { method: "POST", headers: { "content-length": 100 } });
    const failed = once(sending, "error");
    sending.write("begun", () => sending.destroy(new Error("broken off")));
    await failed;
    await post(url, "whole");
    expect(lines.slice(1).map(timeless)).toEqual(["a delivery  signature not checked, answered 200\n  whole"]);
  });

  it("keeps no more than a megabyte of a body", async () => {
    const { url, lines } = await listen();
    const sending = request(url, { method: "POST" });
    const answered = once(sending, "response");
    // The connection is closed under what is still on its way.
    sending.on("error", () => {});
    for (let pieces = 0; pieces < 5; pieces += 1) sending.write(Buffer.alloc(300_000));
    const [{ statusCode, headers }] = await answered;
    expect(statusCode).toBe(413);
    expect(headers).toMatchObject({ "content-type": "text/plain", connection: "close" });
    expect(lines[1]).toBe("A delivery of more than 1048576 bytes was refused (413).");
    expect((await post(url, "{}")).status).toBe(200);
  });

  it("takes a visit for no delivery", async () => {
    const { url, lines } = await listen();
    await fetch(url);
    expect(lines[1]).toBe("GET request, which is no delivery.");
  });

  it("warns where other machines can reach it, and only there", async () => {
    const { lines, err } = await listen(["--host", "0.0.0.0"]);
    expect(lines[0]).toMatch(/^Listening at http:\/\/0\.0\.0\.0:\d+\/ and/);
    expect(err).toEqual(["Warning: other machines can reach this, and what they send is printed here."]);
    expect((await listen()).err).toEqual([]);
    expect((await listen(["--host", "localhost"])).err).toEqual([]);
  });

  it.runIf(HAS_IPV6)("listens at an address of IPv6, too", async () => {
    const { url, lines, err } = await listen(["--host", "::1"]);
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    expect((await post(url, "{}")).status).toBe(200);
    expect(lines).toHaveLength(2);
    expect(err).toEqual([]);
  });

  it.each(["200", "599", "0200"])("takes --answer %s", async (code) => {
    const { lines } = await listen(["--answer", code]);
    expect(lines[0]).toContain(` and answering ${Number(code)}. `);
  });

  it.each(["199", "600", "0x1F4", "2e2", "200.5", "-200", "+200", " 200", "200 ", "", "ok"])(
    "takes --answer %j for none",
    async (code) => {
      const ran = await cli(["listen", "--port", "0", `--answer=${code}`]);
      expect(ran).toEqual({
        code: 1,
        out: "",
        err: `error: option '--answer <code>' argument '${code}' is invalid. It must be a whole number from 200 to 599.`,
      });
    },
  );

  it.each(["-1", "65536"])("takes --port %s for none", async (port) => {
    expect((await cli(["listen", `--port=${port}`])).err).toContain("It must be a whole number from 0 to 65535.");
  });

  it("says what is in its way", async () => {
    expect(await cli(["listen", "--port", "0", "--host", "192.0.2.1"])).toEqual({
      code: 1,
      out: "",
      err: "pulumi-ion: Could not listen at 192.0.2.1, port 0: listen EADDRNOTAVAIL: address not available 192.0.2.1",
    });
    const taken = new URL(await serve(() => {})).port;
    expect(await cli(["listen", "--port", taken])).toEqual({
      code: 1,
      out: "",
      err: `pulumi-ion: Port ${taken} of 127.0.0.1 is in use: choose another one with --port, or --port 0 for any free one.`,
    });
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

  it.each(["SIGINT", "SIGTERM"] as const)("ends listen cleanly on %s, also with a connection open", async (signal) => {
    const { child, output } = start(["listen", "--port", "0"], { NO_COLOR: "1" });
    await once(child.stdout ?? child, "data");
    const [url = ""] = /http:\/\/\S+/.exec(output()) ?? [];
    await post(url, "{}", { connection: "keep-alive" });
    child.kill(signal);
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output()).toMatch(/^\d\d:\d\d:\d\d a delivery {2}signature not checked, answered 200$/m);
  });

  it("ends with 1 where it was not understood, and has no colours where nobody can see them", async () => {
    const { child, output } = start(["drift", "--stak", "dev"]);
    expect(await once(child, "close")).toEqual([1, null]);
    expect(output()).toContain("error: unknown option '--stak'\n(Did you mean --stack?)");
    expect(output()).not.toContain("\u001b");
  });

  it("takes it well when the reader has read enough", async () => {
    const { child, output } = start(["--help"]);
    child.stdout?.destroy();
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output()).toBe("");
  });
});
