import { describe, expect, it } from "vitest";
import type { Store } from "../../emulator/index.ts";
import { eventOf, headerOf } from "../faults/desiredState.ts";
import { chanceOf, SEED } from "../faults/seed.ts";
import { CARRIERS, type Carrier } from "../support/carriers.ts";
import { makeProject } from "./project.ts";

/** A receiver with every input, and one with none. */
const FULL = {
  description: "for operators",
  contentType: "application/json",
  expectedResponseCode: 202,
  active: true,
  sharedSecret: "declared-secret",
  headers: { "X-Plant": "7", "X-Line": "3" },
};
const LEAST = {};
/** The subscription of a receiver, and the policy for unmanaged ones. */
const SUBSCRIBED = { event: "PARTS UPDATE", unmanaged: "delete" };

/** What a preview prints, over each engine if they differ. */
type Line = RegExp | Readonly<Record<Carrier, RegExp>>;
const lineOver = (carrier: Carrier, line: Line) => (line instanceof RegExp ? line : line[carrier]);

/** One change in ION, and what a preview shows of it. */
interface Row {
  readonly title: string;
  readonly receiver: object;
  readonly subscribed?: typeof SUBSCRIBED;
  readonly edit: (store: Store, id: string) => void;
  /** All that the preview plans, by the suffix of the resource name: "" is the receiver itself. */
  readonly plans: Readonly<Record<string, readonly Line[]>>;
  /** A message that the preview prints. */
  readonly message?: RegExp;
  /** Checks what `up` keeps, and deletes it. */
  readonly cleanUp?: (store: Store, id: string) => void;
}

type Change = Parameters<Store["updateReceiver"]>[1];
const update = /^ *~ .*\(update\)/;
const replace = /^ *\+-.*\(replace\)/;
const create = /^ *\+ .*\(create\)/;
/** A secret, as each engine shows it: dynamic resources list its name, the plugin shows the property itself. */
const changed = (what: string, plugin: RegExp): Line => ({
  dynamic: new RegExp(`- driftedSecrets: \\[\\n *- *\\[0\\]: "${what}"`),
  plugin,
});
/** Reported for deletion by the next run, possibly replacing one that this run deletes. */
const reported = (event: string) =>
  new RegExp(`[+~] deletingNext: \\[\\n *[+~] *\\[0\\]: (?:"[^"]+" => )?"${event} \\(id \\d+\\)"`);
const subscriptionOf = (store: Store, id: string) => store.listSubscriptions(id)[0]?.id ?? "";
const headerIn = (store: Store, id: string, key: string) =>
  store.listHeaders(id).find((header) => header.key === key)?.id ?? "";
const subscribe = (store: Store, receiverId: string, event: string) => {
  const [resource = "", action = ""] = event.split(" ");
  store.createSubscription({ receiverId, resource, action });
};

const field = (title: string, change: Change, line: Line): Row => ({
  title,
  receiver: FULL,
  edit: (store, id) => store.updateReceiver(id, change),
  plans: { "": [update, line] },
});
const omitted = (title: string, change: Change, line: Line): Row => ({
  ...field(`omitted ${title}`, change, line),
  receiver: LEAST,
});
const header = (title: string, edit: Row["edit"], what: string, plugin: RegExp): Row => ({
  title,
  receiver: FULL,
  edit,
  plans: { "": [update, changed(what, plugin)] },
});
const subscription = (title: string, edit: Row["edit"], plans: Row["plans"]): Row => ({
  title,
  receiver: LEAST,
  subscribed: SUBSCRIBED,
  edit,
  plans,
});

