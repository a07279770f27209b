import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import type { Operation } from "../../../provider/src/ion/http/operation.ts";
import { compose, mutationFor } from "../../../provider/src/ion/operations/mutations.ts";
import { START } from "../../../provider/src/ion/operations/queries.ts";
import { LiveShapes } from "../../../provider/src/ion/schema/liveShapes.ts";
import { type Shapes, USUAL_SHAPES } from "../../../provider/src/ion/schema/shapes.ts";
import type { WebhookApi } from "../../../provider/src/ion/webhookApi.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../../provider/src/lifecycle/webhookSubscription.ts";
import type { Change } from "../../../provider/src/model/changes.ts";
import { receiver } from "../../model/samples.ts";
import {
  CANARY,
  connectionReset,
  countOf,
  type Fetch,
  failureOf,
  intercept,
  mutationsIn,
  SDL,
  start,
} from "../../support/support.ts";
import { createRecorded, DOCTOR, startRun } from "./missingNames.ts";

/** Subscribes receiver 1 to the updates of several resources at once. */
const subscribe = (api: WebhookApi, ...resources: readonly string[]) =>
  Promise.allSettled(
    resources.map((resource) => webhookSubscription.create(api, { receiverId: "1", resource, action: "UPDATE" })),
  );

describe("the live schema", () => {
  it("does not read the schema while ION accepts every document", async () => {
    const emulator = await start();
    const { id } = createRecorded(emulator);
    const event = { resource: "ISSUES", action: "CREATE" };
    await startRun(emulator).api.apply({ kind: "createSubscription", receiverId: id, event });
    expect(countOf(emulator, "query")).toBe(0);
  });

  it("reads the schema once, and does not send again what it lacks", async () => {
    const emulator = await start({ hide: ["CreateWebhookSubscriptionInput", "WebhookReceiver._etag"] });
    createRecorded(emulator);
    const { api } = startRun(emulator);
    await subscribe(api, "ISSUES", "PARTS", "RUNS", "PLANS");
    api.invalidate();
    await subscribe(api, "STEPS", "SUPPLIERS");
    // The refused list, the schema, the list twice; and each mutation once, with the schema's own names.
    expect(countOf(emulator, "query")).toBe(4);
    expect(mutationsIn(emulator).flat()).toHaveLength(4 + 2);
  });

  it("finds which of several values is unknown, and sends the others together", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://erp.example" });
    const { api } = startRun(emulator);
    const outcomes = await subscribe(api, "ISSUES", "RUNS", "PARTS", "PLANS", "STEPS");
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    expect((outcomes[1] as PromiseRejectedResult).reason.message).toMatchInlineSnapshot(
      `"ION did not subscribe receiver 1 to RUNS UPDATE: ResourceEnum has no value RUNS. ION has no resource RUNS. Did you mean RUN_STEPS?"`,
    );
    expect(mutationsIn(emulator).flat()).toHaveLength(5 + 4);
  });

  it("reports ION's own message if the schema is hidden, and requests the schema once", async () => {
    const emulator = await start({ hide: ["deleteWebhookSubscription"] });
    const { subscription } = createRecorded(emulator);
    let requests = 0;
    const fetch = intercept(async ({ query }, pass) => {
      if (!query.includes("__schema")) return pass();
      requests += 1;
      return Response.json({ errors: [{ message: "Introspection is off." }] }, { status: 400 });
    });
    const { api } = startRun(emulator, fetch);
    for (let time = 1; time <= 2; time += 1) {
      const failure = await failureOf(webhookSubscription.delete(api, subscription.id, subscription.state, false));
      expect(failure.kind).toBe("invalid");
      expect(failure.message).toContain('Cannot query field "deleteWebhookSubscription"');
    }
    expect(requests).toBe(1);
  });

  it("requests the schema again if the first request failed for a moment", async () => {
    const emulator = await start({ hide: ["deleteWebhookSubscription"] });
    const { subscription } = createRecorded(emulator);
    let requests = 0;
    const fetch = intercept(({ query }, pass) => {
      if (query.includes("__schema") && ++requests === 1) return Promise.reject(connectionReset());
      return pass();
    });
    const { api } = startRun(emulator, fetch);
    const attempt = () => failureOf(webhookSubscription.delete(api, subscription.id, subscription.state, false));
    expect((await attempt()).message).toContain('Cannot query field "deleteWebhookSubscription"');
    expect((await attempt()).message).toContain("ION's schema has no deleteWebhookSubscription.");
    await attempt();
    expect(requests).toBe(2);
  });

  it("warns once about each missing name", async () => {
    const emulator = await start({ hide: ["WebhookReceiver.active", "WebhookHeader.value"] });
    createRecorded(emulator);
    const { api, warnings } = startRun(emulator);
    await api.receivers();
    api.invalidate();
    await api.receivers();
    expect(warnings).toMatchInlineSnapshot(`
      [
        "ION's schema lacks WebhookReceiver.active, WebhookHeader.value. pulumi-ion omits what is missing, and reports what it cannot do. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs.",
      ]
    `);
  });
});

