// ION's webhooks at 127.0.0.1:33799, as they were when `pulumi-ion export` looked.
//
// `pulumi up` takes them over as they are: each adoptId names a receiver that exists, and nothing is made or changed.
// From then on this file is what they are to be: change it here, look with `pulumi preview`, apply with `pulumi up`.
// What somebody changes in ION by hand shows in the next preview, and is put back by the next `pulumi up`.
//
// adoptId is looked at once, when Pulumi first meets a receiver. To make the same receivers in another ION, leave those
// lines out there, and set the URLs first (see the config keys below).
import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

// Secrets are read from the stack's config where they are set (`pulumi config set --secret <key>`). Where they are not,
// each receiver keeps the URL, the shared secret and the headers that it has in ION (the stack's state has them,
// encrypted).
const config = new pulumi.Config();

// "Violet" (id 1 in ION).
// RUNS UPDATE is subscribed 2 times (ids 3, 4): each event arrives as often. unmanaged: "remove" ends all but the
// oldest, after an `up` has named them and a preview has listed them.
new ion.VioletWebhooks("violet", {
  adoptId: "1",
  webhookUri: config.getSecret("violetWebhookUri"),
  sharedSecret: config.getSecret("violetSharedSecret"),
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
  resources: ["PARTS", "RUNS"],
  exclude: {
    RUNS: ["CREATE"],
  },
  unmanaged: "report",
});

// "ERP" (id 2 in ION).
const erpReceiver = new ion.WebhookReceiver("erp", {
  name: "ERP",
  adoptId: "2",
  webhookUri: config.getSecret("erpWebhookUri"),
  sharedSecret: config.getSecret("erpSharedSecret"),
  description: "by hand",
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
});
new ion.WebhookSubscriptions("erp", {
  receiverId: erpReceiver.id,
  subscriptions: {
    ISSUES: ["CREATE"],
  },
  unmanaged: "report",
});
