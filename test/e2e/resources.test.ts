import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { makeProject, testLifecycle } from "./project.ts";

const program = (body: string) => ({
  "index.js": `const pulumi = require("@pulumi/pulumi");\nconst ion = require("pulumi-ion");\n${body}`,
});

const URL_A = "https://events.example/a-canary-9f31c2";

describe("the whole lifecycle", () => {
  it("works for a WebhookReceiver with every input", async () => {
    const project = await makeProject({
      files: program(`new ion.WebhookReceiver("erp", {
        name: "ERP", webhookUri: "${URL_A}", description: "to the ERP", contentType: "application/json",
        expectedResponseCode: 202, active: true, sharedSecret: "shared-canary", headers: { "X-Plant": "7", "X-Line": "canary-b" },
      });`),
    });
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => {
        const [receiver] = store.listReceivers();
        expect(receiver).toMatchObject({
          name: "ERP",
          webhookUri: URL_A,
          description: "to the ERP",
          contentType: "application/json",
          expectedResponseCode: 202,
          active: true,
          sharedSecret: "shared-canary",
        });
        const headers = store.listHeaders(receiver?.id).map(({ key, value }) => [key, value]);
        expect(headers.sort()).toEqual([
          ["X-Line", "canary-b"],
          ["X-Plant", "7"],
        ]);
      },
      changeOutside: () => {
        const [receiver] = store.listReceivers();
        const [first] = store.listHeaders();
        store.updateReceiver(receiver?.id ?? "", {
          name: "renamed",
          webhookUri: "https://elsewhere.example/",
          description: "by hand",
          contentType: "text/plain",
          expectedResponseCode: 200,
          active: false,
          sharedSecret: "another",
        });
        store.deleteHeader(first?.id ?? "");
        store.createHeader({ key: "X-Extra", value: "by hand", receiverId: receiver?.id });
      },
      drift: [
        '~ name: "renamed" => "ERP"',
        '~ description: "by hand" => "to the ERP"',
        '~ contentType: "text/plain" => "application/json"',
        "~ expectedResponseCode: 200 => 202",
        "~ active: false => true",
        '"webhookUri"',
        '"sharedSecret"',
        '"header X-Extra was added"',
        /"header X-(Plant|Line) was removed"/,
        "~ 1 to update",
      ],
    });
  });

  it("works for a WebhookReceiver with no optional input", async () => {
    const project = await makeProject({
      files: program(`new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });`),
    });
    const { store } = project.emulator;
    let secret: string | undefined;
    await testLifecycle(project, {
      expectCreated: () => {
        const [receiver] = store.listReceivers();
        secret ??= receiver?.sharedSecret;
        expect(receiver).toMatchObject({
          name: "erp",
          description: expect.toSatisfy((text) => !text),
          contentType: "application/json",
          expectedResponseCode: 200,
          active: true,
          sharedSecret: secret,
        });
        expect(store.listHeaders()).toEqual([]);
      },
      changeOutside: () => {
        const [receiver] = store.listReceivers();
        store.updateReceiver(receiver?.id ?? "", { description: "by hand", active: false, contentType: "text/plain" });
        store.createHeader({ key: "X-Extra", value: "by hand", receiverId: receiver?.id });
      },
      drift: [
        '- description: "by hand"',
        '~ contentType: "text/plain" => "application/json"',
        "~ active: false => true",
        '"header X-Extra was added"',
      ],
    });
  });

  it("works for a WebhookSubscription", async () => {
    const project = await makeProject({
      files: program(`const receiver = new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });
        new ion.WebhookSubscription("parts", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });
        new ion.WebhookSubscription("runs", { receiverId: receiver.id, resource: "RUNS", action: "DELETE" });`),
    });
    const { store } = project.emulator;
    const events = () => store.listSubscriptions().map(({ resource, action }) => `${resource} ${action}`);
    await testLifecycle(project, {
      expectCreated: () => expect(events().sort()).toEqual(["PARTS UPDATE", "RUNS DELETE"]),
      changeOutside: () => {
        for (const { id, resource } of store.listSubscriptions()) {
          if (resource === "PARTS") store.deleteSubscription(id);
          else store.updateSubscription(id, { action: "CREATE" });
        }
      },
      drift: [
        /\+ pulumi-nodejs:dynamic\/ion:WebhookSubscription: \(create\)[^+]*::parts\]/,
        '~ action: "CREATE" => "DELETE"',
      ],
    });
  });

  it("works for WebhookSubscriptions", async () => {
    const project = await makeProject({
      files: program(`const receiver = new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });
        const set = new ion.WebhookSubscriptions("erp", {
          receiverId: receiver.id, subscriptions: { RUNS: ["CREATE", "UPDATE"], ISSUES: ["CREATE"] } });
        exports.ids = set.ids;`),
    });
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => expect(store.listSubscriptions()).toHaveLength(3),
      changeOutside: () => store.deleteSubscription(store.listSubscriptions()[0]?.id ?? ""),
      drift: [/\(create\)\s+\[urn=.*::erp-[A-Z]+-[A-Z]+\]/, "+ 1 to create"],
    });
  });

  it("works for VioletWebhooks, Violet's whole guide", async () => {
    const project = await makeProject({
      files: program(`new ion.VioletWebhooks("violet", { webhookUri: "${URL_A}" });`),
    });
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => {
        expect(store.listReceivers()).toMatchObject([{ name: "Violet", webhookUri: URL_A }]);
        const events = new Set(store.listSubscriptions().map(({ resource, action }) => `${resource}-${action}`));
        expect([events.size, store.listSubscriptions().length]).toEqual([34, 34]);
      },
      changeOutside: () => {
        const parts = store
          .listSubscriptions()
          .find(({ resource, action }) => resource === "PARTS" && action === "UPDATE");
        store.deleteSubscription(parts?.id ?? "");
        store.updateReceiver(store.listReceivers()[0]?.id ?? "", { active: false });
      },
      drift: ["violet-PARTS-UPDATE", "~ active: false => true", "+ 1 to create", "~ 1 to update"],
    });
  });
});

