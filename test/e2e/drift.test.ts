import { describe, expect, it } from "vitest";
import type { Store } from "../../emulator/index.ts";
import { headerOf } from "../faults/desiredState.ts";
import { chanceOf, SEED } from "../faults/seed.ts";
import { makeProject } from "./project.ts";

/** All that a receiver can declare, and the least. */
const FULL = {
  description: "for people",
  contentType: "application/json",
  expectedResponseCode: 202,
  active: true,
  sharedSecret: "declared-secret",
  headers: { "X-Plant": "7", "X-Line": "3" },
};
const LEAST = {};
/** Declared of a receiver beside its fields: one subscription, and what happens to others. */
const SUBSCRIBED = { pair: "PARTS UPDATE", unmanaged: "delete" };

/** One thing that somebody does in ION, what a preview says of it, and that `up` puts it right. */
interface Row {
  readonly title: string;
  readonly receiver: object;
  readonly subscribed?: typeof SUBSCRIBED;
  readonly edit: (store: Store, id: string) => void;
  /** What the preview plans, by resource: "" is the receiver itself. Nothing else. */
  readonly plans: Readonly<Record<string, readonly RegExp[]>>;
  /** What it says beside its plan. */
  readonly says?: RegExp;
  /** What `up` leaves, to be cleared away by hand. */
  readonly leaves?: (store: Store, id: string) => void;
}

type Change = Parameters<Store["updateReceiver"]>[1];
const update = /^ *~ .*\(update\)/;
const replace = /^ *\+-.*\(replace\)/;
const create = /^ *\+ .*\(create\)/;
const changed = (words: string) => new RegExp(`- driftedSecrets: \\[\\n *- *\\[0\\]: "${words}"`);
/** Named to be ended next, also in the place of what was named before and is ended now. */
const named = (pair: string) =>
  new RegExp(`[+~] removeNext: \\[\\n *[+~] *\\[0\\]: (?:"[^"]+" => )?"${pair} \\(id \\d+\\)"`);
const subscriptionOf = (store: Store, id: string) => store.listSubscriptions(id)[0]?.id ?? "";
const headerIn = (store: Store, id: string, key: string) =>
  store.listHeaders(id).find((header) => header.key === key)?.id ?? "";
const subscribe = (store: Store, receiverId: string, pair: string) => {
  const [resource = "", action = ""] = pair.split(" ");
  store.createSubscription({ receiverId, resource, action });
};

const field = (title: string, change: Change, line: RegExp): Row => ({
  title,
  receiver: FULL,
  edit: (store, id) => store.updateReceiver(id, change),
  plans: { "": [update, line] },
});
const leftOut = (title: string, change: Change, line: RegExp): Row => ({
  ...field(`${title}, which the program leaves out`, change, line),
  receiver: LEAST,
});
const header = (title: string, edit: Row["edit"], words: string): Row => ({
  title,
  receiver: FULL,
  edit,
  plans: { "": [update, changed(words)] },
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
  field("webhookUri changed", { webhookUri: "https://elsewhere.example/" }, changed("webhookUri")),
  field("description changed", { description: "by hand" }, /~ description: "by hand" => "for people"/),
  field("description cleared", { description: null }, /\+ description: "for people"/),
  field("contentType changed", { contentType: "text/plain" }, /~ contentType: "text\/plain" => "application\/json"/),
  field("expectedResponseCode changed", { expectedResponseCode: 418 }, /~ expectedResponseCode: 418 => 202/),
  field("receiver inactive", { active: false }, /~ active: false => true/),
  field("sharedSecret changed", { sharedSecret: "by hand" }, changed("sharedSecret")),
  leftOut("description changed", { description: "by hand" }, /- description: "by hand"/),
  leftOut("contentType changed", { contentType: "text/plain" }, /~ contentType: "text\/plain" => "application\/json"/),
  leftOut("expectedResponseCode changed", { expectedResponseCode: 418 }, /~ expectedResponseCode: 418 => 200/),
  leftOut("receiver inactive", { active: false }, /~ active: false => true/),
  {
    title: "sharedSecret changed, which ION made",
    receiver: LEAST,
    edit: (store, id) => store.updateReceiver(id, { sharedSecret: "by hand" }),
    plans: {},
    says: /\(refresh\)\n.*\n.*::row\d+\]\n.*\n *\+ driftedSecrets: \[\n *\+ *\[0\]: "sharedSecret"/,
  },
  header(
    "header changed",
    (store, id) => store.updateHeader(headerIn(store, id, "X-Plant"), { value: "8" }),
    "header X-Plant was changed",
  ),
  header(
    "header cleared",
    (store, id) => store.updateHeader(headerIn(store, id, "X-Plant"), { value: "" }),
    "header X-Plant was changed",
  ),
  header(
    "header gone",
    (store, id) => store.deleteHeader(headerIn(store, id, "X-Plant")),
    "header X-Plant was removed",
  ),
  header(
    "header off the receiver",
    (store, id) => store.removeHeader(id, headerIn(store, id, "X-Plant")),
    "header X-Plant was removed",
  ),
  header(
    "extra header",
    (store, id) => store.createHeader({ receiverId: id, key: "X-New", value: "1" }),
    "header X-New was added",
  ),
  header(
    "header twin",
    (store, id) => store.createHeader({ receiverId: id, key: "x-plant", value: "7" }),
    "header x-plant \\(twice, id \\d+\\) was added",
  ),
  {
    ...header(
      "extra header, where the program leaves headers out",
      (store, id) => store.createHeader({ receiverId: id, key: "X-New", value: "1" }),
      "header X-New was added",
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
  subscription("extra subscription", (store, id) => subscribe(store, id, "RUNS DELETE"), {
    "-unmanaged": [update, named("RUNS DELETE")],
  }),
  subscription("subscription twin", (store, id) => subscribe(store, id, "PARTS UPDATE"), {
    "-unmanaged": [update, named("PARTS UPDATE")],
  }),
  {
    ...subscription("extra subscription, to be reported", (store, id) => subscribe(store, id, "STEPS DELETE"), {}),
    subscribed: { ...SUBSCRIBED, unmanaged: "report" },
    says: /nobody declared: STEPS DELETE \(id \d+\)\. They stay\./,
    leaves: (store, id) => {
      const extra = store.listSubscriptions(id).filter(({ resource }) => resource === "STEPS");
      expect(extra).toHaveLength(1);
      for (const one of extra) store.deleteSubscription(one.id);
    },
  },
  { title: "nothing changed", receiver: FULL, subscribed: SUBSCRIBED, edit: () => {}, plans: {} },
];

const nameOf = (at: number) => `row${at}`;

/** What takes a second run. */
const EXTRAS = ROWS.flatMap(({ plans }, at) => (plans["-unmanaged"]?.includes(update) ? [nameOf(at)] : []));

const program = (order: readonly number[]) => ({
  "index.js": `const ion = require("pulumi-ion");
    const rows = ${JSON.stringify(ROWS.map(({ receiver, subscribed }) => ({ receiver, subscribed })))};
    for (const at of ${JSON.stringify(order)}) {
      const { receiver, subscribed } = rows[at];
      const { id: receiverId } = new ion.WebhookReceiver("row" + at, { webhookUri: "https://hooks.example/" + at, ...receiver });
      if (!subscribed) continue;
      const [resource, action] = subscribed.pair.split(" ");
      new ion.WebhookSubscriptions("row" + at, { receiverId, subscriptions: { [resource]: [action] }, unmanaged: subscribed.unmanaged });
    }`,
});

/** All that ION has and that is put back, without what it numbers and makes itself. */
function picture(store: Store) {
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
      subscriptions: store.listSubscriptions(id).map(({ resource, action }) => `${resource} ${action}`),
    }))
    .sort((one, other) => (one.webhookUri < other.webhookUri ? -1 : 1));
}

