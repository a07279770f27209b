import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it, onTestFinished } from "vitest";
import { generateProgram } from "../../../provider/src/cli/export/program.ts";
import { GUIDE_EVENTS } from "../../../provider/src/model/events.ts";
import { eventName, type Receiver } from "../../../provider/src/model/webhooks.ts";
import fc from "../../support/fastCheck.ts";
import { serve, start } from "../../support/support.ts";
import { eventFrom } from "../declare.ts";
import { cli, envOf, folder } from "../run.ts";

const PLAIN: Receiver = {
  id: "1",
  name: "Violet",
  description: undefined,
  webhookUri: "https://violet.example/canary",
  sharedSecret: "canary",
  contentType: undefined,
  expectedResponseCode: undefined,
  active: undefined,
  subscriptions: [],
  headers: [],
  _etag: "e",
};
const GUIDE = GUIDE_EVENTS.map(eventName);
const subscriptionsTo = (events: readonly string[]) =>
  events.map((event, at) => ({ id: String(at + 1), ...eventFrom(event), _etag: "e" }));
const programFor = (...receivers: Partial<Receiver>[]) =>
  generateProgram(
    receivers.map((one, at) => ({ receiver: { ...PLAIN, id: String(at + 1), ...one }, remarks: [] })),
    "ion.example",
    "1.2.3",
  ).files["index.ts"] ?? "";

/** Every `new ion.X(…)` of a program: the class, the logical name, and the arguments that are literals. */
function declaredBy(program: string) {
  const { diagnostics } = ts.transpileModule(program, { reportDiagnostics: true });
  expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([]);
  const source = ts.createSourceFile("index.ts", program, ts.ScriptTarget.Latest, true);
  const declarations: { type: string; name: unknown; args: Record<string, unknown> }[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isNewExpression(node) && node.expression.getText().startsWith("ion.")) {
      const [name, args] = node.arguments ?? [];
      declarations.push({
        type: node.expression.getText().slice("ion.".length),
        name: name && literalOf(name),
        args: literalOf(args as ts.Expression) as Record<string, unknown>,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return declarations;
}

function literalOf(node: ts.Expression): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(literalOf);
  if (ts.isObjectLiteralExpression(node)) {
    const entries = node.properties.filter(ts.isPropertyAssignment).map((property) => {
      const name = property.name as ts.Identifier | ts.StringLiteral;
      return [name.text, literalOf(property.initializer)] as const;
    });
    return Object.fromEntries(entries);
  }
  return `code: ${node.getText()}`;
}

/** What a VioletWebhooks subscribes to: resources × actions without what is excluded. */
function eventsOf(args: Record<string, unknown>): string[] {
  const {
    resources = GUIDE_EVENTS.map(({ resource }) => resource),
    actions = ["CREATE", "UPDATE"],
    exclude = {},
  } = args;
  const excluded = exclude as Record<string, string[] | undefined>;
  const all = (resources as string[]).flatMap((resource) =>
    (actions as string[]).map((action) => ({ resource, action })),
  );
  const included = all.filter(({ resource, action }) => !excluded[resource]?.includes(action));
  return [...new Set(included.map(({ resource, action }) => `${resource} ${action}`))].sort();
}

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    '"',
    "'",
    "`$" + "{process.exit(1)}`",
    "\\",
    "*/",
    "//",
    "\r\n",
    "\u2028",
    "\u202e",
    "\ud800",
    "🏭",
    "__proto__",
    "class",
    "7",
  ),
  fc
    .array(fc.constantFrom("a", "Z", "7", " ", "-", '"', "`", "${", "}", "\\", "\n", "\u2029"), { maxLength: 12 })
    .map((all) => all.join("")),
);
const RESOURCES = [...new Set(GUIDE_EVENTS.map(({ resource }) => resource)), "LOCATIONS", "USERS"];
const events = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom(...RESOURCES), fc.constantFrom("CREATE", "UPDATE", "DELETE"))
    .map((names) => names.join(" ")),
  { maxLength: 60 },
);

