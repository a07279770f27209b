/** Attacks on commands by a hostile ION, token endpoint, state or folder: one test for each way. docs/security.md lists the others. */
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { Declarations } from "../../provider/src/cli/stackState.ts";
import { environmentOf } from "../../provider/src/ion/connectionSettings.ts";
import { transport } from "../../provider/src/ion/http/transport.ts";
import { urnOf } from "../cli/declare.ts";
import { cli, folder, type Place } from "../cli/run.ts";
import { projectWith } from "../cli/stack.ts";
import { failureOf, serve } from "../support/support.ts";
import { type Answers, envFor, hostileIon, RawAnswer, receiver, SECRETS } from "./hostileIon.ts";
import { EVIL, unsafeIn } from "./unsafe.ts";

const secrets = Object.values(SECRETS);

/** Where commands run that read only the environment's variables. */
async function placeOf(answers: Answers): Promise<Place & { readonly cwd: string }> {
  return { env: envFor(await hostileIon(answers)), cwd: await folder() };
}

const EVENT = { resource: EVIL, action: EVIL };

/** A receiver that is hostile wherever ION accepts any text. */
const HOSTILE = receiver({
  name: EVIL,
  description: EVIL,
  contentType: EVIL,
  active: false,
  subscriptions: [
    { id: "1", ...EVENT },
    { id: "2", ...EVENT },
    { id: "3", resource: "PARTS", action: EVIL },
  ],
  headers: [
    { id: "1", key: EVIL, value: SECRETS.header },
    { id: "2", key: EVIL, value: SECRETS.header },
  ],
});

/** A stack whose config names a hostile ION, and whose state holds hostile text. */
async function stackOf(answers: Answers, stack = "dev") {
  const { endpoint, authUrl, clientId, clientSecret } = await hostileIon(answers);
  const emulator = { graphqlUrl: endpoint, tokenUrl: authUrl, clientId, clientSecret } as Emulator;
  const ionEndpoint = environmentOf(endpoint);
  const fields = { name: `${EVIL}2`, description: "one", webhookUri: `https://hooks.example/${SECRETS.path}` };
  const declarations: Declarations = {
    receivers: ["1", "9"].map((id) => ({
      id,
      urn: urnOf("WebhookReceiver", EVIL),
      state: {
        ...fields,
        ionEndpoint,
        declaredFields: ["name", "description", "webhookUri"],
        pinned: fields,
        reverted: [],
      },
    })),
    subscriptions: [{ id: EVIL, urn: urnOf("WebhookSubscription", EVIL), receiverId: "1", ionEndpoint, ...EVENT }],
    unmanagedPolicies: new Set(["1"]),
  };
  return projectWith({ [stack]: { emulator, declarations }, other: { emulator, declarations } });
}

const WITHOUT_STACK = [
  ["status"],
  ["status", "--json"],
  ["doctor"],
  ["doctor", "--json"],
  ["export", "--force"],
  ["export", "--force", "--json"],
  ["export", "--receiver", `7${EVIL}`],
  [`sta${EVIL}`],
  ["status", `--js${EVIL}`],
].map((args) => [...args, "--no-stack"]);
/** A command for the title of a test, which must not be an attack itself. */
const titled = (all: readonly string[][]) =>
  all.map((args) => [args.join(" ").replaceAll(EVIL, "(hostile)"), args] as const);
const WITH_STACK = [
  ["status"],
  ["status", "--json"],
  ["drift"],
  ["drift", "--json"],
  ["drift", "--strict", "--github"],
  ["drift", "--compare", "dev", "other"],
  ["drift", "--compare", "dev", "other", "--github"],
  ["drift", "--stack", `no${EVIL}`],
  ["drift", "--stack", `no${EVIL}`, "--github"],
];