const ROWS: readonly Row[] = [
  field("name changed", { name: "by hand" }, /~ name: "by hand" => "row\d+"/),
  field(
    "webhookUri changed",
    { webhookUri: "https://elsewhere.example/" },
    changed("webhookUri", /~ webhookUri: \[secret\] => \[secret\]/),
  ),
  field("description changed", { description: "by hand" }, /~ description: "by hand" => "for operators"/),
  field("description cleared", { description: null }, /\+ description: "for operators"/),
  field("contentType changed", { contentType: "text/plain" }, /~ contentType: "text\/plain" => "application\/json"/),
  field("expectedResponseCode changed", { expectedResponseCode: 418 }, /~ expectedResponseCode: 418 => 202/),
  field("receiver inactive", { active: false }, /~ active: false => true/),
  field(
    "sharedSecret changed",
    { sharedSecret: "by hand" },
    changed("sharedSecret", /~ sharedSecret: \[secret\] => \[secret\]/),
  ),
  omitted("description changed", { description: "by hand" }, /- description: "by hand"/),
  omitted("contentType changed", { contentType: "text/plain" }, /~ contentType: "text\/plain" => "application\/json"/),
  omitted("expectedResponseCode changed", { expectedResponseCode: 418 }, /~ expectedResponseCode: 418 => 200/),
  omitted("receiver inactive", { active: false }, /~ active: false => true/),
  {
    title: "generated sharedSecret changed",
    receiver: LEAST,
    edit: (store, id) => store.updateReceiver(id, { sharedSecret: "by hand" }),
    plans: {},
    message: /\(refresh\)\n.*\n.*::row\d+\]\n.*\n *\+ driftedSecrets: \[\n *\+ *\[0\]: "sharedSecret"/,
  },
  header(
    "header changed",
    (store, id) => store.updateHeader(headerIn(store, id, "X-Plant"), { value: "8" }),
    "header X-Plant was changed",
    /~ X-Plant: \[secret\] => \[secret\]/,
  ),
  header(
    "header cleared",
    (store, id) => store.updateHeader(headerIn(store, id, "X-Plant"), { value: "" }),
    "header X-Plant was changed",
    /~ X-Plant: \[secret\] => \[secret\]/,
  ),
  header(
    "header deleted",
    (store, id) => store.deleteHeader(headerIn(store, id, "X-Plant")),
    "header X-Plant was removed",
    /\+ X-Plant: \[secret\]/,
  ),
  header(
    "header removed from the receiver",
    (store, id) => store.removeHeader(id, headerIn(store, id, "X-Plant")),
    "header X-Plant was removed",
    /\+ X-Plant: \[secret\]/,
  ),
  header(
    "header added",
    (store, id) => store.createHeader({ receiverId: id, key: "X-New", value: "1" }),
    "header X-New was added",
    /- X-New: \[secret\]/,
  ),
  header(
    "header duplicated",
    (store, id) => store.createHeader({ receiverId: id, key: "x-plant", value: "7" }),
    "header x-plant \\(duplicate, id \\d+\\) was added",
    /- x-plant \(duplicate, id \d+\): \[secret\]/,
  ),
  {
    ...header(
      "header added to omitted headers",
      (store, id) => store.createHeader({ receiverId: id, key: "X-New", value: "1" }),
      "header X-New was added",
      /- X-New: \[secret\]/,
    ),
    receiver: LEAST,
  },
  subscription("receiver deleted", (store, id) => store.deleteReceiver(id), {
    "": [create],
    "-PARTS-UPDATE": [create],
    "-unmanaged": [create],
  }),
  subscription("subscription deleted", (store, id) => store.deleteSubscription(subscriptionOf(store, id)), {
    "-PARTS-UPDATE": [create],
  }),
  {
    ...subscription(
      "subscription's resource changed",
      (store, id) => store.updateSubscription(subscriptionOf(store, id), { resource: "RUNS" }),
      { "-PARTS-UPDATE": [replace, /~ resource: "RUNS" => "PARTS"/] },
    ),
    subscribed: { ...SUBSCRIBED, unmanaged: "ignore" },
  },
  {
    ...subscription(
      "subscription's action changed",
      (store, id) => store.updateSubscription(subscriptionOf(store, id), { action: "DELETE" }),
      { "-PARTS-UPDATE": [replace, /~ action: "DELETE" => "UPDATE"/] },
    ),
    subscribed: { ...SUBSCRIBED, unmanaged: "ignore" },
  },
  subscription(
    "subscription moved to another receiver",
    (store, id) => {
      const other = store.listReceivers().find((receiver) => store.listSubscriptions(receiver.id).length === 0);
      store.updateSubscription(subscriptionOf(store, id), { receiverId: other?.id });
    },
    { "-PARTS-UPDATE": [replace, /~ receiverId: "\d+" => "\d+"/] },
  ),
  subscription("unmanaged subscription", (store, id) => subscribe(store, id, "RUNS DELETE"), {
    "-unmanaged": [update, reported("RUNS DELETE")],
  }),
  subscription("duplicate subscription", (store, id) => subscribe(store, id, "PARTS UPDATE"), {
    "-unmanaged": [update, reported("PARTS UPDATE")],
  }),
  {
    ...subscription(
      "unmanaged subscription that is only reported",
      (store, id) => subscribe(store, id, "STEPS DELETE"),
      {},
    ),
    subscribed: { ...SUBSCRIBED, unmanaged: "report" },
    message: /STEPS DELETE \(id \d+\)\. They are kept/,
    cleanUp: (store, id) => {
      const unmanaged = store.listSubscriptions(id).filter(({ resource }) => resource === "STEPS");
      expect(unmanaged).toHaveLength(1);
      for (const subscription of unmanaged) store.deleteSubscription(subscription.id);
    },
  },
  { title: "nothing changed", receiver: FULL, subscribed: SUBSCRIBED, edit: () => {}, plans: {} },
];

const nameOf = (index: number) => `row${index}`;

