import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { makeProject, type Project } from "./project.ts";

const violet = (more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "https://violet.example/x", ${more} });`,
});

const FIVE_RESOURCES = ["PARTS", "RUNS", "STEPS", "PLANS", "ISSUES"];

/** The requests since the last call: token requests, queries, and the mutations of each request. */
function takeRequests({ emulator }: Project) {
  const requests = emulator.requests.splice(0);
  const ofType = (type: string) => requests.filter(({ operation }) => operation?.type === type);
  return {
    tokens: requests.filter(({ kind }) => kind === "token").length,
    queries: ofType("query").length,
    batches: ofType("mutation").map(({ fields }) => fields.map(({ field }) => field)),
  };
}

/** The number of mutations in each request, with their name. */
const sizes = (batches: readonly (readonly string[])[]) =>
  batches.map((fields) => `${fields.length} ${[...new Set(fields)].join()}`);

// A batch is sent when the engine goes idle, so a machine that stalls for a moment may split one: retry.
describe.each(CARRIERS)("requests (%s)", { retry: 4 }, (carrier) => {
  it("each command reads one snapshot and sends one batch of each kind of mutation", async () => {
    const project = await makeProject({ carrier, files: violet() });
    const wide = ["--parallel", "64"];

    await project.up(...wide);
    const up = takeRequests(project);
    expect(up).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(up.batches)).toEqual(["1 createWebhookReceiver", "34 createWebhookSubscription"]);

    await project.preview("--expect-no-changes");
    expect(takeRequests(project)).toEqual({ tokens: 1, queries: 1, batches: [] });

    const { store } = project.emulator;
    for (const { id } of store.listSubscriptions().slice(0, 5)) store.deleteSubscription(id);
    await project.up(...wide);
    const repair = takeRequests(project);
    expect(repair).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(repair.batches)).toEqual(["5 createWebhookSubscription"]);

    // Five subscriptions are deleted, five others created.
    const five = (action: string) =>
      JSON.stringify(Object.fromEntries(FIVE_RESOURCES.map((resource) => [resource, [action]])));
    await project.write({
      "index.js": `const ion = require("pulumi-ion");
        const violet = new ion.VioletWebhooks("violet", { webhookUri: "https://violet.example/x", exclude: ${five("UPDATE")} });
        new ion.WebhookSubscriptions("more", { receiverId: violet.receiver.id, subscriptions: ${five("DELETE")} });`,
    });
    await project.up(...wide);
    const change = takeRequests(project);
    expect(change).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(change.batches)).toEqual(["5 createWebhookSubscription", "5 deleteWebhookSubscription"]);

    const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test", ...wide);
    expect(destroyed.code, destroyed.output).toBe(0);
    const destroy = takeRequests(project);
    expect(destroy).toMatchObject({ tokens: 1, queries: 1 });
    expect(sizes(destroy.batches)).toEqual(["34 deleteWebhookSubscription", "1 deleteWebhookReceiver"]);
  });

  it("up with the default parallelism sends at most eight requests", async () => {
    const project = await makeProject({ carrier, files: violet() });
    await project.up();
    const { tokens, queries, batches } = takeRequests(project);
    expect(tokens).toBe(1);
    expect(queries + batches.length).toBeLessThanOrEqual(8);
  });
});