describe.each(CARRIERS)("an update of every input (%s)", (carrier) => {
  it("changes every input of a receiver in place, and only the changed headers", async () => {
    const project = await makeProject({
      carrier,
      files: program(
        `new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}", headers: { "X-Keep": "1", "X-Change": "2", "X-Drop": "3" } });`,
      ),
    });
    const { store, requests } = project.emulator;
    await project.up();
    const before = store.listReceivers()[0];
    const kept = store.listHeaders().find(({ key }) => key === "X-Keep");
    requests.length = 0;

    await project.write(
      program(`new ion.WebhookReceiver("erp", {
        name: "ERP 2", webhookUri: "https://events.example/two", description: "two", contentType: "text/plain",
        expectedResponseCode: 201, active: false, sharedSecret: "secret-two", headers: { "X-Keep": "1", "X-Change": "22", "X-Add": "4" } });`),
    );
    await project.up();

    expect(store.listReceivers()).toMatchObject([
      {
        id: before?.id,
        name: "ERP 2",
        webhookUri: "https://events.example/two",
        description: "two",
        contentType: "text/plain",
        expectedResponseCode: 201,
        active: false,
        sharedSecret: "secret-two",
      },
    ]);
    const headers = Object.fromEntries(store.listHeaders(before?.id).map(({ key, value }) => [key, value]));
    expect(headers).toEqual({ "X-Keep": "1", "X-Change": "22", "X-Add": "4" });
    expect(store.findHeader(kept?.id ?? "")).toEqual(kept);
    const sent = requests.flatMap((request) => (request.operation?.type === "mutation" ? request.fields : []));
    expect(sent.map(({ field }) => field).sort()).toEqual([
      "createWebhookHeader",
      "deleteWebhookHeader",
      "updateWebhookHeader",
      "updateWebhookReceiver",
    ]);
    await project.preview("--expect-no-changes");
  });
});

describe("an update", () => {
  it("creates the new subscription before it deletes the old one", async () => {
    const subscription = (action: string) =>
      program(`const receiver = new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });
        new ion.WebhookSubscription("parts", { receiverId: receiver.id, resource: "PARTS", action: "${action}" });`);
    const project = await makeProject({ files: subscription("CREATE") });
    await project.up();
    project.emulator.requests.length = 0;
    await project.write(subscription("UPDATE"));
    await project.up();
    const sent = project.emulator.requests.flatMap(({ fields, operation }) =>
      operation?.type === "mutation" ? fields : [],
    );
    expect(sent.map(({ field }) => field)).toEqual(["createWebhookSubscription", "deleteWebhookSubscription"]);
    expect(project.emulator.store.listSubscriptions()).toMatchObject([{ resource: "PARTS", action: "UPDATE" }]);
  });

  it("changes nothing in ION if only resource names change", async () => {
    const programWith = (receiver: string, parts: string) =>
      program(`const receiver = new ion.WebhookReceiver("${receiver}", { name: "ERP", webhookUri: "${URL_A}" });
        new ion.WebhookSubscription("${parts}", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });`);
    const project = await makeProject({ files: programWith("one", "parts") });
    await project.up();
    const before = project.emulator.store.state();
    await project.write(programWith("two", "components"));
    await project.up();
    expect(project.emulator.store.state()).toEqual(before);
    await project.preview("--expect-no-changes");
  });
});

describe("VioletWebhooks", () => {
  it("subscribes to the selected resources and actions without the excluded ones", async () => {
    const project = await makeProject({
      files: program(`new ion.VioletWebhooks("violet", { webhookUri: "${URL_A}", name: "Ours",
        resources: ["PARTS", "RUNS"], actions: ["CREATE", "UPDATE", "DELETE"], exclude: { RUNS: ["DELETE"] } });`),
    });
    const printed = await project.up();
    const { store } = project.emulator;
    expect(store.listReceivers()).toMatchObject([{ name: "Ours" }]);
    expect(
      store
        .listSubscriptions()
        .map(({ resource, action }) => `${resource}-${action}`)
        .sort(),
    ).toEqual(["PARTS-CREATE", "PARTS-DELETE", "PARTS-UPDATE", "RUNS-CREATE", "RUNS-UPDATE"]);
    expect(printed).not.toContain("warning");
  });

  it("warns once of an event that ION never sends", async () => {
    const project = await makeProject({
      files: program(`new ion.VioletWebhooks("violet", { webhookUri: "${URL_A}" });`),
    });
    const output = await project.preview();
    expect(output.match(/no event when a purchase order line is created/g)).toHaveLength(1);
  });
});