/** The rows that need a second run: their unmanaged subscriptions are reported before they are deleted. */
const TWO_RUNS = ROWS.flatMap(({ plans }, index) => (plans["-unmanaged"]?.includes(update) ? [nameOf(index)] : []));

const program = (order: readonly number[]) => ({
  "index.js": `const ion = require("pulumi-ion");
    const rows = ${JSON.stringify(ROWS.map(({ receiver, subscribed }) => ({ receiver, subscribed })))};
    for (const index of ${JSON.stringify(order)}) {
      const { receiver, subscribed } = rows[index];
      const { id: receiverId } = new ion.WebhookReceiver("row" + index, { webhookUri: "https://hooks.example/" + index, ...receiver });
      if (!subscribed) continue;
      const [resource, action] = subscribed.event.split(" ");
      new ion.WebhookSubscriptions("row" + index, { receiverId, subscriptions: { [resource]: [action] }, unmanaged: subscribed.unmanaged });
    }`,
});

/** Everything in ION that `up` restores: without ids, etags and generated secrets. */
function liveState(store: Store) {
  return store
    .listReceivers()
    .map(({ id, _etag, headerIds: _ids, sharedSecret, ...fields }) => ({
      ...fields,
      description: fields.description ?? "",
      sharedSecret: sharedSecret === FULL.sharedSecret,
      headers: store
        .listHeaders(id)
        .map(({ key, value }) => headerOf(key, value))
        .sort(),
      subscriptions: store.listSubscriptions(id).map(eventOf),
    }))
    .sort((a, b) => (a.webhookUri < b.webhookUri ? -1 : 1));
}

/** What a preview plans, by resource, without the changes that the refresh detected. */
function parsePlan(output: string): Map<string, string> {
  const plan = output.slice(output.lastIndexOf("pulumi:pulumi:Stack: (same)"));
  const blocks = plan.split(/^(?= *[+~-]+ ?(?:pulumi-nodejs:dynamic\/ion|ion:index):)/m).slice(1);
  return new Map(blocks.map((block) => [/::([\w-]+)\]$/m.exec(block)?.[1] ?? block, block]));
}

/** Enough on a busy machine. */
const LONG = 20 * 60_000;

describe.each(CARRIERS)("drift (%s)", (carrier) => {
  it("shows every kind of drift at its own resource only, and reverts it, in any order", {
    timeout: LONG,
  }, async () => {
    console.log(`FAULT_SEED=${SEED} repeats the order`);
    const shuffled = (key: string) => {
      const chance = chanceOf("drift", key);
      return ROWS.map((_row, index) => index).sort((a, b) => chance(a) - chance(b));
    };
    const project = await makeProject({ carrier, files: program(shuffled("program")) });
    const { store } = project.emulator;
    await project.up();
    const declared = liveState(store);
    // Pulumi pads names to one width.
    const preview = async (...args: string[]) => (await project.preview(...args)).replace(/ +:/g, ":");

    for (const round of ["first", "second"]) {
      const ids = new Map(store.listReceivers().map(({ name, id }) => [name, id]));
      for (const index of shuffled(round)) ROWS[index]?.edit(store, ids.get(nameOf(index)) ?? "");

      const output = await preview();
      const plan = parsePlan(output);
      ROWS.forEach(({ title, plans, message }, index) => {
        const own = [...plan].filter(([name]) => name === nameOf(index) || name.startsWith(`${nameOf(index)}-`));
        const expected = Object.keys(plans).map((suffix) => nameOf(index) + suffix);
        expect(own.map(([name]) => name).sort(), `${round}: ${title}`).toEqual(expected.sort());
        for (const [suffix, lines] of Object.entries(plans)) {
          for (const line of lines)
            expect(plan.get(nameOf(index) + suffix), `${round}: ${title}`).toMatch(lineOver(carrier, line));
        }
        if (message) expect(output, `${round}: ${title}`).toMatch(message);
      });

      await project.up();
      const idsAfter = new Map(store.listReceivers().map(({ name, id }) => [name, id]));
      ROWS.forEach(({ cleanUp }, index) => {
        cleanUp?.(store, idsAfter.get(nameOf(index)) ?? "");
      });
      const repaired = (rows: typeof declared) => rows.filter(({ name }) => !TWO_RUNS.includes(name));
      expect(repaired(liveState(store)), round).toEqual(repaired(declared));
    }

    // The run after the one that reports unmanaged subscriptions deletes them, and its preview lists them.
    const listed = parsePlan(await preview());
    expect([...listed.keys()].sort()).toEqual(TWO_RUNS.map((name) => `${name}-unmanaged`).sort());
    for (const block of listed.values())
      expect(block).toMatch(/[+~] deleting: \[\n *[+~] *\[0\]: "\w+ \w+ \(id \d+\)"/);
    await project.up();
    expect(liveState(store)).toEqual(declared);
    await project.preview("--expect-no-changes");
  });
});