describe("LiveShapes", () => {
  type Build = (shapes: Shapes) => Operation;
  const list: Build = (shapes) => {
    const { document, variables } = shapes.receivers();
    return { document, variables: variables(START) };
  };
  const operationOf =
    (change: Change): Build =>
    (shapes) =>
      compose([shapes.rootField(mutationFor(change))]);
  const guide = operationOf({ kind: "createReceiver", fields: { name: "a", webhookUri: "b" } });
  const subscription = operationOf({
    kind: "createSubscription",
    receiverId: "1",
    event: { resource: "RUNS", action: "CREATE" },
  });
  const deletion = operationOf({ kind: "deleteReceiver", receiver: receiver() });
  const update = (_etag?: string) =>
    operationOf({ kind: "updateReceiver", receiver: receiver({ _etag }), fields: { active: true } });

  /** The operation for ION's inferred schema with one change. */
  const buildWith = (build: Build, [from, to]: readonly [from: string, to: string], more = "") => {
    expect(SDL).toContain(from);
    const schema = buildSchema((from === "" ? SDL : SDL.replaceAll(from, to)) + more);
    return { schema, operation: build(new LiveShapes(schema)) };
  };

  it.each<[string, change: [string, string], Build]>([
    ["nothing differs", ["", ""], list],
    [
      "a required field of an input has a default",
      ["name: String!\n  webhookUri", "plant: ID! = 1\n  name: String!\n  webhookUri"],
      guide,
    ],
    ["the etag is optional, and none is known", ["id: ID!, etag: String!", "id: ID!, etag: String"], deletion],
    [
      "the etag of an input is optional, and none is known",
      ["id: ID!\n  etag: String!", "id: ID!\n  etag: String"],
      update(),
    ],
  ])("writes an operation as usual if %s", (_what, change, build) => {
    expect(buildWith(build, change).operation.variables).toEqual(build(USUAL_SHAPES).variables);
    expect(buildWith(build, change).operation.document.replaceAll("String)", "String!)")).toBe(
      build(USUAL_SHAPES).document.replaceAll("String)", "String!)"),
    );
  });

  it.each<[string, change: [string, string], Build, { document?: string; variables?: object }]>([
    ["a nullable argument is required", ["first: Int\n", "first: Int!\n"], list, { document: "$first: Int!," }],
    ["an argument has another type", ["first: Int\n", "first: Float\n"], list, { document: "$first: Float," }],
    [
      "there is no etag",
      ["id: ID!\n  etag: String!", "id: ID!"],
      update("x"),
      { variables: { input0: { id: "1", active: true } } },
    ],
    [
      "there is no pageInfo",
      ["pageInfo: PageInfo!", "pages: Int!"],
      list,
      { document: "webhookReceivers(first: $first, after: $after) { edges {" },
    ],
    [
      "only names remain that are omitted",
      ["hasNextPage: Boolean!", "more: Boolean!"],
      list,
      { document: "pageInfo { __typename }" },
    ],
  ])("writes an operation as the schema has it if %s", (_what, change, build, expected) => {
    const { schema, operation } = buildWith(build, change);
    if (expected.document) expect(operation.document).toContain(expected.document);
    if (expected.variables) expect(operation.variables).toEqual(expected.variables);
    expect(validate(schema, parse(operation.document))).toEqual([]);
  });

  it("puts a value into the nearest place only", () => {
    const before = "input CreateWebhookReceiverInput {";
    const { operation } = buildWith(guide, [before, `${before}\n  parent: CreateWebhookReceiverInput`]);
    expect(operation.variables).toEqual({ input0: { name: "a", webhookUri: "b" } });
  });

  it("puts a value into an input of an input", () => {
    const before = "createWebhookReceiver(input: CreateWebhookReceiverInput!)";
    const { operation } = buildWith(
      guide,
      [before, "createWebhookReceiver(data: Data!)"],
      "input Data { receiver: CreateWebhookReceiverInput! }",
    );
    expect(operation.variables).toEqual({ data0: { receiver: { name: "a", webhookUri: "b" } } });
  });

  it("reads inputs that contain themselves many times, or without end", () => {
    const fields = Array.from({ length: 300 }, (_, at) => `f${at}: Deep`).join(" ");
    const before = "input CreateWebhookHeaderInput {";
    const deep = buildWith(guide, [before, `${before}\n  deep: Deep`], `input Deep { ${fields} }`);
    expect(new LiveShapes(deep.schema).headers).toBe("created");
    const endless = "input Endless { self: Endless! }";
    expect(() =>
      buildWith(guide, ["createWebhookReceiver(input:", "createWebhookReceiver(more: Endless!, input:"], endless),
    ).toThrow("createWebhookReceiver requires self, which pulumi-ion does not send.");
  });

  it("finds the object in an answer by its type", () => {
    const before = "type CreateWebhookReceiver {\n  webhookReceiver:";
    const { operation } = buildWith(guide, [before, "type CreateWebhookReceiver {\n  result:"]);
    expect(operation.document).toContain("{ webhookReceiver: result { id _etag name");
  });

  describe("of a small schema", () => {
    const NODE = `type WebhookReceiver { id: ID! name: String! subscriptions: [S] headers: [H] }
      type S { id: ID! resource: String action: String } type H { id: ID! key: String }`;
    const SELECTION = "{ id name subscriptions { id resource action } headers { id key } }";
    const shapesOf = (sdl: string) => new LiveShapes(buildSchema(sdl));
    const INPUT = "input In { name: String headers: [HeaderInput!] } input HeaderInput { key: String value: String }";

    it.each([
      ["created", "type Mutation { createWebhookHeader(receiverId: ID, key: String): Int }"],
      ["created", "type Mutation { createWebhookHeader(key: String): Int }"],
      ["created", "type Mutation { addHeaderToWebhookReceiver(id: ID): Int }"],
      ["attached", "type Mutation { createWebhookHeader(key: String): Int addHeaderToWebhookReceiver(id: ID): Int }"],
      [
        "attached",
        "type Mutation { createWebhookHeader(key: String): Int removeHeaderFromWebhookReceiver(id: ID): Int }",
      ],
      ["created", `type Mutation { createWebhookReceiver(input: In): Int } ${INPUT}`],
      [
        "listed",
        `type Mutation { createWebhookReceiver(input: In): Int updateWebhookReceiver(input: In): Int } ${INPUT}`,
      ],
    ])("finds that headers are %s in %s", (headers, sdl) => {
      expect(shapesOf(`type Query { a: Int } ${sdl}`).headers).toBe(headers);
    });

    it("has no operation without mutations or queries", () => {
      const shapes = shapesOf("type Query { a: Int }");
      expect(shapes.headers).toBe("created");
      expect(shapes.eventNames()).toEqual({ resource: [], action: [] });
      expect(shapes.showsEtag("createWebhookReceiver")).toBe(false);
      expect([shapes.subscriptions(), shapes.receiversById(["1"])]).toEqual([undefined, undefined]);
      expect(() => shapes.receivers()).toThrow("ION's schema has no webhookReceivers.");
    });

    it.each([
      ["webhookReceiver(id: ID!)", '{"id0":"1","id1":"2"}'],
      ["webhookReceiver(id: Int!, plant: ID)", '{"id0":1,"id1":2}'],
      ["webhookReceiver(receiverId: ID!)", '{"id0":"1","id1":"2"}'],
      ["webhookReceiver(id: ID!, plant: ID!)", undefined],
      ["webhookReceiver(name: String)", undefined],
    ])("reads receivers by their ids with %s: %s", (field, variables) => {
      const sdl = `type Query { ${field}: WebhookReceiver } ${NODE}`;
      const operation = shapesOf(sdl).receiversById(["1", "2"]);
      expect(operation && JSON.stringify(operation.variables)).toBe(variables);
      if (!operation) return;
      expect(validate(buildSchema(sdl), parse(operation.document))).toEqual([]);
      expect(operation.document.match(/r\d: webhookReceiver\(\w+: \$id\d\) \{/g)).toHaveLength(2);
    });

    it("cannot read a receiver by its id without what it needs of one", () => {
      const type = "type WebhookReceiver { name: String }";
      expect(shapesOf(`type Query { webhookReceiver(id: ID): WebhookReceiver } ${type}`).receiversById(["1"])).toBe(
        undefined,
      );
    });

    const CONNECTION =
      "type Page { edges: [Edge!] pageInfo: Info } type Edge { node: WebhookReceiver } type Info { x: Int }";
    it.each<[string, string, string, object]>([
      ["first: Int, after: String", "Page", "cursor", { first: 100, after: "c" }],
      ["limit: Int, after: String", "Page", "cursor", { limit: 100, after: "c" }],
      ["after: String", "Page", "cursor", { after: "c" }],
      ["limit: Int, offset: Int", "[WebhookReceiver!]", "offset", { limit: 100, offset: 7 }],
      ["first: Int, skip: Int", "Page", "offset", { first: 100, skip: 7 }],
      ["offset: Int", "[WebhookReceiver!]", "none", {}],
      ["limit: Int", "[WebhookReceiver!]", "none", {}],
      ["plant: ID", "Page", "none", {}],
    ])("pages through a list with (%s): %s by %s", (args, type, paging, variables) => {
      const sdl = `type Query { webhookReceivers(${args}): ${type} } ${NODE} ${CONNECTION}`;
      const list = shapesOf(sdl).receivers();
      expect(list.paging).toBe(paging);
      const next = { cursor: { after: "c" }, offset: { offset: 7 }, none: {} }[list.paging];
      expect(list.variables({ ...next, repeatsLast: false })).toEqual(variables);
      const first = Object.entries(variables).filter(([, value]) => value === 100);
      expect(list.variables(START)).toEqual(Object.fromEntries(first));
      expect(validate(buildSchema(sdl), parse(list.document))).toEqual([]);
    });

    it("cannot continue after an object if a list of pages has no place for its cursor", () => {
      const list = shapesOf(`type Query { webhookReceivers(first: Int): Page } ${NODE} ${CONNECTION}`).receivers();
      expect(list.paging).toBe("cursor");
      expect(list.variables(START)).toEqual({ first: 100 });
      expect(() => list.variables({ after: "c", repeatsLast: false })).toThrow(
        "ION's schema has no webhookReceivers.after.",
      );
    });

    it.each([
      [
        "{ edges { cursor node $NODE } pageInfo { hasNextPage } }",
        "edges: [Edge!] pageInfo: Info",
        "cursor: String node: WebhookReceiver",
      ],
      [
        "{ edges { node $NODE } pageInfo { hasNextPage endCursor } }",
        "edges: [Edge!] pageInfo: Info",
        "node: WebhookReceiver",
      ],
      ["{ edges { node $NODE } }", "edges: [Edge!]", "node: WebhookReceiver"],
      ["{ nodes $NODE pageInfo { hasNextPage endCursor } }", "nodes: [WebhookReceiver!] pageInfo: Info", "node: Int"],
      ["{ nodes $NODE }", "nodes: [WebhookReceiver!]", "node: Int"],
    ])("asks a page for %s", (selection, page, edge) => {
      const types = `type Page { ${page} } type Edge { ${edge} } type Info { hasNextPage: Boolean endCursor: String }`;
      const sdl = `type Query { webhookReceivers(first: Int): Page } ${NODE} ${types}`;
      expect(shapesOf(sdl).receivers().document).toContain(
        `webhookReceivers(first: $first) ${selection.replace("$NODE", SELECTION)}`,
      );
    });

    const created = mutationFor({ kind: "createReceiver", fields: { name: "a", webhookUri: "b" } });
    const deleted = mutationFor({ kind: "deleteReceiver", receiver: receiver() });
    const RECEIVER = "type WebhookReceiver { id: ID! name: String webhookUri: String }";
    const payloadOf = (mutation: typeof created | typeof deleted, payload: string) => {
      const args = mutation === created ? "name: String, webhookUri: String" : "id: ID";
      const sdl = `type Query { a: Int } type Mutation { ${mutation.field}(${args}): Payload } ${RECEIVER} ${payload}`;
      return shapesOf(sdl).rootField(mutation).selection;
    };

    it.each([
      ["{ webhookReceiver { id name webhookUri } }", "type Payload { webhookReceiver: WebhookReceiver }"],
      ["{ webhookReceiver: receiver { id name webhookUri } }", "type Payload { ok: Int receiver: WebhookReceiver }"],
      ["{ webhookReceiver: made { id name webhookUri } }", "type Payload { made: WebhookReceiver }"],
      ["{ id name webhookUri }", "type Payload { id: ID! name: String webhookUri: String }"],
      [
        "{ webhookReceiver { id name webhookUri } errors { message messages } }",
        "type Payload { webhookReceiver: WebhookReceiver errors: [E] } type E { message: String messages: [String] }",
      ],
      [
        "{ webhookReceiver { id name webhookUri } errors { __typename } }",
        "type Payload { webhookReceiver: WebhookReceiver errors: [E] } type E { code: Int }",
      ],
      [
        "{ webhookReceiver { id name webhookUri } errors }",
        "type Payload { webhookReceiver: WebhookReceiver errors: [String!]! }",
      ],
      [
        "{ webhookReceiver { id name webhookUri } }",
        "type Payload { webhookReceiver: WebhookReceiver errors: String }",
      ],
    ])("asks the answer to a creation for %s", (selection, payload) => {
      expect(payloadOf(created, payload)).toBe(selection);
    });

    it.each([
      ["", "scalar Payload"],
      ["{ id }", "type Payload { id: ID webhookReceiver: WebhookReceiver }"],
      ["{ __typename }", "type Payload { webhookReceiver: WebhookReceiver }"],
      ["{ __typename errors { message } }", "type Payload { x: Int errors: [E!] } type E { message: String }"],
    ])("asks the answer to a deletion for %j", (selection, payload) => {
      expect(payloadOf(deleted, payload)).toBe(selection);
    });

    it("cannot write a creation whose answer shows no receiver", () => {
      expect(() => payloadOf(created, "type Payload { ok: Int }")).toThrow(
        "ION's schema has no Payload.webhookReceiver.",
      );
    });
  });

  const IMPOSSIBLE: Record<string, [change: [string, string], Build]> = {
    "an optional argument is required": [["after: String\n", "after: String!\n"], list],
    "an unknown field of an input is required": [
      ["name: String!\n  webhookUri", "plant: ID!\n  name: String!\n  webhookUri"],
      guide,
    ],
    "an unknown argument of a mutation is required": [
      ["Input!): CreateWebhookReceiver\n", "Input!, plant: ID!): CreateWebhookReceiver\n"],
      guide,
    ],
    "the etag is required, and none is known": [["", ""], deletion],
    "the etag of an input is required, and none is known": [["", ""], update()],
    "an enum lacks a value": [["  RUNS\n", "  RUN\n"], subscription],
    "a mutation has another name": [["deleteWebhookReceiver(", "dropWebhookReceiver("], deletion],
  };

  it("says why an operation cannot be written", () => {
    const reasons = Object.entries(IMPOSSIBLE).map(([what, [change, build]]) => {
      try {
        return [what, buildWith(build, change).operation];
      } catch (error) {
        return [what, (error as Error).message.replace(DOCTOR, "[doctor hint]")];
      }
    });
    expect(Object.fromEntries(reasons)).toMatchInlineSnapshot(`
      {
        "a mutation has another name": "ION's schema has no deleteWebhookReceiver. [doctor hint]",
        "an enum lacks a value": "ResourceEnum has no value RUNS.",
        "an optional argument is required": "webhookReceivers requires after, which pulumi-ion does not send. [doctor hint]",
        "an unknown argument of a mutation is required": "createWebhookReceiver requires plant, which pulumi-ion does not send. [doctor hint]",
        "an unknown field of an input is required": "createWebhookReceiver requires plant, which pulumi-ion does not send. [doctor hint]",
        "the etag is required, and none is known": "deleteWebhookReceiver requires an etag (the version of an object), but ION's schema shows none for this object. [doctor hint]",
        "the etag of an input is required, and none is known": "updateWebhookReceiver requires an etag (the version of an object), but ION's schema shows none for this object. [doctor hint]",
      }
    `);
  });
});

describe("without a list of receivers", () => {
  const hide = ["webhookReceivers", "webhookReceiver", "webhookSubscriptions"];

  const creates: [string, (api: WebhookApi) => Promise<unknown>][] = [
    ["a receiver", (api) => webhookReceiver.create(api, { name: "a", webhookUri: `https://a.example/${CANARY}` })],
    [
      "a subscription",
      (api) => webhookSubscription.create(api, { receiverId: "1", resource: "RUNS", action: "UPDATE" }),
    ],
  ];

  it.each(creates)(
    "does not create %s twice after an unknown outcome if ION has no list of receivers",
    async (_what, create) => {
      const emulator = await start({ hide });
      emulator.store.createReceiver({ name: "erp", webhookUri: "https://erp.example" });
      const fetch = intercept(async ({ mutation }, pass) => {
        const answer = await pass();
        if (mutation) throw connectionReset();
        return answer;
      });
      const { kind, message, hints } = await failureOf(create(startRun(emulator, fetch).api));
      expect(kind).toBe("unknownOutcome");
      expect(hints.join()).toContain("check in ION");
      expect(mutationsIn(emulator)).toHaveLength(1);
      expect(message).not.toContain(CANARY);
    },
  );

  it("says that an unknown outcome cannot be verified, and what to do", async () => {
    const emulator = await start({ hide });
    const fetch = intercept(async ({ mutation }, pass) => (mutation ? Promise.reject(connectionReset()) : pass()));
    const { message } = await failureOf(
      startRun(emulator, fetch).api.apply({
        kind: "createReceiver",
        fields: { name: "a", webhookUri: "https://a.example" },
      }),
    );
    expect(message.replace(/in \d+ s/, "in 1 s")).toMatchInlineSnapshot(
      `"Could not create the webhook receiver "a". It is unknown whether ION applied it. Could not read ION's webhooks: ION's schema has no webhookReceivers. Tried 2 times in 1 s. Before you run \`pulumi up\` again, check in ION whether it was applied: if it was, \`pulumi up\` would apply it a second time. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs."`,
    );
  });

  it("says that a receiver cannot be imported without a list of receivers", async () => {
    const emulator = await start({ hide });
    const { message } = await failureOf(webhookReceiver.create(startRun(emulator).api, { name: "a", importId: "7" }));
    expect(message).toMatchInlineSnapshot(
      `"Could not read ION's webhooks: ION's schema has no webhookReceivers. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs."`,
    );
  });
});

it.each<[string, Fetch]>([
  ["the network", intercept(({ mutation }, pass) => (mutation ? pass() : Promise.reject(connectionReset())))],
  [
    "a missing permission",
    intercept(async ({ mutation }, pass) =>
      mutation
        ? pass()
        : Response.json({
            data: { webhookReceivers: null },
            errors: [{ message: "No permission", path: ["webhookReceivers"] }],
          }),
    ),
  ],
  [
    "a refusal that only sounds like a missing name",
    intercept(async ({ query }, pass) =>
      query.includes("hasNextPage }") || query.includes("hasNextPage\n")
        ? Response.json(
            { errors: [{ message: 'Cannot query field "webhookReceivers" on type "Query".' }] },
            { status: 400 },
          )
        : pass(),
    ),
  ],
])("creates nothing if the list cannot be read for another reason than the schema: %s", async (_what, fetch) => {
  const emulator = await start();
  const { subscription } = createRecorded(emulator);
  const { api } = startRun(emulator, fetch);
  await failureOf(webhookReceiver.create(api, { name: "a", webhookUri: "https://a.example" }));
  await failureOf(webhookSubscription.create(api, { ...subscription.inputs, resource: "ISSUES" }));
  expect(mutationsIn(emulator)).toEqual([]);
});

describe("the list of receivers", () => {
  it("accepts a list with neither hasNextPage nor cursors only if it has a single receiver", async () => {
    const emulator = await start({
      hide: ["PageInfo.hasNextPage", "PageInfo.endCursor", "WebhookReceiverEdge.cursor"],
    });
    createRecorded(emulator);
    expect((await startRun(emulator).api.receivers()).size).toBe(1);
    createRecorded(emulator);
    const { kind, message } = await failureOf(startRun(emulator).api.receivers());
    expect(kind).toBe("unsupported");
    expect(message).toMatchInlineSnapshot(
      `"Could not read ION's webhooks: its list has neither hasNextPage nor cursors, so it may be incomplete. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs."`,
    );
  });

  it("reads a list without hasNextPage until a page has nothing new", async () => {
    const emulator = await start({ hide: ["PageInfo.hasNextPage"] });
    for (let number = 1; number <= 201; number += 1) {
      emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://r.example/${number}` });
    }
    expect((await startRun(emulator).api.receivers()).size).toBe(201);
  });
});
