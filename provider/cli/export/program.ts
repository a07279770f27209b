/** Writes the Pulumi program that declares receivers as ION has them now, and takes them over. */

import { NEVER_DELIVERED, VIOLET_ACTIONS, VIOLET_RESOURCES } from "../../ion/facts.ts";
import type { Receiver } from "../../ion/operations.ts";
import { pairOf } from "../../model/difference.ts";
import { GUIDE } from "../status/coverage.ts";
import { escapeText, wrap } from "../terminal.ts";
import { camel, literal, Names } from "./codegen.ts";
import { projectFiles } from "./projectFiles.ts";

/** A program, and what may be set for it. */
export interface Exported {
  /** Files by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Config keys of secrets that the program reads where they are set, as `pulumi config set --secret` takes them. */
  readonly secrets: readonly { readonly receiver: Receiver; readonly keys: readonly string[] }[];
}

/**
 * @param remarks what else there is to say of a receiver, in sentences.
 * @param version of this package, for package.json.
 */
export function programOf(
  receivers: readonly Receiver[],
  remarks: (receiver: Receiver) => readonly string[],
  place: string,
  version: string,
): Exported {
  const names = new Names();
  const parts = receivers.map((one) => partOf(one, names.take(one.name, "receiver"), remarks(one)));
  const index = [
    `// ION's webhooks at ${plain(place)}, as they were when \`pulumi-ion export\` looked.`,
    "//",
    "// `pulumi up` takes them over as they are: each importId names a receiver that exists, and nothing is made or changed.",
    "// From then on this file is what they are to be: change it here, look with `pulumi preview`, apply with `pulumi up`.",
    "// What somebody changes in ION by hand shows in the next preview, and is put back by the next `pulumi up`.",
    "//",
    "// importId is looked at once, when Pulumi first meets a receiver. To make the same receivers in another ION, leave those",
    "// lines out there, and set the URLs first (see the config keys below).",
    'import { Config } from "@pulumi/pulumi/config.js";',
    'import * as ion from "pulumi-ion";',
    "",
    "// Secrets are read from the stack's config where they are set (`pulumi config set --secret <key>`). Where they are not,",
    "// each receiver keeps the URL, the shared secret and the headers that it has in ION (the stack's state has them,",
    "// encrypted).",
    "const config = new Config();",
    ...parts.map(({ text }) => `\n${text}`),
    "",
  ].join("\n");
  return {
    files: { ...projectFiles(version), "index.ts": index },
    secrets: parts.map(({ keys }, at) => ({ receiver: receivers[at] as Receiver, keys })),
  };
}

const COLUMNS = 120;

interface Part {
  readonly text: string;
  readonly keys: readonly string[];
}

function partOf(receiver: Receiver, name: string, remarks: readonly string[]): Part {
  const variable = camel(name);
  const keys = { uri: `${variable}WebhookUri`, secret: `${variable}SharedSecret`, headers: `${variable}Headers` };
  const headers = receiver.headers.map(({ key }) => key);
  const violet = isViolets(receiver);
  const fields = [
    ...(violet && receiver.name === "Violet" ? [] : [`name: ${literal(receiver.name)}`]),
    `importId: ${literal(receiver.id)}`,
    `webhookUri: config.getSecret(${literal(keys.uri)})`,
    `sharedSecret: config.getSecret(${literal(keys.secret)})`,
    ...(headers.length > 0
      ? [`headers: config.getSecretObject<Record<string, string>>(${literal(keys.headers)})`]
      : []),
    ...(receiver.description ? [`description: ${literal(receiver.description)}`] : []),
    ...(receiver.contentType === undefined ? [] : [`contentType: ${literal(receiver.contentType)}`]),
    ...(receiver.expectedResponseCode === undefined ? [] : [`expectedResponseCode: ${receiver.expectedResponseCode}`]),
    ...(receiver.active === undefined ? [] : [`active: ${receiver.active}`]),
  ];
  const twins = [...Map.groupBy(receiver.subscriptions, pairOf)].filter(([, same]) => same.length > 1);
  const about = [
    `${literal(receiver.name)} (id ${plain(receiver.id)} in ION).`,
    ...(receiver.active === false ? ["It is inactive: ION sends it nothing."] : []),
    ...(headers.length > 0
      ? [`ION sends it the ${headers.length === 1 ? "header" : "headers"} ${headers.map(literal).join(", ")}.`]
      : []),
    ...twins.map(
      ([pair, same]) =>
        `${plain(pair)} is subscribed ${same.length} times (ids ${same.map(({ id }) => plain(id)).join(", ")}): each event arrives ` +
        'as often. unmanaged: "delete" ends all but the oldest, after an `up` has named them and a preview has listed them.',
    ),
    ...NEVER_DELIVERED.filter((known) => receiver.subscriptions.some((one) => pairOf(one) === pairOf(known))).map(
      ({ why }) => `${why}.`,
    ),
    ...remarks.map(escapeText),
    ...(receiver.subscriptions.length === 0 ? ["It is subscribed to nothing, so nothing is sent to it."] : []),
  ];
  const comment = about.map((line) => `${wrap(line.split(" "), COLUMNS, "// ", " ")}\n`).join("");
  const text = violet
    ? construct("", "VioletWebhooks", name, [...fields, ...violetFields(receiver, twins.length > 0)])
    : [
        construct(receiver.subscriptions.length > 0 ? `const ${variable}Receiver = ` : "", "WebhookReceiver", name, [
          ...(fields[0]?.startsWith("name:") ? [] : [`name: ${literal(receiver.name)}`]),
          ...fields,
        ]),
        ...(receiver.subscriptions.length > 0
          ? [
              construct("", "WebhookSubscriptions", name, [
                `receiverId: ${variable}Receiver.id`,
                `subscriptions: ${record(byResource(receiver), "  ")}`,
                // Nothing that is there now is ended by taking over.
                'unmanaged: "report"',
              ]),
            ]
          : []),
      ].join("\n");
  return {
    text: comment + text,
    keys: [keys.uri, keys.secret, ...headers.map((header) => `${keys.headers}[${JSON.stringify(header)}]`)],
  };
}

