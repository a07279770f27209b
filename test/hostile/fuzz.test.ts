/**
 * Random hostile text in every field that ION and its token endpoint return, for every command and every lifecycle: no output acts
 * on a terminal or a CI runner, and none shows a secret or a piece of one.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { dynamic } from "@pulumi/pulumi";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc.js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { compareStacks } from "../../provider/src/cli/drift/compareStacks.ts";
import { findDrift } from "../../provider/src/cli/drift/detect.ts";
import { print, type Report } from "../../provider/src/cli/drift/report.ts";
import { main } from "../../provider/src/cli/main.ts";
import { guarded } from "../../provider/src/cli/options.ts";
import type { Declarations } from "../../provider/src/cli/stackState.ts";
import type { Terminal } from "../../provider/src/cli/terminal.ts";
import { startProviders } from "../../provider/src/engine/dynamic/entry.ts";
import { loopbackFetch } from "../../provider/src/ion/http/loopback.ts";
import { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import { cli } from "../cli/run.ts";
import fc from "../support/fastCheck.ts";
import { type Answers, answerTo, envFor, SECRETS, settingsAt } from "./hostileIon.ts";
import { unsafeIn } from "./unsafe.ts";

/** Cases in all. */
const CASES = 10_000;

const folder = mkdtempSync(join(tmpdir(), "pulumi-ion-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Not this machine, so that requests go through the global fetch, which answers at once.
const SETTINGS = settingsAt("https://ion.example");
let answers: Answers = {};

let printed: string[] = [];
/** Whether annotations may be among it. */
let annotations = false;

beforeEach(() => {
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const [status, content] = answerTo(answers, new URL(url).pathname, String(init.body));
    return new Response(JSON.stringify(content), { status, headers: { "content-type": "application/json" } });
  });
  vi.spyOn(console, "error").mockImplementation((text: unknown) => void printed.push(String(text)));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const secrets = Object.values(SECRETS);

const fragment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        "\n",
        "\r\n",
        "\t",
        " ",
        "::error::x",
        "::set-output name=a::b",
        "##[add-mask]",
        "##vso[task.x]",
        "#",
        ":",
        "[",
      ],
      ...[
        "\u001b[31m",
        "\u001b]0;t\u0007",
        "\u009b2J",
        "\u0085",
        "\0",
        "\u202e",
        "\u2066",
        "\u2028",
        "\u2029",
        "\u00a0",
      ],
      ...["\u200b", "\ufeff", "\u00ad", "\u{e0041}", "\u3164", "\ufe0f", "\ud83d", "\u2800", "|", "`", "<b>", "]("],
      ...["'", '"', "\\", "$(id)", "__proto__", "%0A", "~~~"],
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom("PARTS", "CREATE", "violet", "etag", "not found", "permission", "expired") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 10 }) },
);
const text = fc.oneof(
  { weight: 20, arbitrary: fc.array(fragment, { maxLength: 6 }).map((all) => all.join("")) },
  {
    weight: 1,
    arbitrary: fc.tuple(fragment, fc.integer({ min: 1, max: 2000 })).map(([one, times]) => one.repeat(times)),
  },
);
/**
 * A secret as a server may repeat it: whole or in pieces, in one spelling or another. Of two that every process knows; a lifecycle
 * knows the others too.
 */
const leakOf = (known: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...known), fc.nat(12), fc.integer({ min: 8, max: 20 }), fc.boolean())
    .map(([secret, from, length, whole]) => (whole ? JSON.stringify(secret) : secret.slice(from, from + length)));
/** Each of many characters, so that a message is cut at any of them. */
const padding = fc.integer({ min: 0, max: 520 }).map((length) => "x".repeat(length));
const messageWith = (known: readonly string[]) =>
  fc.array(fc.oneof(text, leakOf(known), padding), { maxLength: 6 }).map((all) => all.join(""));

