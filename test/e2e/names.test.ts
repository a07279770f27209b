import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeProject, ROOT } from "./project.ts";

const violet = (more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "https://violet.example/x", ${more} });`,
});

const NO_LIST =
  "Could not read ION's webhooks: ION's schema has no webhookReceivers. Run `npx --no-install pulumi-ion doctor`: it lists every name that differs.";

it("creates Violet's webhooks even if ION's list and etag have other names, and reports what is missing for the rest", async () => {
  const project = await makeProject({
    files: violet(),
    emulator: {
      hide: [
        "webhookReceivers",
        "webhookReceiver",
        "webhookSubscriptions",
        "WebhookReceiver._etag",
        "CreateWebhookSubscriptionInput",
      ],
    },
  });
  const { store } = project.emulator;
  const counts = () => [store.listReceivers().length, store.listSubscriptions().length];
  const up = (...args: string[]) => project.pulumi("up", "--yes", "--skip-preview", "--stack", "test", ...args);

  const first = await project.up("--parallel", "64");
  expect(counts()).toEqual([1, 34]);
  expect(first).toContain(
    `${NO_LIST} The webhook receiver "Violet" is created without checking whether ION already has it.`,
  );
  expect(first).toContain(
    "Subscriptions of webhook receiver 1 are created without checking whether ION already has them.",
  );
  expect(first).toContain("ION's schema lacks WebhookReceiver._etag.");

  const second = await up();
  expect(second.code).not.toBe(0);
  expect(second.output).toContain(`${NO_LIST} To continue without reading ION, add --refresh=false to`);
  expect((await up("--refresh=false")).output).toContain("39 unchanged");

  // An update must read the etag first.
  await project.write(violet("active: false"));
  const changed = await up("--refresh=false");
  expect(changed.output).toContain(NO_LIST);
  const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--refresh=false", "--stack", "test");
  expect(destroyed.output).toContain(
    `${NO_LIST} Delete the object in ION yourself, then remove it from the stack with`,
  );
  expect(counts()).toEqual([1, 34]);
});

it("manages webhooks in an ION of another shape, with another token path and token scheme, and leaves nothing in it", async () => {
  const schema = readFileSync(join(ROOT, "test/schemas/headersAttached.graphql"), "utf8");
  const project = await makeProject({
    files: violet('headers: { "X-Key": "a-secret-key" }'),
    emulator: { schema, hide: ["webhookReceivers"], tokenPath: "/auth/realms", authorization: "bare" },
  });
  const { store, url } = project.emulator;
  const setUp = await project.pulumi("config", "set", "ion:authUrl", url, "--stack", "test");
  expect(setUp.code, setUp.output).toBe(0);

  await project.up();
  expect(store.listHeaders("1")).toMatchObject([{ key: "X-Key", value: "a-secret-key" }]);
  expect(await project.preview("--expect-no-changes")).toContain("reads those of this stack one by one");

  store.deleteSubscription("2");
  await project.write(violet('headers: { "X-Other": "another-key" }'));
  await project.up();
  expect(store.listSubscriptions()).toHaveLength(34);
  expect(store.listHeaders()).toMatchObject([{ key: "X-Other", value: "another-key" }]);

  const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test");
  expect(destroyed.code, destroyed.output).toBe(0);
  expect(store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
});
