import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { type Finding, findingsOf } from "../../../provider/cli/drift/detect.ts";
import { failureOf, ionOn, masking, start } from "../../support/support.ts";
import { declare } from "../declare.ts";

const VIOLET = {
  name: "Violet",
  webhookUri: "https://violet.example/canary-url",
  description: "by code",
  sharedSecret: "canary-secret",
  headers: { "X-Plant": "canary-header" },
};
const PAIRS = ["PARTS CREATE", "PARTS UPDATE", "RUNS UPDATE"];

const [receiverId = "", other = ""] = ["1", "2"];
const idOf = ({ store }: Emulator, pair: string) =>
  store.listSubscriptions().find(({ resource, action }) => pair === `${resource} ${action}`)?.id ?? "";

/** What a person does in ION, and what is found: kind, drift or not, and the sentence. */
const CHANGES: readonly [
  what: string,
  by: (emulator: Emulator) => void,
  found: readonly [Finding["kind"], boolean, string | RegExp][],
][] = [
  ["nothing", () => {}, []],
  [
    "ends a subscription",
    (emulator) => emulator.store.deleteSubscription(idOf(emulator, "PARTS UPDATE")),
    [["missing", true, '"Violet" (id 1) is not subscribed to PARTS UPDATE any more: those events do not arrive.']],
  ],
  [
    "ends a subscription and makes it again",
    (emulator) => {
      emulator.store.deleteSubscription(idOf(emulator, "PARTS UPDATE"));
      emulator.store.createSubscription({ receiverId, resource: "PARTS", action: "UPDATE" });
    },
    [
      [
        "changed",
        true,
        /^"Violet" \(id 1\) has another subscription to PARTS UPDATE than the declared one \(id 4, not \d\)/,
      ],
    ],
  ],
  [
    "changes what a subscription is of",
    (emulator) => emulator.store.updateSubscription(idOf(emulator, "RUNS UPDATE"), { resource: "ISSUES" }),
    [
      [
        "changed",
        true,
        /^Subscription \d was RUNS UPDATE of receiver 1, and is now ISSUES UPDATE of "Violet" \(id 1\)\.$/,
      ],
    ],
  ],
  [
    "subscribes to more",
    ({ store }) => store.createSubscription({ receiverId, resource: "ISSUES", action: "CREATE" }),
    [["extra", true, '"Violet" (id 1) is subscribed to ISSUES CREATE (id 4), which nobody declared.']],
  ],
  [
    "subscribes once more to the same",
    ({ store }) => store.createSubscription({ receiverId, resource: "RUNS", action: "UPDATE" }),
    [
      [
        "twin",
        true,
        /^"Violet" \(id 1\) is subscribed to RUNS UPDATE 2 times \(ids \d, 4\): each event arrives 2 times\.$/,
      ],
    ],
  ],
  [
    "deletes the receiver",
    ({ store }) => store.deleteReceiver(receiverId),
    [
      [
        "missing",
        true,
        'The receiver "Violet" (id 1) is gone, and with it 3 declared subscriptions: nothing arrives there.',
      ],
    ],
  ],
  [
    "makes it inactive",
    ({ store }) => store.updateReceiver(receiverId, { active: false }),
    [["changed", true, '"Violet" (id 1): active is false, declared true. ION sends it nothing.']],
  ],
  [
    "changes what the program gives",
    ({ store }) => store.updateReceiver(receiverId, { description: "by\nhand", name: "Mine" }),
    [
      [
        "changed",
        true,
        '"Violet" (id 1): name is "Mine", declared "Violet"; description is "by\\nhand", declared "by code".',
      ],
    ],
  ],
  [
    "changes what the program leaves to ION",
    ({ store }) => store.updateReceiver(receiverId, { expectedResponseCode: 204, contentType: "text/plain" }),
    [
      [
        "changed",
        true,
        '"Violet" (id 1): contentType is "text/plain", declared "application/json"; expectedResponseCode is 204, declared 200.',
      ],
    ],
  ],
  [
    "takes a description away",
    ({ store }) => store.updateReceiver(receiverId, { description: "" }),
    [["changed", true, '"Violet" (id 1): description is empty, declared "by code".']],
  ],
  [
    "leaves nothing of a description",
    ({ store }) => store.updateReceiver(receiverId, { description: null }),
    [["changed", true, '"Violet" (id 1): description is empty, declared "by code".']],
  ],
  [
    "moves a subscription to another receiver",
    (emulator) => {
      emulator.store.createReceiver({ name: "Other", webhookUri: "https://other.example/canary" });
      emulator.store.updateSubscription(idOf(emulator, "RUNS UPDATE"), { receiverId: other });
    },
    [
      [
        "changed",
        true,
        /^Subscription \d was RUNS UPDATE of receiver 1, and is now RUNS UPDATE of "Other" \(id 2\)\.$/,
      ],
      ["undeclared", false, '"Other" (id 2) with 1 subscription is not declared in this stack.'],
    ],
  ],
  [
    "makes two receivers of one URL, neither of them declared",
    ({ store }) => {
      for (const name of ["A", "B"]) store.createReceiver({ name, webhookUri: "https://other.example/canary" });
    },
    [
      ["undeclared", false, '"A" (id 2) with 0 subscriptions is not declared in this stack.'],
      ["undeclared", false, '"B" (id 3) with 0 subscriptions is not declared in this stack.'],
      [
        "twin",
        false,
        '"A" (id 2) and "B" (id 3) have one URL: what more than one of them is subscribed to arrives more than once.',
      ],
    ],
  ],
  [
    "changes secrets",
    ({ store }) =>
      store.updateReceiver(receiverId, { webhookUri: "https://b.example/canary", sharedSecret: "canary-b" }),
    [["changed", true, '"Violet" (id 1): webhookUri was changed; sharedSecret was changed.']],
  ],
  [
    "changes a header",
    ({ store }) => store.updateHeader(store.listHeaders()[0]?.id ?? "", { value: "canary-b" }),
    [["changed", true, '"Violet" (id 1): header X-Plant was changed.']],
  ],
  [
    "makes a receiver of the same URL",
    ({ store }) => store.createReceiver({ name: "Again", webhookUri: "https://VIOLET.example:443/canary-url" }),
    [
      ["undeclared", false, '"Again" (id 2) with 0 subscriptions is not declared in this stack.'],
      ["twin", true, /^"Violet" \(id 1\) and "Again" \(id 2\) have one URL: /],
    ],
  ],
  [
    "makes another receiver",
    ({ store }) => {
      store.createReceiver({ name: "Other \u001b[2J", webhookUri: "https://other.example/canary" });
      store.createSubscription({ receiverId: other, resource: "RUNS", action: "UPDATE" });
    },
    [["undeclared", false, '"Other \\u001b[2J" (id 2) with 1 subscription is not declared in this stack.']],
  ],
];