const id = fc.oneof(fc.integer({ min: 1, max: 4 }).map(String), fc.constantFrom("4/a=", "urn:1::2"), text);
const event = { resource: fc.oneof(fc.constant("PARTS"), text), action: fc.oneof(fc.constant("UPDATE"), text) };
const headerName = fc.oneof(fc.constant("X-Plant"), text);
const receiver = fc.record({
  id: fc.integer({ min: 1, max: 4 }).map(String),
  _etag: text,
  name: fc.oneof(fc.constant("violet"), text),
  description: fc.oneof(fc.constant(null), text),
  webhookUri: fc.constantFrom(`https://hooks.example/${SECRETS.path}`, "********"),
  sharedSecret: fc.constantFrom(SECRETS.shared, null),
  contentType: fc.oneof(fc.constant("application/json"), text),
  expectedResponseCode: fc.constantFrom(200, 204, null),
  active: fc.boolean(),
  subscriptions: fc.array(fc.record({ id, _etag: text, ...event }), { maxLength: 4 }),
  headers: fc.array(fc.record({ id, _etag: text, key: headerName, value: fc.constant(SECRETS.header) }), {
    maxLength: 3,
  }),
});
/** Objects that ION accepts as they are: with plain ids. */
const plainIds = (one: { subscriptions: { id: string }[]; headers: { id: string }[] }) => {
  for (const [at, part] of [...one.subscriptions, ...one.headers].entries()) part.id = String(at + 1);
  return one;
};
const receivers = fc
  .tuple(fc.array(receiver, { maxLength: 3 }), fc.nat(9))
  .map(([all, odd]) => (odd === 0 ? all : all.map(plainIds)));

const errorsWith = (message: fc.Arbitrary<string>) =>
  fc.array(
    fc.record({
      message,
      path: fc.option(fc.array(fc.oneof(fc.constantFrom("m0", "webhookReceivers", "edges"), text), { maxLength: 3 }), {
        nil: undefined,
      }),
      extensions: fc.record({
        code: fc.oneof(fc.constantFrom("FORBIDDEN", "UNAUTHENTICATED", "BAD_USER_INPUT"), text),
      }),
    }),
    { minLength: 1, maxLength: 3 },
  );
const names = fc.record({ resource: fc.array(text, { maxLength: 5 }), action: fc.array(text, { maxLength: 3 }) });
const payload = fc.oneof(
  fc.constant(null),
  fc.record({
    webhookReceiver: receiver,
    webhookSubscription: fc.record({ id, _etag: text }),
    webhookHeader: fc.record({ id, _etag: text, key: headerName, value: fc.constant(SECRETS.header) }),
    __typename: text,
  }),
);
/** Names in the schema, in place of ION's. */
const schema = fc
  .tuple(fc.constantFrom("WebhookReceiver", "ResourceEnum", "PARTS", "etag", "webhookReceivers", "headers"), text)
  .map(
    ([name, other]) =>
      (all: string) =>
        all.replaceAll(`"${name}"`, JSON.stringify(other)),
  );
/** Statuses after which a command does not wait and try again. */
const status = fc.constantFrom(400, 401, 403, 404, 409);

/** What ION answers: mostly data, because an error ends a command early. */
function worldWith(known: readonly string[]): fc.Arbitrary<Answers> {
  const message = messageWith(known);
  const errors = errorsWith(message);
  // It has issued no token yet.
  const rejection = messageWith([SECRETS.client]);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ receivers, names, payload, schema }) },
    { weight: 2, arbitrary: fc.record({ receivers, names, payload, errors }) },
    { weight: 1, arbitrary: fc.record({ status, body: fc.oneof(fc.record({ message }), fc.record({ errors })) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        tokenStatus: fc.constantFrom(400, 401, 403, 302, 200),
        token: fc.oneof(
          fc.record({ error: rejection, error_description: rejection }),
          fc.record({ error: rejection }),
          // Whatever is issued contains the token: ION can repeat no other.
          fc.record({
            access_token: text.map((before) => before + SECRETS.token),
            expires_in: fc.oneof(text, fc.integer()),
          }),
        ),
      }),
    },
  );
}
const world = worldWith([SECRETS.client, SECRETS.token]);

/** What a stack declares, by its state. */
const state = fc.record({
  ionEndpoint: fc.constant("https://ion.example/graphql"),
  name: text,
  description: text,
  webhookUri: fc.constantFrom(`https://hooks.example/${SECRETS.path}`, `https://other.example/${SECRETS.path}`),
  sharedSecret: fc.constant(SECRETS.shared),
  headers: fc.dictionary(headerName, fc.constant(SECRETS.header), { maxKeys: 2 }),
});
const declarations: fc.Arbitrary<Declarations> = fc
  .record({
    receivers: fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), text, state), { maxLength: 2 }),
    subscriptions: fc.array(fc.record({ id, urn: text, receiverId: id, ionEndpoint: text, ...event }), {
      maxLength: 3,
    }),
    policies: fc.array(id, { maxLength: 2 }),
  })
  .map(({ receivers: all, subscriptions, policies }) => ({
    receivers: all.map(([number, urn, fields]) => {
      const { ionEndpoint, ...pinned } = fields;
      const declaredFields = ["name", "description", "webhookUri", "sharedSecret", "headers"] as const;
      return { id: String(number), urn, state: { ...pinned, ionEndpoint, declaredFields, pinned, reverted: [] } };
    }),
    subscriptions,
    unmanagedPolicies: new Set(policies),
  }));

