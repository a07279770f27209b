import { describe, expect, it } from "vitest";
import { makeProject, type Project } from "./project.ts";

const violet = (more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "https://violet.example/x", ${more} });`,
});

const FIVE = ["PARTS", "RUNS", "STEPS", "PLANS", "ISSUES"];

/** What was sent since last asked: tokens, queries, and the mutations of each request. */
function sent({ emulator }: Project) {
  const requests = emulator.requests.splice(0);
  const ofType = (type: string) => requests.filter(({ operation }) => operation?.type === type);
  return {
    tokens: requests.filter(({ kind }) => kind === "token").length,
    queries: ofType("query").length,
    batches: ofType("mutation").map(({ fields }) => fields.map(({ field }) => field)),
  };
}

/** How many mutations each request had, by the name that all of them share. */
const sizes = (batches: readonly (readonly string[])[]) =>
  batches.map((fields) => `${fields.length} ${[...new Set(fields)].join()}`);

// What belongs together is told by pauses; a machine that stops for a moment may split one batch. That is no failure yet.
describe("one snapshot and few writes: the requests of", { retry: 2 }, () => {
  it("up, a clean preview, drift repair, a change of 10 pairs, and destroy", async () => {
    const project = await makeProject({ files: violet() });
    const wide = ["--parallel", "64"];

    await project.up(...wide);
    const up = sent(project);
    expect(up).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(up.batches)).toEqual(["1 createWebhookReceiver", "34 createWebhookSubscription"]);

    await project.preview("--expect-no-changes");
    expect(sent(project)).toEqual({ tokens: 1, queries: 1, batches: [] });

    const { store } = project.emulator;
    for (const { id } of store.listSubscriptions().slice(0, 5)) store.deleteSubscription(id);
    await project.up(...wide);
    const repair = sent(project);
    expect(repair).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(repair.batches)).toEqual(["5 createWebhookSubscription"]);

    // Five pairs go, five others come.
    const five = (action: string) => JSON.stringify(Object.fromEntries(FIVE.map((resource) => [resource, [action]])));
    await project.write({
      "index.js": `const ion = require("pulumi-ion");
        const violet = new ion.VioletWebhooks("violet", { webhookUri: "https://violet.example/x", exclude: ${five("UPDATE")} });
        new ion.WebhookSubscriptions("more", { receiverId: violet.receiver.id, subscriptions: ${five("DELETE")} });`,
    });
    await project.up(...wide);
    const change = sent(project);
    expect(change).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(change.batches)).toEqual(["5 createWebhookSubscription", "5 deleteWebhookSubscription"]);

    const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test", ...wide);
    expect(destroyed.code, destroyed.output).toBe(0);
    const destroy = sent(project);
    expect(destroy).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(destroy.batches)).toEqual(["34 deleteWebhookSubscription", "1 deleteWebhookReceiver"]);
  });

  it("up at the engine's own parallelism", async () => {
    const project = await makeProject({ files: violet() });
    await project.up();
    const { tokens, queries, batches } = sent(project);
    expect(tokens).toBe(1);
    expect(queries + batches.length).toBeLessThanOrEqual(8);
  });
});