const construct = (before: string, type: string, name: string, fields: readonly string[]) =>
  `${before}new ion.${type}(${literal(name)}, {\n${fields.map((field) => `  ${field},\n`).join("")}});`;

/** Whether a receiver is the one of Violet's guide: by its name with something of the guide, or by having all of the guide. */
function isViolets({ name, subscriptions }: Receiver): boolean {
  const pairs = new Set(subscriptions.map(pairOf));
  const ofGuide = GUIDE.filter((pair) => pairs.has(pairOf(pair))).length;
  return ofGuide === GUIDE.length || (/violet/i.test(name) && ofGuide > 0);
}

/** What a VioletWebhooks has to say to mean exactly these pairs: resources × actions, without what is excluded. */
function violetFields(receiver: Receiver, hasTwins: boolean): string[] {
  const has = new Set(receiver.subscriptions.map(pairOf));
  const resources = inOrder(
    receiver.subscriptions.map(({ resource }) => resource),
    VIOLET_RESOURCES,
  );
  const actions = inOrder(
    receiver.subscriptions.map(({ action }) => action),
    VIOLET_ACTIONS,
  );
  const excluded = resources.flatMap((resource) => {
    const left = actions.filter((action) => !has.has(pairOf({ resource, action })));
    return left.length > 0 ? [[resource, left] as const] : [];
  });
  return [
    ...(same(resources, VIOLET_RESOURCES) ? [] : [`resources: [${resources.map(literal).join(", ")}]`]),
    ...(same(actions, VIOLET_ACTIONS) ? [] : [`actions: [${actions.map(literal).join(", ")}]`]),
    ...(excluded.length > 0 ? [`exclude: ${record(excluded, "  ")}`] : []),
    ...(hasTwins ? ['unmanaged: "report"'] : []),
  ];
}

const byResource = ({ subscriptions }: Receiver) =>
  inOrder(
    subscriptions.map(({ resource }) => resource),
    VIOLET_RESOURCES,
  ).map((resource) => {
    const actions = subscriptions.flatMap((one) => (one.resource === resource ? [one.action] : []));
    return [resource, inOrder(actions, VIOLET_ACTIONS)] as const;
  });

function record(entries: readonly (readonly [string, readonly string[]])[], indent: string): string {
  const key = (name: string) => (/^[A-Z][A-Z0-9_]*$/i.test(name) ? name : literal(name));
  const lines = entries.map(([name, values]) => `${indent}  ${key(name)}: [${values.map(literal).join(", ")}],\n`);
  return `{\n${lines.join("")}${indent}}`;
}

/** Each once: the known ones first and as they are known, then the others by name. */
function inOrder(names: readonly string[], known: readonly string[]): string[] {
  const there = new Set(names);
  return [...known.filter((name) => there.has(name)), ...[...there].filter((name) => !known.includes(name)).sort()];
}

const same = (some: readonly string[], others: readonly string[]) => some.join() === others.join();

/** A text without the quotes of its literal. */
const plain = (text: string) => literal(text).slice(1, -1);
