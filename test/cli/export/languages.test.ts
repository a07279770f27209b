import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { declarationsOf } from "../../../provider/src/cli/export/declarations.ts";
import { generateProject, LANGUAGES, type Language } from "../../../provider/src/cli/export/languages/languages.ts";
import type { Receiver } from "../../../provider/src/model/webhooks.ts";
import { start } from "../../support/support.ts";
import { cli, envOf, folder } from "../run.ts";

const ERP: Receiver = {
  id: "2",
  name: "ERP",
  description: 'the "plant"',
  webhookUri: "https://erp.example/canary",
  sharedSecret: "canary",
  contentType: undefined,
  expectedResponseCode: 204,
  active: false,
  subscriptions: [{ id: "1", resource: "PARTS", action: "UPDATE", _etag: "e" }],
  headers: [{ id: "1", key: "X-Plant", value: "canary", _etag: "e" }],
  _etag: "e",
};

/** The part of a project's program below its header. */
function programIn(language: Language): string {
  const { files } = generateProject(
    language,
    declarationsOf([{ receiver: ERP, remarks: [] }]),
    "ion.example",
    "^1.2.3",
    "1.2.3",
  );
  const text = { typescript: "index.ts", python: "__main__.py", go: "main.go", yaml: "Pulumi.yaml" }[language];
  for (const content of Object.values(files)) expect(content).not.toContain("canary");
  return files[text]?.split("The ION environment: ion.example.\n")[1] ?? "";
}

describe("a program over the plugin", () => {
  it("is readable in TypeScript", () => {
    expect(programIn("typescript")).toMatchInlineSnapshot(`
      "import * as ion from "pulumi-ion/native";

      // "ERP" (id 2).
      // Headers: "X-Plant".
      const erpReceiver = new ion.WebhookReceiver("erp", {
        name: "ERP",
        description: "the \\"plant\\"",
        expectedResponseCode: 204,
        active: false,
      });
      new ion.WebhookSubscription("erp-parts-update", { receiver: erpReceiver, resource: "PARTS", action: "UPDATE" });
      "
    `);
  });

  it("is readable in Python", () => {
    expect(programIn("python")).toMatchInlineSnapshot(`
      "import pulumi_ion as ion

      # "ERP" (id 2).
      # Headers: "X-Plant".
      erp_receiver = ion.WebhookReceiver(
          "erp",
          name="ERP",
          description="the \\"plant\\"",
          expected_response_code=204,
          active=False,
      )
      ion.WebhookSubscription("erp-parts-update", receiver_id=erp_receiver.id, resource="PARTS", action="UPDATE")
      "
    `);
  });

  it("is readable in Go", () => {
    expect(programIn("go")).toMatchInlineSnapshot(`
      "package main

      import (
      	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
      	"pulumi-ion/sdk/go/ion"
      )

      func main() {
      	pulumi.Run(func(ctx *pulumi.Context) error {
      		// "ERP" (id 2).
      		// Headers: "X-Plant".
      		erpReceiver, err := ion.NewWebhookReceiver(ctx, "erp", &ion.WebhookReceiverArgs{
      			Name:                 pulumi.String("ERP"),
      			Description:          pulumi.String("the \\"plant\\""),
      			ExpectedResponseCode: pulumi.Int(204),
      			Active:               pulumi.Bool(false),
      		})
      		if err != nil {
      			return err
      		}
      		for _, one := range []struct{ name, resource, action string }{
      			{"erp-parts-update", "PARTS", "UPDATE"},
      		} {
      			if _, err := ion.NewWebhookSubscription(ctx, one.name, &ion.WebhookSubscriptionArgs{
      				ReceiverId: erpReceiver.ID(),
      				Resource:   pulumi.String(one.resource),
      				Action:     pulumi.String(one.action),
      			}); err != nil {
      				return err
      			}
      		}
      		return nil
      	})
      }
      "
    `);
  });

  it("is readable in YAML", () => {
    expect(programIn("yaml")).toMatchInlineSnapshot(`
      "resources:
        # "ERP" (id 2).
        # Headers: "X-Plant".
        erp:
          type: ion:WebhookReceiver
          properties:
            name: "ERP"
            description: "the \\"plant\\""
            expectedResponseCode: 204
            active: false
        erp-parts-update:
          type: ion:WebhookSubscription
          properties:
            receiverId: \${erp.id}
            resource: "PARTS"
            action: "UPDATE"
      "
    `);
  });
});

describe("export --language", () => {
  it.each(LANGUAGES)(
    "writes a project in %s with its import.json, and the commands that import it",
    async (language) => {
      const emulator = await start();
      emulator.store.createReceiver({ name: "ERP", webhookUri: "https://erp.example/canary", sharedSecret: "canary" });
      const cwd = await folder();
      const { code, out, err } = await cli(["export", "--language", language, "--json"], { env: envOf(emulator), cwd });
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const { files, steps, secrets } = JSON.parse(out);
      expect((await readdir(join(cwd, "ion-webhooks"))).sort()).toEqual([...files].sort());
      expect(files).toEqual(expect.arrayContaining(["Pulumi.yaml", "package.json", "import.json"]));
      expect(steps).toContain("npx pulumi import --file import.json --protect=false --generate-code=false");
      expect(steps).not.toContain("npx pulumi up");
      expect(secrets).toEqual([]);
      expect(out).not.toContain("canary");
    },
  );

  it("refuses another language, and --import with it", async () => {
    const unknown = await cli(["export", "--language", "java"]);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain("Allowed choices are typescript, python, go, yaml.");
    const both = await cli(["export", "--language", "go", "--import"]);
    expect(both.code).toBe(1);
    expect(both.err).toContain("cannot be used with option '--import'");
  });
});