/** The comments above the receivers of a program. */
const commentsIn = (program: string) =>
  program
    .slice(program.indexOf("const config"))
    .split("\n")
    .filter((line) => line.startsWith("//"))
    .join("\n");

describe("an exported program", () => {
  it("declares names, descriptions and headers exactly, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(hostile, hostile, hostile, hostile), { minLength: 1, maxLength: 4 }),
        (receivers) => {
          const program = programFor(
            ...receivers.map(([name, description, key, id], at) => ({
              id: `${id}${at}`,
              name,
              description,
              headers: [{ id: "1", key, value: "canary", _etag: "e" }],
            })),
          );
          const declarations = declaredBy(program);
          expect(declarations.map(({ args }) => [args.name, args.description ?? "", args.importId])).toEqual(
            receivers.map(([name, description, , id], at) => [name, description, `${id}${at}`]),
          );
          expect(new Set(declarations.map(({ name }) => name)).size).toBe(receivers.length);
          const keys = declarations.map(({ args }) => args.webhookUri);
          expect(new Set(keys).size, `${keys}`).toBe(receivers.length);
          expect(program).not.toContain("canary");
          // An editor shows every character where it is.
          expect(program).not.toMatch(/(?!\n)[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069]/u);
        },
      ),
    );
  });

  it("subscribes to the same events, with VioletWebhooks or with WebhookSubscriptions", () => {
    fc.assert(
      fc.property(fc.constantFrom("Violet", "our violet", "ERP"), events, (name, some) => {
        const [first, second] = declaredBy(programFor({ name, subscriptions: subscriptionsTo(some) }));
        if (first?.type === "VioletWebhooks") {
          expect(eventsOf(first.args)).toEqual([...some].sort());
          expect(first.args.name ?? "Violet").toBe(name);
          // VioletWebhooks rejects an empty list.
          expect(some.length).toBeGreaterThan(0);
        } else {
          expect(first?.type).toBe("WebhookReceiver");
          const { subscriptions = {} } = second?.args ?? {};
          const entries = Object.entries(subscriptions as Record<string, string[]>);
          expect(
            entries.flatMap(([resource, actions]) => actions.map((action) => `${resource} ${action}`)).sort(),
          ).toEqual([...some].sort());
          expect(second === undefined).toBe(some.length === 0);
        }
      }),
    );
  });

  it.each([
    ["Violet with the guide", "Violet", GUIDE, "VioletWebhooks"],
    ["the guide under another name", "plm", GUIDE, "VioletWebhooks"],
    ["Violet with some of it", "Violet", ["PARTS UPDATE"], "VioletWebhooks"],
    ["Violet with none of it", "Violet", ["LOCATIONS UPDATE"], "WebhookReceiver"],
    ["another receiver with some of it", "ERP", ["PARTS UPDATE"], "WebhookReceiver"],
  ])("declares %s with the class that fits", (_what, name, some, type) => {
    expect(declaredBy(programFor({ name, subscriptions: subscriptionsTo(some) }))[0]?.type).toBe(type);
  });

  it("gives receivers with similar names unique names and config keys", () => {
    const some = subscriptionsTo(["PARTS UPDATE"]);
    const names = ["a 1", "a1", "A-1", "a", "a", "a-2", "🏭", "7"];
    const program = programFor(...names.map((name) => ({ name, subscriptions: some })));
    const variables = [...program.matchAll(/^const (\w+Receiver) =/gm)].map(([, name]) => name);
    expect(variables).toHaveLength(names.length);
    expect(new Set(variables).size).toBe(names.length);
  });

  it("omits defaults", () => {
    const [violet] = declaredBy(programFor({ subscriptions: subscriptionsTo(GUIDE) }));
    expect(Object.keys(violet?.args ?? {})).toEqual(["importId", "webhookUri", "sharedSecret"]);
  });

  it("is readable, with a comment above each receiver", () => {
    const header = (key: string) => ({ id: "1", key, value: "canary", _etag: "e" });
    const program = programFor(
      { active: false, subscriptions: subscriptionsTo(GUIDE), headers: [header("X-Plant"), header("X-Line")] },
      { name: "ERP", headers: [header("X-Plant")], contentType: "text/plain", expectedResponseCode: 204, active: true },
      { name: "plm", subscriptions: subscriptionsTo(["PARTS UPDATE", "USERS UPDATE", "PARTS UPDATE"]) },
      {
        name: "our violet",
        description: "for people",
        subscriptions: subscriptionsTo(["PARTS UPDATE", "RUNS CREATE"]),
      },
    );
    expect(program.slice(program.indexOf("const config"))).toMatchInlineSnapshot(`
      "const config = new pulumi.Config();

      // "Violet" (id 1).
      // Headers: "X-Plant", "X-Line".
      new ion.VioletWebhooks("violet", {
        importId: "1",
        webhookUri: config.getSecret("violetWebhookUri"),
        sharedSecret: config.getSecret("violetSharedSecret"),
        headers: config.getSecretObject<Record<string, string>>("violetHeaders"),
        active: false,
      });

      // "ERP" (id 2).
      // Headers: "X-Plant".
      // It has no subscriptions, so ION sends it no events.
      new ion.WebhookReceiver("erp", {
        name: "ERP",
        importId: "2",
        webhookUri: config.getSecret("erpWebhookUri"),
        sharedSecret: config.getSecret("erpSharedSecret"),
        headers: config.getSecretObject<Record<string, string>>("erpHeaders"),
        contentType: "text/plain",
        expectedResponseCode: 204,
        active: true,
      });

      // "plm" (id 3).
      const plmReceiver = new ion.WebhookReceiver("plm", {
        name: "plm",
        importId: "3",
        webhookUri: config.getSecret("plmWebhookUri"),
        sharedSecret: config.getSecret("plmSharedSecret"),
      });
      new ion.WebhookSubscriptions("plm", {
        receiver: plmReceiver,
        subscriptions: {
          PARTS: ["UPDATE"],
          USERS: ["UPDATE"],
        },
        unmanaged: "report",
      });

      // "our violet" (id 4).
      new ion.VioletWebhooks("our-violet", {
        name: "our violet",
        importId: "4",
        webhookUri: config.getSecret("ourVioletWebhookUri"),
        sharedSecret: config.getSecret("ourVioletSharedSecret"),
        description: "for people",
        resources: ["PARTS", "RUNS"],
        exclude: {
          PARTS: ["CREATE"],
          RUNS: ["UPDATE"],
        },
      });
      "
    `);
  });

  it("comes with the files of a project", () => {
    const { files } = generateProgram([{ receiver: PLAIN, remarks: [] }], "ion.example", "^1.2.3");
    const { "index.ts": _index, ...others } = files;
    expect(others).toMatchInlineSnapshot(`
      {
        "Pulumi.yaml": "name: ion-webhooks
      description: ION's webhooks, as code
      runtime: nodejs
      main: index.ts
      options:
        # Read ION before every preview and every up. Without this, they compare with the state of the last up.
        refresh: always
      ",
        "package.json": "{
        "name": "ion-webhooks",
        "private": true,
        "dependencies": {
          "@pulumi/pulumi": "^3.270.0",
          "pulumi-ion": "^1.2.3"
        },
        "devDependencies": {
          "@types/node": "^24.0.0",
          "pulumi": "^3.255.0",
          "typescript": "^6.0.0"
        }
      }
      ",
        "tsconfig.json": "{
        "compilerOptions": {
          "target": "ES2022",
          "module": "nodenext",
          "strict": true,
          "skipLibCheck": true,
          // Check types with \`npx tsc --noCheck false --noEmit\`. Checking them in every \`pulumi up\` would take two seconds.
          "noCheck": true
        }
      }
      ",
      }
    `);
  });

  it("does not delete duplicates", () => {
    const program = programFor({ subscriptions: subscriptionsTo(["PARTS UPDATE", "PARTS UPDATE"]) });
    expect(declaredBy(program)[0]?.args.unmanaged).toBe("report");
  });
});

