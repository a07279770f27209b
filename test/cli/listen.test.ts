import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { main } from "../../provider/cli/main.ts";
import { serve, start as startION } from "../support.ts";

const SECRET = "canary-secret";
const sign = (body: string, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

interface Listening {
  readonly url: string;
  readonly lines: readonly string[];
  readonly err: readonly string[];
  /** Ends it as Ctrl-C does, and answers with the exit code. */
  readonly end: () => Promise<number>;
}

/** `listen` in this process, on a free port. */
async function listen(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Listening> {
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
      paint: (_style, text) => text,
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
    expect((await post(url, "{}")).status).toBe(503);
    expect(lines[1]).toContain("answered 503");
    expect(lines[0]).toContain("Signatures are not checked (no --secret, no ION_SHARED_SECRET)");
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

  it("keeps no more than a megabyte of a body", async () => {
    const { url, lines } = await listen();
    const sending = request(url, { method: "POST" });
    const answered = once(sending, "response");
    // The connection is closed under what is still on its way.
    sending.on("error", () => {});
    for (let pieces = 0; pieces < 5; pieces += 1) sending.write(Buffer.alloc(300_000));
    const [{ statusCode }] = await answered;
    expect(statusCode).toBe(413);
    expect(lines[1]).toBe("A delivery of more than 1048576 bytes was refused (413).");
    expect((await post(url, "{}")).status).toBe(200);
  });

  it("takes a visit for no delivery", async () => {
    const { url, lines } = await listen();
    await fetch(url);
    expect(lines[1]).toBe("GET request, which is no delivery.");
  });

  it("says what is in its way", async () => {
    const taken = new URL(await serve(() => {})).port;
    const err: string[] = [];
    const terminal = {
      cwd: "/",
      env: {},
      columns: 80,
      out: () => {},
      err: (text: string) => void err.push(text),
      paint: (_style: unknown, text: string) => text,
      interrupted: () => Promise.resolve(),
    };
    expect(await main(["listen", "--port", taken], terminal, "1")).toBe(1);
    expect(err).toEqual([
      `pulumi-ion: Port ${taken} of 127.0.0.1 is in use: choose another one with --port, or --port 0 for any free one.`,
    ]);
  });
});

describe("the command pulumi-ion", () => {
  const bin = resolve(import.meta.dirname, "../../provider/bin/pulumi-ion.js");

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