describe("text from ION, from the state and from arguments", () => {
  it.each(titled(WITHOUT_STACK))("is printed as text by %s", async (_title, args) => {
    const place = await placeOf({ receivers: [HOSTILE], names: { resource: [EVIL], action: [EVIL] } });
    const { out, err } = await cli(args, place);
    expect(unsafeIn(`${out}\n${err}`, secrets)).toEqual([]);
    expect(out + err).toContain(args[0] === "doctor" ? "1 receiver" : "\\u001b");
  });

  it.each(titled(WITH_STACK))("is printed as text by %s, with a stack", async (_title, args) => {
    const place = await stackOf({ receivers: [HOSTILE], names: { resource: [EVIL], action: [EVIL] } });
    const summary = join(place.cwd, "summary.md");
    const { out, err } = await cli(args, { ...place, env: { ...place.env, GITHUB_STEP_SUMMARY: summary } });
    const annotations = args.includes("--github");
    const text = annotations && !err ? await readFile(summary, "utf8") : "";
    expect(unsafeIn(`${out}\n${err}\n${text}`, secrets, { annotations })).toEqual([]);
    if (!args.includes("--compare") && !args.includes("--stack")) expect(out + err).toContain("\\u001b");
  });

  const MESSAGE = `${EVIL}${"x".repeat(300)}${SECRETS.client}${EVIL}`;
  it.each<[string, Answers]>([
    ["an error of ION", { errors: [{ message: MESSAGE }], payload: null }],
    ["a permission error of ION", { errors: [{ message: `permission ${MESSAGE}`, path: ["webhookReceivers"] }] }],
    ["an answer of HTTP 403", { status: 403, body: { message: MESSAGE } }],
    ["an answer of HTTP 400", { status: 400, body: { errors: [{ message: MESSAGE }] } }],
    ["a rejection of the API key", { tokenStatus: 401, token: { error: "x", error_description: MESSAGE } }],
    [
      "a token that nests too deeply",
      {
        payload: null,
        errors: [{ message: MESSAGE }],
        token: {
          access_token: `x.${Buffer.from(`{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`).toString("base64url")}.y`,
        },
      },
    ],
    ["a redirect", { tokenStatus: 302, token: { error: MESSAGE } }],
    ["a receiver without subscriptions", { receivers: [receiver({ name: EVIL, subscriptions: null })] }],
    ["an id that is no id", { receivers: [receiver({ id: EVIL })] }],
  ])("is printed as text and without secrets in %s", async (_what, answers) => {
    const place = await placeOf(answers);
    for (const args of WITHOUT_STACK) {
      const { out, err, code } = await cli(args, place);
      expect(unsafeIn(`${out}\n${err}`, secrets)).toEqual([]);
      expect(code).not.toBe(0);
      expect(out + err).not.toContain("Please report this bug");
    }
  });
});

describe("the size of what ION sends", () => {
  /** Sends pieces until the client has enough. */
  const endless = (piece: Buffer, headers = {}) =>
    new RawAnswer((response) => {
      response.writeHead(200, { "content-type": "application/json", ...headers });
      const more = () => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
  const MEGABYTE = Buffer.alloc(1 << 20, " ");

  it.each<[string, Answers, string]>([
    ["an endless answer", { list: () => endless(MEGABYTE) }, "sent an answer of more than 64 MB."],
    ["an endless token", { token: endless(MEGABYTE) }, "sent an answer of more than 64 MB."],
    ["endless pages", { list: (after) => endlessPage(after, null) }, "ION's list of webhook receivers does not end"],
    ["pages that repeat", { list: pageOfCircle }, "ION's list of webhook receivers does not end"],
    [
      "pages that are large together",
      { list: (after) => endlessPage(after, "x".repeat(9 << 20)) },
      "ION's list of webhook receivers is larger than 64 MB.",
    ],
  ])(
    "is bounded: %s ends with an error",
    async (_what, answers, expected) => {
      const { code, err } = await cli(["status", "--no-stack"], await placeOf(answers));
      expect(code).toBe(1);
      expect(err).toContain(expected);
    },
    60_000,
  );

  /** The page after a cursor: its first receiver is the last one of the page before, and there is always another page. */
  function endlessPage(after: string | undefined, description: string | null): object {
    const first = Number(after ?? 0) + 1;
    const edges = [first, first + 1].map((id) => ({ cursor: `${id}`, node: receiver({ id: `${id}`, description }) }));
    return { data: { webhookReceivers: { edges, pageInfo: { hasNextPage: true } } } };
  }

  /** The page after a cursor: after the third page comes the second again. */
  function pageOfCircle(after: string | undefined): object {
    const [first, second, cursor] =
      after === undefined ? ["1", "2", "a"] : after === "a" ? ["2", "3", "b"] : ["3", "2", "a"];
    const edges = [
      { cursor, node: receiver({ id: first }) },
      { cursor: "end", node: receiver({ id: second }) },
    ];
    return { data: { webhookReceivers: { edges, pageInfo: { hasNextPage: true } } } };
  }

  it("is bounded: a compressed answer counts as what it is", async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      for (let megabytes = 0; megabytes < 200; megabytes += 1) gzip.write(MEGABYTE);
      gzip.end();
    });
    // Answers of this machine are not decompressed: those of other hosts go through Node's fetch.
    const { message } = await failureOf(transport(fetch)("graphql", origin, {}));
    expect(message).toContain("sent an answer of more than 64 MB.");
  }, 60_000);

  const many = (count: number, name: string) => Array.from({ length: count }, (_, at) => `${name}_${at}`);
  const MANY = 5000;

  it.each<[string, Answers]>([
    [
      "5,000 resources and 5,000 actions",
      { receivers: [receiver()], names: { resource: many(MANY, "R"), action: many(MANY, "A") } },
    ],
    ["a description of 200,000 spaces", { receivers: [receiver({ description: " ".repeat(200_000) })] }],
    [
      "10,000 subscriptions",
      {
        receivers: [
          receiver({
            subscriptions: many(10_000, "R").map((resource, id) => ({ id: `${id}`, resource, action: "CREATE" })),
          }),
        ],
      },
    ],
    [
      "10,000 headers",
      { receivers: [receiver({ headers: many(10_000, "X").map((key) => ({ id: key, key, value: "v" })) })] },
    ],
    [
      "10,000 receivers",
      { receivers: many(10_000, "receiver").map((name, id) => receiver({ id: `${id + 1}`, name })) },
    ],
  ])(
    "does not matter: every command ends soon with %s",
    async (_what, answers) => {
      const place = await stackOf(answers);
      const { env } = await placeOf(answers);
      for (const args of [["status"], ["status", "--json"], ["export"], ["doctor"]]) {
        const { code, out } = await cli([...args, "--no-stack"], { ...place, env: { ...env } });
        expect(code).not.toBe(1);
        expect(out.length).toBeLessThan(20_000_000);
      }
      for (const args of [["status"], ["drift", "--github"], ["drift", "--json"]]) {
        const { code, out } = await cli(args, place);
        expect(code).not.toBe(1);
        expect(out.length).toBeLessThan(20_000_000);
      }
    },
    60_000,
  );
});