const summary = join(folder, "summary.md");
const reportFlags = fc.record({ json: fc.boolean(), github: fc.boolean(), strict: fc.boolean() });
type Flags = typeof reportFlags extends fc.Arbitrary<infer T> ? T : never;

const TERMINAL: Terminal = {
  cwd: folder,
  env: { GITHUB_STEP_SUMMARY: summary },
  columns: 80,
  out: (line) => void printed.push(line),
  err: (line) => void printed.push(line),
  paint: (_style, line) => line,
  interrupted: () => Promise.resolve(),
};

/** Prints a drift report as `drift` does. */
async function report(flags: Flags, findings: () => Promise<Report["findings"]>, options: Flags = flags) {
  rmSync(summary, { force: true });
  annotations = flags.github;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value));
  await guarded(
    async () => print({ titles: ["ION"], findings: await findings(), next: "Next.", json: {} }, given, TERMINAL),
    given,
    TERMINAL,
  );
  if (flags.github && !flags.json) printed.push(...summaryLines());
}

/** The job summary, if an error did not come first. Each row of its table has two cells, and nothing in them is markup. */
function summaryLines(): string[] {
  let text: string;
  try {
    text = readFileSync(summary, "utf8");
  } catch {
    return [];
  }
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  for (const row of rows) {
    expect(row.replaceAll(/\\./gs, "").split("|"), row).toHaveLength(4);
    expect(row.replaceAll(/\\./gs, "")).not.toMatch(/[<`[\]]/);
  }
  return [text];
}

const isSecret = (value: unknown) =>
  value !== null && typeof value === "object" && (value as Record<string, unknown>)[specialSigKey] === specialSecretSig;

/** All text in a value. */
const textsIn = (value: unknown): string[] =>
  value !== null && typeof value === "object"
    ? Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)])
    : [String(value)];
/** What Pulumi prints of properties: all that is not secret. It indents what follows a line break. */
const shown = (properties: object) =>
  Object.entries(properties)
    .filter(([, value]) => !isSecret(value))
    .flatMap(([key, value]) => [key, ...textsIn(value)])
    .map((text) => `+ ${text.replaceAll(/[\n\t]/g, " ")}`)
    .join("\n");
const plain = (properties: object) =>
  Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      isSecret(value) ? (value as { value: unknown }).value : value,
    ]),
  );

/** Runs a resource's lifecycle as the engine does; everything that Pulumi would print is collected. */
async function lifecycle(type: keyof ReturnType<typeof startProviders>, inputs: object, live: Answers[]) {
  const provider = startProviders()[type] as Required<dynamic.ResourceProvider>;
  const config = {
    endpoint: SETTINGS.endpoint,
    authUrl: SETTINGS.authUrl,
    clientId: "id",
    clientSecret: SECRETS.client,
    // Every failure is final.
    deadline: "0.001",
  };
  await provider.configure({
    config: { get: (key: string) => config[key.replace("ion:", "") as keyof typeof config] } as never,
  });
  let [recorded, number] = [inputs as Record<string, unknown>, "1"];
  const attempt = async (act: () => Promise<unknown>) => {
    answers = live.shift() ?? answers;
    try {
      const result = (await act()) as Record<string, unknown> | undefined;
      for (const part of ["outs", "props", "inputs"]) {
        if (!result?.[part]) continue;
        printed.push(shown(result[part]));
        if (part !== "inputs") recorded = plain(result[part]);
      }
      if (typeof result?.id === "string" && result.id !== "") {
        number = result.id;
        printed.push(number);
      }
      for (const { reason } of (result?.failures ?? []) as { reason: string }[]) printed.push(reason);
    } catch (error) {
      const {
        message: text,
        reasons = [],
        properties = {},
      } = error as {
        message: string;
        reasons?: string[];
        properties?: object;
      };
      printed.push(text, ...reasons, shown(properties));
    }
  };
  await attempt(() => provider.check({}, inputs));
  await attempt(() => provider.create(inputs));
  const [outs, from] = [recorded, number];
  await attempt(() => provider.read(from, outs));
  const news = { ...inputs, name: "another" };
  const [olds, current] = [recorded, number];
  await attempt(() => provider.diff(current, olds, news));
  await attempt(() => provider.update(current, olds, news));
  await attempt(() => provider.delete(current, recorded));
}

/** The URLs of two `listen` commands that print what they get: as text and as JSON. */
const listening: string[] = [];
const stop = Promise.withResolvers<void>();

beforeAll(async () => {
  for (const args of [[], ["--json"]]) {
    const url = Promise.withResolvers<string>();
    const out = (line: string) => {
      printed.push(line);
      url.resolve(/http:[^\s"]+/.exec(line)?.[0] ?? "");
    };
    const terminal = { ...TERMINAL, out, interrupted: () => stop.promise };
    void main(["listen", "--port", "0", ...args], terminal, "1.2.3");
    listening.push(await url.promise);
  }
});
afterAll(() => stop.resolve());

const worldsOf = (known: readonly string[]) => fc.array(worldWith(known), { minLength: 5, maxLength: 5 });
const worlds = worldsOf([SECRETS.client, SECRETS.token]);
const commands = fc.constantFrom<string[]>(
  ["status"],
  ["status"],
  ["status", "--json"],
  ["doctor"],
  ["doctor", "--json"],
  ["export", "--force"],
  ["export", "--force", "--json"],
  ["export", "--force", "--receiver", "1", "9"],
);

/** One case: what happens, and whether it may print annotations. */
const cases = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .record({
        at: fc.nat(1),
        body: fc.oneof(text, fc.record({ resource: text, action: text, more: fc.array(text) })),
      })
      .map(({ at, body }) => async () => {
        const content = typeof body === "string" ? body : JSON.stringify(body);
        await loopbackFetch(listening[at] ?? "", { method: "POST", body: content });
      }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ command: commands, columns: fc.constantFrom(20, 80, 200), world }).map((one) => async () => {
      answers = one.world;
      const place = { env: envFor(SETTINGS), cwd: folder, columns: one.columns };
      const { out, err } = await cli([...one.command, "--no-stack"], place);
      printed.push(out, err);
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ flags: reportFlags, declarations, world }).map((one) => async () => {
      answers = one.world;
      const api = new WebhookApi(SETTINGS, { retry: { deadlineMs: 1, firstWaitMs: 1 } });
      await report(one.flags, async () => findDrift(await api.receivers(), one.declarations));
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ flags: reportFlags, here: declarations, there: declarations }).map((one) => async () => {
      const [here, there] = [
        { name: "here", declarations: one.here },
        { name: "there", declarations: one.there },
      ];
      await report(one.flags, async () => compareStacks(here, there));
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ worlds: worldsOf(secrets) }).map((one) => async () => {
      const inputs = { name: "erp", webhookUri: `https://hooks.example/${SECRETS.path}`, sharedSecret: SECRETS.shared };
      await lifecycle("webhookReceiver", { ...inputs, headers: { "X-Plant": SECRETS.header } }, one.worlds);
    }),
  },
  {
    weight: 1,
    arbitrary: worlds.map((live) => async () => {
      await lifecycle("webhookSubscription", { receiverId: "1", resource: "PARTS", action: "MERGE" }, live);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ worlds, unmanaged: fc.constantFrom("delete", "report") }).map((one) => async () => {
      const inputs = { receiverId: "1", unmanaged: one.unmanaged, declared: ["PARTS UPDATE"] };
      await lifecycle("unmanagedSubscriptions", inputs, one.worlds);
    }),
  },
);

it(`prints nothing unsafe and no secret in ${CASES} cases of hostile text`, async () => {
  let outputs = 0;
  const property = fc.asyncProperty(cases, async (run) => {
    printed = [];
    annotations = false;
    await run();
    outputs += printed.filter((one) => one.length > 40).length;
    expect(unsafeIn(printed.join("\n"), secrets, { annotations })).toEqual([]);
  });
  await fc.assert(property, { numRuns: CASES });
  // Most cases print something.
  expect(outputs).toBeGreaterThan(CASES);
}, 600_000);
