import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeProject, type Project } from "./project.ts";

const CANARIES = ["canary-url-1", "canary-shared-2", "canary-header-3", "canary-added-4", "emulator-secret"];

const program = (description: string) => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.WebhookReceiver("erp", {
      webhookUri: "https://events.example/canary-url-1", sharedSecret: "canary-shared-2",
      headers: { "X-Key": "canary-header-3" }, description: "${description}" });
    new ion.WebhookReceiver("plain", { webhookUri: "https://plain.example/canary-url-1b" });`,
});

/** Every file that Pulumi keeps for the stack: state, its backups and its history. */
async function stateFiles(project: Project): Promise<string> {
  const folder = join(project.dir, "state");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

describe("secrets that the program hands over in plain", () => {
  it("are ciphertext in the state and absent from what is printed, through up, drift, update and destroy", async () => {
    const project = await makeProject({ files: program("one") });
    const { store } = project.emulator;
    const printed = [await project.up(), await project.preview()];
    for (const { id } of store.listReceivers()) {
      store.createHeader({ key: "X-Added", value: "canary-added-4", receiverId: id });
    }
    printed.push(await project.preview());
    printed.push((await project.pulumi("refresh", "--yes", "--skip-preview", "--stack", "test")).output);
    await project.write(program("two"));
    printed.push(await project.up("--diff"));
    const exported = JSON.stringify(await project.resources());
    const generated = store.listReceivers().map(({ sharedSecret }) => sharedSecret);
    printed.push((await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")).output);

    const everywhere = `${exported}\n${await stateFiles(project)}\n${printed.join("\n")}`;
    for (const canary of [...CANARIES, ...generated]) expect(everywhere).not.toContain(canary);
  });

  it("are ciphertext also where a receiver is only partly made", async () => {
    const project = await makeProject({ files: program("one") });
    const { settings, store } = project.emulator;
    settings.deniedPermissions.add("CreateWebhookHeader");
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toContain("add the header X-Key");
    expect(output).toContain("CreateWebhookHeader");
    const exported = await project.resources();
    expect(exported.find(({ urn }) => urn.endsWith("::erp"))?.initErrors).toHaveLength(1);
    for (const canary of CANARIES) {
      expect(JSON.stringify(exported)).not.toContain(canary);
      expect(output).not.toContain(canary);
    }
    settings.deniedPermissions.clear();
    await project.up();
    expect(store.listReceivers()).toHaveLength(2);
    expect(store.listHeaders()).toMatchObject([{ key: "X-Key", value: "canary-header-3" }]);
    await project.preview("--expect-no-changes");
  });
});

describe("__provider", () => {
  it("is at most 200 bytes, in inputs and outputs, and names this package's code", async () => {
    const project = await makeProject({ files: program("one") });
    await project.up();
    const texts = (await project.resources()).flatMap(({ inputs, outputs }) => [inputs, outputs]);
    const ours = texts.flatMap((properties) => (properties?.__provider ? [String(properties.__provider)] : []));
    expect(ours).toHaveLength(4);
    for (const text of ours) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200);
      expect(text).toContain('require("pulumi-ion/dynamic")');
    }
  });
});