describe("export", () => {
  it("writes a project that type-checks", async () => {
    const emulator = await start();
    const { store } = emulator;
    for (const [name, event] of [
      ["Violet", "PARTS UPDATE"],
      ['E"R`P $' + "{1}", "LOCATIONS DELETE"],
    ] as const) {
      const webhookUri = `https://${event.slice(0, 5)}.example/canary`;
      const { id } = store.createReceiver({ name, webhookUri, sharedSecret: "canary" });
      store.createSubscription({ receiverId: id, ...eventFrom(event) });
      store.createHeader({ receiverId: id, key: "X-Plant", value: "canary" });
    }
    // Below node_modules, so that packages resolve as they do for a user.
    const cwd = await mkdtemp(join(import.meta.dirname, "../../../node_modules/.export-"));
    onTestFinished(() => rm(cwd, { recursive: true }));
    const { code, out, err } = await cli(["export", "--no-stack"], { env: envOf(emulator), cwd });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("cd ion-webhooks\n");
    expect(out).toContain("npx pulumi config set --secret violetWebhookUri\n");
    expect(out).toContain(`npx pulumi config set --secret --path 'eRP1Headers["X-Plant"]'`);
    expect(out).not.toMatch(/canary|emulator-secret/);
    const dir = join(cwd, "ion-webhooks");
    expect((await readdir(dir)).sort()).toEqual(["Pulumi.yaml", "index.ts", "package.json", "tsconfig.json"]);
    expect(await readFile(join(dir, "Pulumi.yaml"), "utf8")).toMatch(/^ {2}refresh: always$/m);
    expect(JSON.parse(await readFile(join(dir, "package.json"), "utf8")).dependencies["pulumi-ion"]).toBe(
      `file:${resolve(import.meta.dirname, "../../../provider")}`,
    );
    const config = ts.parseConfigFileTextToJson("tsconfig.json", await readFile(join(dir, "tsconfig.json"), "utf8"));
    const { options } = ts.convertCompilerOptionsFromJson(config.config.compilerOptions, dir);
    const program = ts.createProgram([join(dir, "index.ts")], {
      ...options,
      noCheck: false,
      noEmit: true,
      types: ["node"],
    });
    const problems = ts.getPreEmitDiagnostics(program);
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });

  it("overwrites files only with --force, and only its own", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "Violet", webhookUri: "https://violet.example" });
    const cwd = await folder();
    const place = { env: envOf(emulator), cwd };
    await writeFile(join(cwd, "index.ts"), "mine");
    const refused = await cli(["export", "--out", "."], place);
    expect(refused.code).toBe(1);
    expect(refused.err.replace(cwd, "<folder>")).toMatchInlineSnapshot(`
      "pulumi-ion: index.ts already exists in <folder>. Nothing was written.
        Choose another folder with --out, or overwrite with --force."
    `);
    expect(await readdir(cwd)).toEqual(["index.ts"]);
    expect(await readFile(join(cwd, "index.ts"), "utf8")).toBe("mine");
    expect((await cli(["export", "--out", ".", "--force"], place)).code).toBe(0);
    expect(await readFile(join(cwd, "index.ts"), "utf8")).toContain("new ion.WebhookReceiver");
    expect((await readdir(cwd)).length).toBe(4);
  });

  it("explains why it cannot write", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "Violet", webhookUri: "https://violet.example" });
    const cwd = await folder();
    await writeFile(join(cwd, "file"), "");
    const { code, err } = await cli(["export", "--out", "file/x"], { env: envOf(emulator), cwd });
    expect(code).toBe(1);
    expect(err.replaceAll(cwd, "<folder>")).toMatchInlineSnapshot(
      `"pulumi-ion: Could not write to <folder>/file/x: ENOTDIR: not a directory, mkdir '<folder>/file/x'."`,
    );
  });

  it("exports the receivers of --receiver, and lists all if one does not exist", async () => {
    const emulator = await start();
    for (const name of ["Violet", "ERP"])
      emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
    const place = { env: envOf(emulator), cwd: await folder() };
    const wrong = await cli(["export", "--receiver", "2", "7"], place);
    expect(wrong).toMatchObject({ code: 1, out: "" });
    expect(wrong.err).toMatchInlineSnapshot(`
      "pulumi-ion: ION has no webhook receiver with id 7.
        It has "Violet" (id 1), "ERP" (id 2)."
    `);
    const { out } = await cli(["export", "--receiver", "2", "--json"], place);
    const { receivers, files, steps, secrets } = JSON.parse(out);
    expect(receivers).toEqual(["2"]);
    expect(files).toEqual(["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"]);
    expect(steps).toContain("npx pulumi config set --secret ion:clientSecret");
    expect(secrets).toEqual([
      "npx pulumi config set --secret erpWebhookUri",
      "npx pulumi config set --secret erpSharedSecret",
    ]);
    const none = await start();
    expect((await cli(["export"], { env: envOf(none) })).err).toMatchInlineSnapshot(
      `"pulumi-ion: ION shows this API key no webhook receivers, so there is nothing to export."`,
    );
  });

  it("omits what the provider would reject, and says so", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "ERP", webhookUri: "https://erp.example" });
    const origin = await serve(async (request, response) => {
      const { method = "", headers } = request;
      const passed = { authorization: headers.authorization ?? "", "content-type": "application/json" };
      const body = Buffer.concat(await request.toArray());
      const answer = await fetch(emulator.graphqlUrl, { method, headers: passed, body });
      const text = await answer.text();
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(
        text.replace('"application/json"', '"json"').replace(/"expectedResponseCode":\d+/, '"expectedResponseCode":0'),
      );
    });
    const cwd = await folder();
    const { code, err } = await cli(["export"], { env: { ...envOf(emulator), ION_API_URI: `${origin}/graphql` }, cwd });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const program = await readFile(join(cwd, "ion-webhooks/index.ts"), "utf8");
    expect(Object.keys(declaredBy(program)[0]?.args ?? {})).toEqual([
      "name",
      "importId",
      "webhookUri",
      "sharedSecret",
      "active",
    ]);
    expect(commentsIn(program)).toMatchInlineSnapshot(`
      "// "ERP" (id 1).
      // It has no subscriptions, so ION sends it no events.
      // contentType is omitted and keeps its value in ION, which pulumi-ion rejects: it must be a media type such as
      // application/json.
      // expectedResponseCode is omitted and keeps its value in ION, which pulumi-ion rejects: it must be an HTTP status from
      // 100 to 599."
    `);
  });

  it("says what is wrong with a receiver", async () => {
    const emulator = await start();
    const { store } = emulator;
    for (const name of ["ERP", "Again"]) {
      store.createReceiver({ name, webhookUri: "https://erp.example", active: name === "ERP" });
    }
    for (const event of ["PARTS UPDATE", "PARTS UPDATE", "PURCHASE_ORDER_LINES CREATE"]) {
      store.createSubscription({ receiverId: "2", ...eventFrom(event) });
    }
    const cwd = await folder();
    await cli(["export"], { env: envOf(emulator), cwd });
    expect(commentsIn(await readFile(join(cwd, "ion-webhooks/index.ts"), "utf8"))).toMatchInlineSnapshot(`
      "// "ERP" (id 1).
      // It has no subscriptions, so ION sends it no events.
      // Receivers "ERP" (id 1) and "Again" (id 2) have the same URL: events that more than one of them is subscribed to are
      // delivered more than once.
      // "Again" (id 2).
      // Receiver "Again" (id 2) is inactive: ION sends it no events.
      // Receiver "Again" (id 2) has 2 subscriptions to PARTS UPDATE (ids 1, 2): each event is delivered twice.
      // Receiver "Again" (id 2) is subscribed to PURCHASE_ORDER_LINES CREATE, but ION sends no event when a purchase order
      // line is created (Violet's guide, known limitation 1). Violet gets new lines with its next scheduled fetch.
      // Receivers "ERP" (id 1) and "Again" (id 2) have the same URL: events that more than one of them is subscribed to are
      // delivered more than once.
      // To delete all but the oldest, set unmanaged: "delete". A \`pulumi up\` reports them, and the next one deletes them."
    `);
  });
});
