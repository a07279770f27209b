import { describe, expect, it } from "vitest";
import { live, makeProject } from "./project.ts";

const program = (body: string) => ({
  "index.js": `const pulumi = require("@pulumi/pulumi");\nconst ion = require("pulumi-ion");\n${body}`,
});

const URL_A = "https://events.example/a-canary-9f31c2";

describe("the life of", () => {
  it("a WebhookReceiver with every input", async () => {
    const project = await makeProject({
      files: program(`new ion.WebhookReceiver("erp", {
        name: "ERP", webhookUri: "${URL_A}", description: "to the ERP", contentType: "application/json",
        expectedResponseCode: 202, active: true, sharedSecret: "shared-canary", headers: { "X-Plant": "7", "X-Line": "canary-b" },
      });`),
    });
    const { store } = project.emulator;
    await live(project, {
      made: () => {
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
      outside: () => {
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
      shown: [
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

  it("a WebhookReceiver that leaves everything to ION", async () => {
    const project = await makeProject({
      files: program(`new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });`),
    });
    const { store } = project.emulator;
    let secret: string | undefined;
    await live(project, {
      made: () => {
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
      outside: () => {
        const [receiver] = store.listReceivers();
        store.updateReceiver(receiver?.id ?? "", { description: "by hand", active: false, contentType: "text/plain" });
        store.createHeader({ key: "X-Extra", value: "by hand", receiverId: receiver?.id });
      },
      shown: [
        '- description: "by hand"',
        '~ contentType: "text/plain" => "application/json"',
        "~ active: false => true",
        '"header X-Extra was added"',
      ],
    });
  });

  it("a WebhookSubscription", async () => {
    const project = await makeProject({
      files: program(`const receiver = new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });
        new ion.WebhookSubscription("parts", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });
        new ion.WebhookSubscription("runs", { receiverId: receiver.id, resource: "RUNS", action: "DELETE" });`),
    });
    const { store } = project.emulator;
    const pairs = () => store.listSubscriptions().map(({ resource, action }) => `${resource} ${action}`);
    await live(project, {
      made: () => expect(pairs().sort()).toEqual(["PARTS UPDATE", "RUNS DELETE"]),
      outside: () => {
        for (const { id, resource } of store.listSubscriptions()) {
          if (resource === "PARTS") store.deleteSubscription(id);
          else store.updateSubscription(id, { action: "CREATE" });
        }
      },
      shown: [
        /\+ pulumi-nodejs:dynamic\/ion:WebhookSubscription: \(create\)[^+]*::parts\]/,
        '~ action: "CREATE" => "DELETE"',
      ],
    });
  });

  it("a WebhookSubscriptions", async () => {
    const project = await makeProject({
      files: program(`const receiver = new ion.WebhookReceiver("erp", { webhookUri: "${URL_A}" });
        const set = new ion.WebhookSubscriptions("erp", {
          receiverId: receiver.id, subscriptions: { RUNS: ["CREATE", "UPDATE"], ISSUES: ["CREATE"] } });
        exports.ids = set.ids;`),
    });
    const { store } = project.emulator;
    await live(project, {
      made: () => expect(store.listSubscriptions()).toHaveLength(3),
      outside: () => store.deleteSubscription(store.listSubscriptions()[0]?.id ?? ""),
      shown: [/\(create\)\s+\[urn=.*::erp-[A-Z]+-[A-Z]+\]/, "+ 1 to create"],
    });
  });

  it("a VioletWebhooks: the whole guide", async () => {
    const project = await makeProject({
      files: program(`new ion.VioletWebhooks("violet", { webhookUri: "${URL_A}" });`),
    });
    const { store } = project.emulator;
    await live(project, {
      made: () => {
        expect(store.listReceivers()).toMatchObject([{ name: "Violet", webhookUri: URL_A }]);
        const pairs = new Set(store.listSubscriptions().map(({ resource, action }) => `${resource}-${action}`));
        expect([pairs.size, store.listSubscriptions().length]).toEqual([34, 34]);
      },
      outside: () => {
        const parts = store.listSubscriptions().find((one) => one.resource === "PARTS" && one.action === "UPDATE");
        store.deleteSubscription(parts?.id ?? "");
        store.updateReceiver(store.listReceivers()[0]?.id ?? "", { active: false });
      },
      shown: ["violet-PARTS-UPDATE", "~ active: false => true", "+ 1 to create", "~ 1 to update"],
    });
  });
});

describe("an update", () => {
  it("changes every input of a receiver in place, and single headers", async () => {
    const project = await makeProject({
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

  it("of a subscription makes the new one before it ends the old one", async () => {
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

  it("that renames resources in the program changes nothing in ION", async () => {
    const named = (receiver: string, parts: string) =>
      program(`const receiver = new ion.WebhookReceiver("${receiver}", { name: "ERP", webhookUri: "${URL_A}" });
        new ion.WebhookSubscription("${parts}", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });`);
    const project = await makeProject({ files: named("one", "parts") });
    await project.up();
    const before = project.emulator.store.state();
    await project.write(named("two", "components"));
    await project.up();
    expect(project.emulator.store.state()).toEqual(before);
    await project.preview("--expect-no-changes");
  });
});

describe("VioletWebhooks", () => {
  it("subscribes to the chosen resources and actions less what is excluded", async () => {
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

  it("warns once, in words, of a pair that never arrives", async () => {
    const project = await makeProject({
      files: program(`new ion.VioletWebhooks("violet", { webhookUri: "${URL_A}" });`),
    });
    const shown = await project.preview();
    expect(shown.match(/no event when a purchase order line is created/g)).toHaveLength(1);
  });
});
