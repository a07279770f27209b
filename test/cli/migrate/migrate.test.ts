import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { migrateState } from "../../../provider/src/cli/migrate/state.ts";
import type { Carrier } from "../../../provider/src/model/resourceTypes.ts";
import { cli, folder } from "../run.ts";

const BASE = "urn:pulumi:dev::shop";
const NODE = `${BASE}::pulumi:providers:pulumi-nodejs::default`;
const TYPE = "pulumi-nodejs:dynamic/ion:WebhookReceiver";
const ERP = `${BASE}::${TYPE}::erp`;

const stack = { urn: `${BASE}::pulumi:pulumi:Stack::shop-dev`, type: "pulumi:pulumi:Stack" };
const provider = { urn: NODE, type: "pulumi:providers:pulumi-nodejs", id: "p1" };
const erp = {
  urn: ERP,
  type: TYPE,
  id: "2",
  provider: `${NODE}::p1`,
  inputs: { name: "erp", __provider: "code" },
  outputs: { name: "erp", __provider: "code", ionEndpoint: "https://ion.example" },
  propertyDependencies: { __provider: [], name: [] },
};
const parts = {
  urn: `${BASE}::ion:index:WebhookSubscriptions$pulumi-nodejs:dynamic/ion:WebhookSubscription::parts`,
  type: "pulumi-nodejs:dynamic/ion:WebhookSubscription",
  id: "7",
  provider: `${NODE}::p1`,
  dependencies: [ERP],
  inputs: { receiverId: "2" },
  outputs: { receiverId: "2" },
};
const child = { urn: `${BASE}::${TYPE}$aws:sns/topic:Topic::t`, type: "aws:sns/topic:Topic", id: "t", parent: ERP };

type Moved = { deployment: { resources: Record<string, unknown>[] } };
const migrate = (resources: object[], to: Carrier = "plugin") => {
  const { state, moved } = migrateState({ version: 3, deployment: { resources } }, to);
  return { moved, resources: (state as Moved).deployment.resources };
};

describe("migrateState", () => {
  it("moves types, URNs and every reference to them, and drops the code", () => {
    const { moved, resources } = migrate([stack, provider, erp, parts, child]);
    expect(moved).toBe(2);
    const [, ion, receiver, subscription, topic] = resources;
    expect(ion).toMatchObject({ urn: `${BASE}::pulumi:providers:ion::default`, type: "pulumi:providers:ion" });
    const reference = `${ion?.urn}::${ion?.id}`;
    expect(receiver).toEqual({
      ...erp,
      urn: `${BASE}::ion:index:WebhookReceiver::erp`,
      type: "ion:index:WebhookReceiver",
      provider: reference,
      inputs: { name: "erp" },
      outputs: { name: "erp", ionEndpoint: "https://ion.example" },
      propertyDependencies: { name: [] },
    });
    expect(subscription).toMatchObject({
      urn: `${BASE}::ion:index:WebhookSubscriptions$ion:index:WebhookSubscription::parts`,
      provider: reference,
      dependencies: [receiver?.urn],
    });
    expect(topic).toMatchObject({
      urn: `${BASE}::ion:index:WebhookReceiver$aws:sns/topic:Topic::t`,
      parent: receiver?.urn,
    });
    expect(resources).toHaveLength(5);
  });

  it("moves back to what it was, with the reference to the package as code", () => {
    const there = migrate([stack, provider, erp, parts, child]).resources;
    const { resources } = migrate(there, "dynamic");
    const [, node, receiver] = resources;
    expect(node).toMatchObject({ urn: NODE });
    const code = 'exports.handler = () => require("pulumi-ion/dynamic").webhookReceiver';
    expect(receiver).toMatchObject({ urn: ERP, type: TYPE, inputs: { name: "erp", __provider: code } });
    expect(resources.map(({ urn }) => urn)).toEqual([stack, provider, erp, parts, child].map(({ urn }) => urn));
  });

  it("keeps the provider of other dynamic resources", () => {
    const other = {
      ...parts,
      urn: `${BASE}::pulumi-nodejs:dynamic:Resource::x`,
      type: "pulumi-nodejs:dynamic:Resource",
    };
    const { resources } = migrate([stack, provider, erp, other]);
    expect(resources.map(({ urn }) => urn)).toContain(NODE);
  });

  it("moves the resources of a connection to a provider with its name, and back", () => {
    const staging = {
      ...erp,
      urn: `${BASE}::${TYPE}::staging-erp`,
      inputs: { ...erp.inputs, connection: "staging" },
      outputs: { ...erp.outputs, connection: "staging" },
    };
    const there = migrate([stack, provider, erp, staging]).resources;
    const named = there.find(({ urn }) => urn === `${BASE}::pulumi:providers:ion::staging`);
    expect(named).toMatchObject({ type: "pulumi:providers:ion", custom: true, id: expect.stringMatching(/./) });
    const moved = there.find(({ urn }) => String(urn).endsWith("::staging-erp"));
    expect(moved).toMatchObject({ provider: `${named?.urn}::${named?.id}`, inputs: { name: "erp" } });
    expect(JSON.stringify([moved?.inputs, moved?.outputs])).not.toContain("connection");
    expect(there.map(({ urn }) => urn)).not.toContain(NODE);
    const { resources } = migrate(there, "dynamic");
    expect(resources.map(({ urn }) => urn)).toEqual([stack, provider, erp, staging].map(({ urn }) => urn));
    for (const values of [resources[3]?.inputs, resources[3]?.outputs]) {
      expect(values).toMatchObject({ connection: "staging" });
    }
    expect(JSON.stringify(resources[2])).not.toContain("connection");
  });

  it("keeps every key, also one named __proto__", () => {
    const headers = JSON.parse('{"__proto__": "secret"}') as object;
    const { resources } = migrate([stack, provider, { ...erp, inputs: { headers } }]);
    expect(JSON.stringify(resources.at(-1)?.inputs)).toBe('{"headers":{"__proto__":"secret"}}');
  });

  it.each<[string, object]>([
    ["of a connection that is no name", { deployment: { resources: [{ ...erp, outputs: { connection: "A B" } }] } }],
    ["of an interrupted update", { deployment: { resources: [erp], pending_operations: [{}] } }],
    ["in a file of another kind", { resources: [erp] }],
  ])("refuses resources %s", (_title, exported) => {
    expect(() => migrateState(exported, "plugin")).toThrow(expect.objectContaining({ kind: "config" }));
  });
});

describe("pulumi-ion migrate", () => {
  it("changes the file in place, and leaves it as it is if nothing can be moved", async () => {
    const cwd = await folder();
    const file = join(cwd, "stack.json");
    await writeFile(file, JSON.stringify({ version: 3, deployment: { resources: [stack, provider, erp] } }));
    const run = () => cli(["migrate", "stack.json", "--to", "plugin"], { cwd, env: {} });
    expect(await run()).toMatchObject({
      code: 0,
      out: "1 resource moved in stack.json. Run `pulumi stack import --file stack.json`.",
    });
    const written = await readFile(file, "utf8");
    expect(written).toContain("ion:index:WebhookReceiver::erp");
    expect((await run()).out).toContain("Nothing to move");
    expect(await readFile(file, "utf8")).toBe(written);
    await writeFile(file, "{");
    expect(await run()).toMatchObject({ code: 1, err: expect.stringContaining("is not JSON") });
  });
});
