/** Generates the Pulumi program that imports receivers as they are. */
import { GUIDE_EVENTS, VIOLET_ACTIONS, VIOLET_RESOURCES } from "../../model/events.ts";
import { eventName, type Receiver } from "../../model/webhooks.ts";
import { camelCase, comment, literal, Names, unquoted } from "./codegen.ts";
import { commentOn, type ExportedReceiver } from "./declarations.ts";
import { projectFiles } from "./projectFiles.ts";

/** A generated program. */
export interface Program {
  /** Files by name. */
  readonly files: Readonly<Record<string, string>>;
  /** The config keys of secrets that the program reads if they are set, as `pulumi config set --secret` takes them. */
  readonly secrets: readonly { readonly receiver: Receiver; readonly keys: readonly string[] }[];
}

/**
 * Generates a program.
 *
 * @param host of the ION environment.
 * @param requirement what package.json requires of this package.
 */
export function generateProgram(receivers: readonly ExportedReceiver[], host: string, requirement: string): Program {
  const names = new Names();
  const parts = receivers.map((one) => generatePart(one, names.create(one.receiver.name, "receiver")));
  const index = [
    `// The webhooks of ION at ${unquoted(host)}, exported with \`pulumi-ion export\`.`,
    "//",
    "// The first `pulumi up` imports them: each importId names an existing receiver, so nothing in ION is created or changed.",
    "// After that, this file is the source of truth: edit it, preview with `pulumi preview`, apply with `pulumi up`. Changes",
    "// in ION itself show up in the next preview, and the next `pulumi up` reverts them.",
    "//",
    "// importId is used only when a resource is created. To create the same receivers in another ION environment, remove the",
    "// importId lines there and set the webhookUri config keys below first.",
    'import * as pulumi from "@pulumi/pulumi";',
    'import * as ion from "pulumi-ion";',
    "",
    "// Secrets are read from the stack's config (`pulumi config set --secret <key>`). If a key is not set, the receiver keeps",
    "// the value that it has in ION, and the stack's state holds it encrypted.",
    "const config = new pulumi.Config();",
    ...parts.map(({ text }) => `\n${text}`),
    "",
  ].join("\n");
  return {
    files: { ...projectFiles(requirement), "index.ts": index },
    secrets: receivers.map(({ receiver }, at) => ({ receiver, keys: parts[at]?.keys ?? [] })),
  };
}

interface Part {
  readonly text: string;
  readonly keys: readonly string[];
}

function generatePart(exported: ExportedReceiver, name: string): Part {
  const { receiver } = exported;
  const variable = camelCase(name);
  const keys = { uri: `${variable}WebhookUri`, secret: `${variable}SharedSecret`, headers: `${variable}Headers` };
  const headers = receiver.headers.map(({ key }) => key);
  const fields = [
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
  const code = isViolet(receiver)
    ? [violetCode(receiver, name, fields)]
    : [receiverCode(receiver, name, fields), ...subscriptionsCode(receiver, name)];
  return {
    text: [...comment(commentOn(exported), "// "), ...code].join("\n"),
    keys: [keys.uri, keys.secret, ...headers.map((header) => `${keys.headers}[${JSON.stringify(header)}]`)],
  };
}

function violetCode(receiver: Receiver, name: string, fields: readonly string[]): string {
  const nameField = receiver.name === "Violet" ? [] : [`name: ${literal(receiver.name)}`];
  return construct("", "VioletWebhooks", name, [...nameField, ...fields, ...violetFields(receiver)]);
}

function receiverCode(receiver: Receiver, name: string, fields: readonly string[]): string {
  const assignment = receiver.subscriptions.length > 0 ? `const ${camelCase(name)}Receiver = ` : "";
  return construct(assignment, "WebhookReceiver", name, [`name: ${literal(receiver.name)}`, ...fields]);
}

function subscriptionsCode(receiver: Receiver, name: string): string[] {
  if (receiver.subscriptions.length === 0) return [];
  return [
    construct("", "WebhookSubscriptions", name, [
      `receiver: ${camelCase(name)}Receiver`,
      `subscriptions: ${record(actionsByResource(receiver))}`,
      // Importing deletes nothing.
      'unmanaged: "report"',
    ]),
  ];
}

const construct = (before: string, type: string, name: string, fields: readonly string[]) =>
  `${before}new ion.${type}(${literal(name)}, {\n${fields.map((field) => `  ${field},\n`).join("")}});`;

/** Combinations of resources and actions of a receiver that can be Violet's: ten times as many as the guide has. */
const MAX_COMBINATIONS = 10 * GUIDE_EVENTS.length;

/** Whether a receiver is the one of Violet's guide: it has all of its events, or Violet's name and one of them. */
function isViolet({ name, subscriptions }: Receiver): boolean {
  const events = new Set(subscriptions.map(eventName));
  // All others of resources × actions would be listed as excluded.
  const count = (key: "resource" | "action") => new Set(subscriptions.map((one) => one[key])).size;
  if (count("resource") * count("action") > MAX_COMBINATIONS) return false;
  const ofGuide = GUIDE_EVENTS.filter((event) => events.has(eventName(event))).length;
  return ofGuide === GUIDE_EVENTS.length || (/violet/i.test(name) && ofGuide > 0);
}

/** The fields of a VioletWebhooks that mean exactly these events: resources × actions, without what is excluded. */
function violetFields({ subscriptions }: Receiver): string[] {
  const events = new Set(subscriptions.map(eventName));
  const resources = sorted(
    subscriptions.map(({ resource }) => resource),
    VIOLET_RESOURCES,
  );
  const actions = sorted(
    subscriptions.map(({ action }) => action),
    VIOLET_ACTIONS,
  );
  const excluded = resources
    .map((resource) => [resource, actions.filter((action) => !events.has(eventName({ resource, action })))] as const)
    .filter(([, some]) => some.length > 0);
  return [
    ...(isSame(resources, VIOLET_RESOURCES) ? [] : [`resources: [${resources.map(literal).join(", ")}]`]),
    ...(isSame(actions, VIOLET_ACTIONS) ? [] : [`actions: [${actions.map(literal).join(", ")}]`]),
    ...(excluded.length > 0 ? [`exclude: ${record(excluded)}`] : []),
    // The default would delete duplicates.
    ...(subscriptions.length > events.size ? ['unmanaged: "report"'] : []),
  ];
}

function actionsByResource({ subscriptions }: Receiver) {
  const byResource = Map.groupBy(subscriptions, ({ resource }) => resource);
  return sorted([...byResource.keys()], VIOLET_RESOURCES).map((resource) => {
    const actions = byResource.get(resource)?.map(({ action }) => action) ?? [];
    return [resource, sorted(actions, VIOLET_ACTIONS)] as const;
  });
}

function record(entries: readonly (readonly [string, readonly string[]])[]): string {
  // Computed, because `__proto__: …` would set the prototype.
  const key = (name: string) => (/^[A-Z][A-Z0-9_]*$/i.test(name) ? name : `[${literal(name)}]`);
  const lines = entries.map(([name, values]) => `    ${key(name)}: [${values.map(literal).join(", ")}],\n`);
  return `{\n${lines.join("")}  }`;
}

/** Unique names: the known ones in their order, then the others by name. */
function sorted(names: readonly string[], known: readonly string[]): string[] {
  const unique = new Set(names);
  return [...known.filter((name) => unique.has(name)), ...[...unique].filter((name) => !known.includes(name)).sort()];
}

const isSame = (some: readonly string[], others: readonly string[]) => some.join() === others.join();
