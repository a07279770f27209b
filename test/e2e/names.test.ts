import { expect, it } from "vitest";
import { makeProject } from "./project.ts";

const violet = (more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "https://violet.example/x", ${more} });`,
});

const NO_LIST =
  "Could not look at ION's webhooks: this ION's schema has no webhookReceivers. Run `npx pulumi-ion doctor`: it lists every name that differs.";

it("creates Violet's webhooks even if ION's list and etag have other names, and reports what is missing for the rest", async () => {
  const project = await makeProject({
    files: violet(),
    emulator: { hide: ["webhookReceivers", "WebhookReceiver._etag", "CreateWebhookSubscriptionInput"] },
  });
  const { store } = project.emulator;
  const counts = () => [store.listReceivers().length, store.listSubscriptions().length];
  const up = (...args: string[]) => project.pulumi("up", "--yes", "--skip-preview", "--stack", "test", ...args);

  const first = await project.up("--parallel", "64");
  expect(counts()).toEqual([1, 34]);
  expect(first).toContain(
    `${NO_LIST} The webhook receiver "Violet" is made without a look whether ION has it already.`,
  );
  expect(first).toContain("Subscriptions of webhook receiver 1 are made without a look whether ION has them already.");
  expect(first).toContain("This ION's schema has no WebhookReceiver._etag.");

  const second = await up();
  expect(second.code).not.toBe(0);
  expect(second.output).toContain(
    `${NO_LIST} Nothing is concluded from that. To go on without a look at ION, add --refresh=false to the command.`,
  );
  expect((await up("--refresh=false")).output).toContain("39 unchanged");

  // An update must read the etag first.
  await project.write(violet("active: false"));
  const changed = await up("--refresh=false");
  expect(changed.output).toContain(NO_LIST);
  const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--refresh=false", "--stack", "test");
  expect(destroyed.output).toContain(`${NO_LIST} Delete it in ION by hand, and have Pulumi forget it with`);
  expect(counts()).toEqual([1, 34]);
});
