/** Runs that see only a part of the stack: every receiver depends on itself alone. */
import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { makeProject, type Project } from "./project.ts";

/** A receiver with one subscription, which deletes unmanaged ones. */
const set = (name: string, options = "{}") => `
const ${name} = new ion.WebhookReceiver("${name}", { webhookUri: "https://hooks.example/${name}" }, ${options});
new ion.WebhookSubscriptions("${name}", { receiver: ${name}, subscriptions: { PARTS: ["UPDATE"] }, unmanaged: "delete" }, ${options});`;
const program = (...sets: string[]) => ({ "index.js": `const ion = require("pulumi-ion");\n${sets.join("\n")}` });

const namesIn = ({ emulator }: Project) => emulator.store.listReceivers().map(({ name }) => name);
const subscriptionsIn = ({ emulator }: Project) =>
  emulator.store.listSubscriptions().map(({ receiverId, resource }) => `${receiverId} ${resource}`);

describe.each(CARRIERS)("%s", (carrier) => {
  describe("with erp in the stack and crm new in the program", () => {
    async function withErp(): Promise<Project> {
      const project = await makeProject({ files: program(set("erp")), carrier });
      await project.up();
      await project.write(program(set("erp"), set("crm")));
      return project;
    }

    it("previews and updates erp alone, and deletes what an up has reported", async () => {
      const project = await withErp();
      project.emulator.store.createSubscription({ receiverId: "1", resource: "STEPS", action: "UPDATE" });
      expect(await project.up("--target", "**::erp*")).toContain("`pulumi up` does not delete STEPS UPDATE (id 2) yet");
      const preview = await project.preview("--target", "**::erp*");
      expect(preview).toMatch(/\+ deleting *: \[\s*\+ *\[0\]: "STEPS UPDATE \(id 2\)"/);
      expect(preview).not.toContain("crm");
      expect(await project.up("--exclude", "**::crm*")).toContain(
        'Deleted subscriptions of receiver "erp" (id 1): STEPS UPDATE (id 2).',
      );
      expect(namesIn(project)).toEqual(["erp"]);
      expect(subscriptionsIn(project)).toEqual(["1 PARTS"]);
      await project.up();
      expect(subscriptionsIn(project)).toEqual(["1 PARTS", "2 PARTS"]);
      await project.preview("--expect-no-changes");
    });

    it("explains why a subscription cannot be created without its receiver", async () => {
      const project = await withErp();
      const { code, output } = await project.pulumi(
        "up",
        "--yes",
        "--skip-preview",
        "--target",
        "**::crm-PARTS-UPDATE",
      );
      expect(code, output).not.toBe(0);
      expect(output).toContain("add the webhook receiver to it, or run `pulumi up` for the whole stack");
      expect(namesIn(project)).toEqual(["erp"]);
    });

    it("finishes erp if crm fails and --continue-on-error is set", async () => {
      const project = await withErp();
      project.emulator.store.deleteSubscription("1");
      project.emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
      const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--continue-on-error");
      expect(code, output).not.toBe(0);
      expect(output).toContain('ION did not create the webhook receiver "crm"');
      expect(output).not.toMatch(/property declared|erp-unmanaged.*error/);
      expect(subscriptionsIn(project)).toEqual(["1 PARTS"]);
      project.emulator.settings.deniedPermissions.clear();
      await project.up();
      expect(subscriptionsIn(project)).toEqual(["1 PARTS", "2 PARTS"]);
    });
  });

  it("destroys everything that is not protected", async () => {
    const project = await makeProject({ files: program(set("erp"), set("crm", "{ protect: true }")), carrier });
    await project.up();
    const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    expect(code, output).toBe(0);
    expect(namesIn(project)).toEqual(["crm"]);
  });

  it("moves one receiver with its subscriptions to another stack", async () => {
    const project = await makeProject({ files: program(set("erp"), set("crm")), carrier });
    await project.up();
    const urns = (await project.resources()).flatMap(({ urn }) => (/::crm/.test(urn) ? [urn] : []));
    expect((await project.pulumi("stack", "init", "other", "--no-select")).code).toBe(0);
    const { code, output } = await project.pulumi(
      "state",
      "move",
      "--yes",
      "--source",
      "test",
      "--dest",
      "other",
      ...urns,
    );
    expect(code, output).toBe(0);
    expect(output).not.toMatch(/erp/);
    await project.write(program(set("erp")));
    await project.preview("--expect-no-changes");
  });
});