const brief = (findings: readonly Finding[]) => findings.map(({ kind, drift, message }) => [kind, drift, message]);

describe("what is found when somebody", () => {
  it.each(CHANGES)("%s", async (_what, by, found) => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: VIOLET, pairs: PAIRS }]);
    by(emulator);
    emulator.requests.length = 0;
    const findings = await findingsOf(ionOn(emulator), declared);
    const expected = found.map(([kind, drift, words]) => [
      kind,
      drift,
      typeof words === "string" ? words : expect.stringMatching(words),
    ]);
    expect(brief(findings)).toEqual(expected);
    expect(JSON.stringify(findings)).not.toContain("canary");
    // One look, whatever there is.
    expect(emulator.requests.filter(({ kind }) => kind === "graphql")).toHaveLength(1);
  });
});

describe("what is found", () => {
  it("names secrets by which, for machines too", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: VIOLET, pairs: [] }]);
    emulator.store.updateReceiver(receiverId, { webhookUri: "https://b.example/canary" });
    emulator.store.createHeader({ receiverId, key: "X-Mine", value: "canary" });
    const [found] = await findingsOf(ionOn(emulator), declared);
    expect(found?.fields).toEqual(["webhookUri", "header X-Mine was added"]);
  });

  it("is what the program gives no value, too", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: { name: "ERP", webhookUri: "https://a.example" }, pairs: [] }]);
    emulator.store.updateReceiver(receiverId, { description: "by hand" });
    expect(brief(await findingsOf(ionOn(emulator), declared))).toEqual([
      ["changed", true, '"ERP" (id 1): description is "by hand", declared empty.'],
    ]);
  });

  it("tells of a receiver that is inactive because it is declared so, as no drift", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: { ...VIOLET, active: false }, pairs: [] }]);
    const findings = await findingsOf(ionOn(emulator), declared);
    expect(brief(findings)).toEqual([
      ["inactive", false, '"Violet" (id 1) is inactive, as declared: ION sends it nothing.'],
    ]);
  });

  it("is no drift where the program does not look for others", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: VIOLET, pairs: PAIRS, unmanaged: "ignore" }]);
    emulator.store.createSubscription({ receiverId, resource: "ISSUES", action: "CREATE" });
    const [found, ...more] = await findingsOf(ionOn(emulator), declared);
    expect(found).toMatchObject({ kind: "extra", drift: false, ids: ["4"], resource: "ISSUES", action: "CREATE" });
    expect(found?.message).toContain("does not look for others");
    expect(more).toEqual([]);
  });

  it("does not take what ION masks for changed, and says that it cannot tell", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: VIOLET, pairs: PAIRS }]);
    const findings = await findingsOf(ionOn(emulator, { fetch: masking() }), declared);
    expect(brief(findings)).toEqual([
      [
        "unseen",
        false,
        'ION does not show this key the URL, the shared secret, header X-Plant of "Violet" (id 1): what was changed of them is not found.',
      ],
    ]);
  });

  it("says of each receiver that ION masks what cannot be told, and takes none for a twin", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: { name: "ERP", webhookUri: "https://a.example" }, pairs: [] }]);
    for (const name of ["A", "B"]) {
      const { id } = emulator.store.createReceiver({ name, webhookUri: "https://b.example/canary", sharedSecret: "x" });
      emulator.store.createHeader({ receiverId: id, key: "X-Plant", value: "canary" });
    }
    const findings = await findingsOf(ionOn(emulator, { fetch: masking() }), declared);
    const unseen = findings.filter(({ kind }) => kind !== "undeclared");
    expect(unseen.map(({ message }) => message)).toEqual([
      'ION does not show this key the URL, the shared secret of "ERP" (id 1): what was changed of them is not found.',
      'ION does not show this key the URL of "A" (id 2): whether another receiver has the same URL is not found.',
      'ION does not show this key the URL of "B" (id 3): whether another receiver has the same URL is not found.',
    ]);
    expect(unseen[1]).toMatchObject({ kind: "unseen", drift: false, object: "receiver", ids: ["2"], receiverId: "2" });
  });

  describe("of subscriptions to a receiver that the stack does not have", () => {
    const HERE = { name: "Here", webhookUri: "https://here.example" };
    const there = async (emulator: Emulator) => {
      const [here, there] = [
        await declare(emulator, [{ inputs: HERE, pairs: [] }]),
        await declare(emulator, [{ inputs: VIOLET, pairs: ["PARTS UPDATE"], unmanaged: "ignore" }]),
      ];
      return { ...here, subscriptions: there.subscriptions };
    };

    it("is nothing where they are there", async () => {
      const emulator = await start();
      const declared = await there(emulator);
      expect(await findingsOf(ionOn(emulator), declared)).toEqual([]);
      emulator.store.createSubscription({ receiverId: other, resource: "RUNS", action: "UPDATE" });
      expect(brief(await findingsOf(ionOn(emulator), declared))).toEqual([
        ["extra", false, expect.stringContaining('"Violet" (id 2) is subscribed to RUNS UPDATE (id 2)')],
      ]);
    });

    it("is told with them where the receiver is gone", async () => {
      const emulator = await start();
      const declared = await there(emulator);
      emulator.store.deleteReceiver(other);
      expect(await findingsOf(ionOn(emulator), declared)).toMatchInlineSnapshot(`
        [
          {
            "action": "UPDATE",
            "drift": true,
            "ids": [
              "1",
            ],
            "kind": "missing",
            "message": "The receiver with id 2 is gone, and with it the subscription to PARTS UPDATE: those events do not arrive.",
            "object": "subscription",
            "receiverId": "2",
            "resource": "PARTS",
            "urn": "urn:pulumi:test::project::pulumi-nodejs:dynamic/ion:WebhookSubscription::Violet-PARTS-UPDATE",
          },
        ]
      `);
    });
  });

  it("tells a machine what it is of", async () => {
    const emulator = await start();
    const own = await declare(emulator, [{ inputs: VIOLET, pairs: [] }]);
    const pairs = [
      await declare(emulator, [{ inputs: VIOLET, pairs: ["PARTS CREATE"] }]),
      await declare(emulator, [{ inputs: VIOLET, pairs: ["PARTS UPDATE"] }]),
      await declare(emulator, [{ inputs: VIOLET, pairs: ["RUNS UPDATE"] }]),
      await declare(emulator, [{ inputs: VIOLET, pairs: ["ISSUES UPDATE"] }]),
    ];
    const declared = { ...own, subscriptions: pairs.flatMap(({ subscriptions }) => subscriptions) };
    const { store } = emulator;
    store.updateReceiver(receiverId, { name: "Mine", sharedSecret: "canary-b" });
    store.deleteSubscription("1");
    store.deleteSubscription("2");
    store.updateSubscription("3", { resource: "PLANS", action: "DELETE" });
    store.createSubscription({ receiverId, resource: "PARTS", action: "UPDATE" });
    store.createSubscription({ receiverId, resource: "ISSUES", action: "UPDATE" });
    store.createSubscription({ receiverId, resource: "USERS", action: "CREATE" });
    store.createReceiver({ name: "Again", webhookUri: VIOLET.webhookUri });
    const findings = await findingsOf(ionOn(emulator), declared);
    expect(
      findings.map(({ message: _message, urn, ...rest }) => ({ ...rest, urn: urn?.split("::").at(-1) })),
    ).toMatchInlineSnapshot(`
      [
        {
          "drift": true,
          "fields": [
            "name",
            "sharedSecret",
          ],
          "ids": [
            "1",
          ],
          "kind": "changed",
          "object": "receiver",
          "receiverId": "1",
          "urn": "Violet",
        },
        {
          "action": "CREATE",
          "drift": true,
          "ids": [
            "1",
          ],
          "kind": "missing",
          "object": "subscription",
          "receiverId": "1",
          "resource": "PARTS",
          "urn": "Violet-PARTS-CREATE",
        },
        {
          "action": "UPDATE",
          "drift": true,
          "fields": [
            "id",
          ],
          "ids": [
            "2",
          ],
          "kind": "changed",
          "object": "subscription",
          "receiverId": "1",
          "resource": "PARTS",
          "urn": "Violet-PARTS-UPDATE",
        },
        {
          "action": "UPDATE",
          "drift": true,
          "fields": [
            "resource",
            "action",
          ],
          "ids": [
            "3",
          ],
          "kind": "changed",
          "object": "subscription",
          "receiverId": "1",
          "resource": "RUNS",
          "urn": "Violet-RUNS-UPDATE",
        },
        {
          "action": "UPDATE",
          "drift": true,
          "ids": [
            "4",
            "6",
          ],
          "kind": "twin",
          "object": "subscription",
          "receiverId": "1",
          "resource": "ISSUES",
          "urn": undefined,
        },
        {
          "action": "CREATE",
          "drift": true,
          "ids": [
            "7",
          ],
          "kind": "extra",
          "object": "subscription",
          "receiverId": "1",
          "resource": "USERS",
          "urn": undefined,
        },
        {
          "drift": false,
          "ids": [
            "2",
          ],
          "kind": "undeclared",
          "object": "receiver",
          "receiverId": "2",
          "urn": undefined,
        },
        {
          "drift": true,
          "ids": [
            "1",
            "2",
          ],
          "kind": "twin",
          "object": "receiver",
          "urn": undefined,
        },
      ]
    `);
  });

  it("is nothing where the stack lives in another ION: that proves nothing", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: VIOLET, pairs: PAIRS }]);
    const moved = declared.receivers.map((one) => ({
      ...one,
      outputs: { ...one.outputs, ionEndpoint: "https://api.ion-gov.com/graphql" },
    }));
    const { kind, message } = await failureOf(findingsOf(ionOn(emulator), { ...declared, receivers: moved }));
    expect(kind).toBe("elsewhere");
    expect(message).toMatch(/"Violet" lives in the ION at https:\/\/api\.ion-gov\.com\/graphql.*would prove nothing/);
  });
});
