import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { type Finding, findingsOf } from "../../provider/cli/findings.ts";
import { failureOf, ionOn, masking, start } from "../support.ts";
import { declare } from "./declare.ts";

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

  it("is nothing where the stack lives in another ION: that proves nothing", async () => {
    const emulator = await start();
    const declared = await declare(emulator, [{ inputs: VIOLET, pairs: PAIRS }]);
    const moved = declared.receivers.map((one) => ({
      ...one,
      outputs: { ...one.outputs, endpoint: "https://api.ion-gov.com/graphql" },
    }));
    const { kind, message } = await failureOf(findingsOf(ionOn(emulator), { ...declared, receivers: moved }));
    expect(kind).toBe("elsewhere");
    expect(message).toMatch(/"Violet" lives in the ION at https:\/\/api\.ion-gov\.com\/graphql.*would prove nothing/);
  });
});