describe("export", () => {
  const FILES = ["Pulumi.yaml", "index.ts", "package.json", "tsconfig.json"];

  it("does not write through a symbolic link", async () => {
    const place = await placeOf({ receivers: [receiver()] });
    const victim = join(place.cwd, "victim");
    await writeFile(victim, "mine");
    await mkdir(join(place.cwd, "out"));
    await symlink(victim, join(place.cwd, "out/index.ts"));
    const refused = await cli(["export", "--no-stack", "--out", "out"], place);
    expect(refused.err).toContain("index.ts already exists in");
    expect((await cli(["export", "--no-stack", "--out", "out", "--force"], place)).code).toBe(0);
    expect(await readFile(victim, "utf8")).toBe("mine");
    expect(await readFile(join(place.cwd, "out/index.ts"), "utf8")).toContain("new ion.");
    // A link that leads nowhere is there, too.
    await symlink(join(place.cwd, "nowhere"), join(place.cwd, "Pulumi.yaml"));
    expect((await cli(["export", "--no-stack", "--out", "."], place)).err).toContain("Pulumi.yaml already exists in");
    expect((await readdir(place.cwd)).sort()).toEqual(["Pulumi.yaml", "out", "victim"]);
  });

  it("writes all files or none", async () => {
    const place = await placeOf({ receivers: [receiver()] });
    await mkdir(join(place.cwd, "out/index.ts"), { recursive: true });
    const { code, err } = await cli(["export", "--no-stack", "--out", "out", "--force"], place);
    expect(code).toBe(1);
    expect(err).toContain("Nothing was written.");
    expect(await readdir(join(place.cwd, "out"))).toEqual(["index.ts"]);
    expect((await cli(["export", "--no-stack"], place)).code).toBe(0);
    expect((await readdir(join(place.cwd, "ion-webhooks"))).sort()).toEqual(FILES);
  });

  it("declares names that JavaScript treats specially", async () => {
    const subscriptions = ["__proto__", "constructor"].map((resource, at) => ({
      id: `${at}`,
      resource,
      action: "CREATE",
    }));
    const place = await placeOf({ receivers: [receiver({ name: "erp", subscriptions })] });
    expect((await cli(["export", "--no-stack", "--out", "."], place)).code).toBe(0);
    const source = await readFile(join(place.cwd, "index.ts"), "utf8");
    const [, record = ""] = /subscriptions: (\{[^}]*\})/.exec(source) ?? [];
    const { outputText } = ts.transpileModule(`exports.x = ${record};`, {});
    const exports = {} as { x: object };
    new Function("exports", outputText)(exports);
    expect(Object.keys(exports.x).sort()).toEqual(["__proto__", "constructor"]);
  });

  it("does not print the query of an endpoint, which may be a key", async () => {
    const place = await placeOf({ receivers: [receiver()] });
    const env = { ...place.env, ION_API_URI: `${place.env?.ION_API_URI}?apikey=${SECRETS.client}` };
    for (const args of [
      ["export", "--force"],
      ["export", "--force", "--json"],
      ["status"],
      ["status", "--json"],
      ["doctor"],
    ]) {
      const { out, err } = await cli([...args, "--no-stack"], { ...place, env });
      expect(unsafeIn(out + err, secrets)).toEqual([]);
    }
    const { out } = await cli(["export", "--force", "--no-stack"], { ...place, env });
    expect(out).toContain("npx pulumi config set --secret ion:endpoint\n");
  });

  it("prints commands that a shell reads as what they mean", async () => {
    const key = "X-$(id)`id`'\"\\ \n::error::x";
    const place = await placeOf({ receivers: [receiver({ name: "erp", headers: [{ id: "1", key, value: "v" }] })] });
    const { out } = await cli(["export", "--no-stack", "--json"], place);
    const { secrets: commands } = JSON.parse(out) as { secrets: string[] };
    const { execFileSync } = await import("node:child_process");
    const script = `npx() { printf '%s\\n---\\n' "$@"; }; ${commands.at(-1)}`;
    const words = execFileSync("bash", ["-c", script]).toString().split("\n---\n");
    expect(words).toEqual(["pulumi", "config", "set", "--secret", "--path", `erpHeaders[${JSON.stringify(key)}]`, ""]);
  });
});