/** What a preview plans to do, by resource; what a refresh found is not among it. */
function planned(output: string): Map<string, string> {
  const plan = output.slice(output.lastIndexOf("pulumi:pulumi:Stack: (same)"));
  const blocks = plan.split(/^(?= *[+~-]+ ?pulumi-nodejs:dynamic\/ion:)/m).slice(1);
  return new Map(blocks.map((block) => [/::([\w-]+)\]$/m.exec(block)?.[1] ?? block, block]));
}

/** On a machine that is busy otherwise. */
const LONG = 20 * 60_000;

describe("drift", () => {
  it("of every kind is in the preview, at its own resource and nowhere else, and put right by up, in whatever order", {
    timeout: LONG,
  }, async () => {
    console.log(`FAULT_SEED=${SEED} repeats the order`);
    const shuffled = (words: string) => {
      const chance = chanceOf("drift", words);
      return ROWS.map((_row, at) => at).sort((one, other) => chance(one) - chance(other));
    };
    const project = await makeProject({ files: program(shuffled("program")) });
    const { store } = project.emulator;
    await project.up();
    const declared = picture(store);
    // Pulumi pads names to one width.
    const preview = async (...args: string[]) => (await project.preview(...args)).replace(/ +:/g, ":");

    for (const round of ["first", "second"]) {
      const ids = new Map(store.listReceivers().map(({ name, id }) => [name, id]));
      for (const at of shuffled(round)) ROWS[at]?.edit(store, ids.get(nameOf(at)) ?? "");

      const output = await preview();
      const plan = planned(output);
      ROWS.forEach(({ title, plans, says }, at) => {
        const own = [...plan].filter(([name]) => name === nameOf(at) || name.startsWith(`${nameOf(at)}-`));
        const expected = Object.keys(plans).map((suffix) => nameOf(at) + suffix);
        expect(own.map(([name]) => name).sort(), `${round}: ${title}`).toEqual(expected.sort());
        for (const [suffix, lines] of Object.entries(plans)) {
          for (const line of lines) expect(plan.get(nameOf(at) + suffix), `${round}: ${title}`).toMatch(line);
        }
        if (says) expect(output, `${round}: ${title}`).toMatch(says);
      });

      await project.up();
      const now = new Map(store.listReceivers().map(({ name, id }) => [name, id]));
      ROWS.forEach(({ leaves }, at) => {
        leaves?.(store, now.get(nameOf(at)) ?? "");
      });
      const settled = (rows: typeof declared) => rows.filter(({ name }) => !EXTRAS.includes(name));
      expect(settled(picture(store)), round).toEqual(settled(declared));
    }

    // Extras are ended by the run after the one that names them, and listed before.
    const listed = planned(await preview());
    expect([...listed.keys()].sort()).toEqual(EXTRAS.map((name) => `${name}-unmanaged`).sort());
    for (const block of listed.values()) expect(block).toMatch(/- removeNext: \[\n *- *\[0\]: "\w+ \w+ \(id \d+\)"/);
    await project.up();
    expect(picture(store)).toEqual(declared);
    await project.preview("--expect-no-changes");
  });
});
