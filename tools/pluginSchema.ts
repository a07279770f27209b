/**
 * `npm run schema`: generates the schema of the provider plugin from the declarations of pulumi-ion and their docstrings. With
 * `--check`, fails if it is stale instead.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import ts from "typescript";
import { SECRET_FIELDS } from "../provider/dist/model/webhooks.js";

const ROOT = resolve(import.meta.dirname, "..");
const SCHEMA = join(ROOT, "provider/src/engine/plugin/schema.json");
const PACKAGE = join(ROOT, "provider/package.json");

/** A type of Pulumi's schema. */
interface SchemaType {
  type?: string;
  $ref?: string;
  items?: SchemaType;
  additionalProperties?: SchemaType;
}
interface SchemaProperty extends SchemaType {
  description: string;
  secret?: true;
  willReplaceOnChanges?: true;
}

const config = ts.readConfigFile(join(ROOT, "provider/tsconfig.json"), ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(ROOT, "provider"));
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();

const PROVIDER =
  "One ION environment: the resources and functions of a provider are in it. Two environments are two providers.";
const RECEIVER_IMPORT = `## Import

Name the receiver by its id in ION:

\`\`\`sh
pulumi import ion:index:WebhookReceiver erp 2
\`\`\`

The webhookUri, the shared secret and the headers are recorded, and not printed. Add the webhookUri to the program.`;
const SUBSCRIPTION_IMPORT = `## Import

Name the subscription by its receiver's id, its resource and its action:

\`\`\`sh
pulumi import ion:index:WebhookSubscription erp-parts 2/PARTS/UPDATE
\`\`\``;

async function generate(): Promise<string> {
  const { version, description, license } = JSON.parse(await readFile(PACKAGE, "utf8")) as Record<string, string>;
  const settings = propertiesOf("ion/providerSettings.ts", "ProviderSettings");
  const { properties: provider } = schemaOf(settings, ["clientSecret"]);
  const one = objectType("ReceiverResult");
  const parsed = {
    name: "ion",
    displayName: "ION",
    version,
    description,
    license,
    publisher: "pulumi-ion",
    keywords: ["pulumi", "ion", "category/infrastructure"],
    meta: { moduleFormat: "(.*)" },
    language: {
      nodejs: { respectSchemaVersion: true },
      python: { respectSchemaVersion: true, pyproject: { enabled: true } },
      go: { respectSchemaVersion: true, importBasePath: "pulumi-ion/sdk/go/ion" },
      csharp: { respectSchemaVersion: true, packageReferences: { Pulumi: "3.*" } },
      java: { buildFiles: "none" },
    },
    config: { variables: provider },
    provider: { description: PROVIDER, inputProperties: provider },
    resources: {
      "ion:index:WebhookReceiver": resource("WebhookReceiver", RECEIVER_IMPORT),
      "ion:index:WebhookSubscription": resource("WebhookSubscription", SUBSCRIPTION_IMPORT),
      "ion:index:WebhookSubscriptions": component("WebhookSubscriptions"),
      "ion:index:VioletWebhooks": component("VioletWebhooks"),
    },
    functions: {
      "ion:index:getWebhookReceiver": func("getWebhookReceiver", one),
      "ion:index:getWebhookReceivers": func("getWebhookReceivers", {
        properties: {
          receivers: {
            type: "array",
            items: { $ref: `#/types/ion:index:ReceiverResult` },
            description: "The receivers, oldest first.",
          },
        },
        required: ["receivers"],
      }),
      "ion:index:getSupportedResources": func(
        "getSupportedResources",
        schemaOf(propertiesOf("functions/getSupportedResources.ts", "GetSupportedResourcesResult"), []),
      ),
      "ion:index:getSourceAddresses": func(
        "getSourceAddresses",
        schemaOf(propertiesOf("functions/getSourceAddresses.ts", "GetSourceAddressesResult"), []),
      ),
    },
  };
  return `${JSON.stringify({ ...parsed, types: Object.fromEntries(types) }, null, 2)}\n`;
}

/** A resource: its inputs from its arguments, its outputs from its class. */
function resource(name: string, importSection: string) {
  const file = `resources/${name.charAt(0).toLowerCase()}${name.slice(1)}.ts`;
  const outputs = propertiesOf(file, name).filter((one) => declaredIn(one, file));
  const inputs = schemaOf(propertiesOf(file, `${name}Args`), SECRET_FIELDS);
  const { properties, required } = schemaOf(outputs, SECRET_FIELDS);
  const [description] = docsOf(symbolOf(file, name));
  if (name === "WebhookSubscription") {
    for (const property of Object.values(inputs.properties)) property.willReplaceOnChanges = true;
  }
  return {
    description: `${description}\n\n${importSection}`,
    inputProperties: inputs.properties,
    requiredInputs: inputs.required,
    properties,
    required,
  };
}

/** A function: its inputs from its arguments, if it has any of its own. */
function func(name: string, outputs: object) {
  const [description] = docsOf(symbolOf(`functions/${name}.ts`, name));
  const args = `${name.charAt(0).toUpperCase()}${name.slice(1)}Args`;
  const hasArgs = exportsOf(`functions/${name}.ts`).some((one) => one.name === args);
  const inputs = schemaOf(hasArgs ? propertiesOf(`functions/${name}.ts`, args) : [], SECRET_FIELDS);
  return { description, inputs: { type: "object", ...inputs }, outputs: { type: "object", ...outputs } };
}

/** The nested types that were met so far, by their token. */
const types = new Map<string, object>();

/** The schema of an interface of lifecycle/lookUps.ts, which is also a type of its own. */
function objectType(name: string) {
  const own = schemaOf(propertiesOf("lifecycle/lookUps.ts", name), []);
  types.set(`ion:index:${name}`, { type: "object", ...own });
  return own;
}

/** A component: its inputs from its arguments, its outputs from the outputs of its class. */
function component(name: string) {
  const file = `resources/${name.charAt(0).toLowerCase()}${name.slice(1)}.ts`;
  const outputs = propertiesOf(file, name).filter((one) => declaredIn(one, file));
  const inputs = schemaOf(propertiesOf(file, `${name}Args`), SECRET_FIELDS);
  const { properties, required } = schemaOf(outputs, []);
  const [description] = docsOf(symbolOf(file, name));
  return {
    isComponent: true,
    description,
    inputProperties: inputs.properties,
    requiredInputs: inputs.required,
    properties,
    required,
  };
}

function schemaOf(symbols: readonly ts.Symbol[], secrets: readonly string[]) {
  const properties: Record<string, SchemaProperty> = {};
  const required: string[] = [];
  for (const symbol of symbols) {
    const [description, tags] = docsOf(symbol);
    if (tags.has("noplugin")) continue;
    const { name, valueDeclaration } = symbol;
    if (
      !valueDeclaration ||
      !(ts.isPropertySignature(valueDeclaration) || ts.isPropertyDeclaration(valueDeclaration))
    ) {
      throw new Error(`${name} is not a property.`);
    }
    const { type, questionToken } = valueDeclaration;
    if (!type) throw new Error(`${name} has no type.`);
    properties[name] = {
      ...schemaType(type),
      description,
      ...(secrets.includes(name) && { secret: true }),
    };
    const isOptional = questionToken !== undefined && !tags.has("pluginRequired");
    if (!isOptional && !acceptsUndefined(type)) required.push(name);
  }
  return { properties, required };
}

/** The docstring of a declaration without its links, with its default; or what it says about the plugin instead. */
function docsOf(symbol: ts.Symbol): [string, Map<string, string>] {
  const text = (parts: ts.SymbolDisplayPart[] | undefined) =>
    ts
      .displayPartsToString(parts)
      .replace(/\{@link (\w+)[^}]*\}/g, "$1")
      .replace(/\n(?!\n)/g, " ")
      .replace(/\n +/g, "\n\n")
      .trim();
  const tags = new Map(symbol.getJsDocTags(checker).map((tag) => [tag.name, text(tag.text)]));
  const description = tags.get("plugin") ?? text(symbol.getDocumentationComment(checker));
  if (!description) throw new Error(`${symbol.name} has no docstring.`);
  const fallback = tags.get("default");
  return [fallback ? `${description} Default: ${fallback.replace(/\.$/, "")}.` : description, tags];
}

function schemaType(node: ts.TypeNode): SchemaType {
  if (ts.isTypeReferenceNode(node)) {
    const name = ts.isQualifiedName(node.typeName) ? node.typeName.right.text : node.typeName.text;
    const [first, second] = node.typeArguments ?? [];
    if ((name === "Input" || name === "Output") && first) return schemaType(first);
    if (name === "Record" && second) return { type: "object", additionalProperties: schemaType(second) };
  }
  if (ts.isUnionTypeNode(node)) {
    const [first, ...others] = node.types.filter((one) => one.kind !== ts.SyntaxKind.UndefinedKeyword);
    if (first && others.length === 0) return schemaType(first);
  }
  if (ts.isTypeOperatorNode(node) && node.operator === ts.SyntaxKind.ReadonlyKeyword) return schemaType(node.type);
  if (ts.isArrayTypeNode(node)) return { type: "array", items: schemaType(node.elementType) };
  const type = checker.getTypeFromTypeNode(node);
  if (type.symbol?.name === "SubscriptionResult") {
    objectType(type.symbol.name);
    return { $ref: `#/types/ion:index:${type.symbol.name}` };
  }
  const [member] = type.aliasSymbol?.getDeclarations() ?? [];
  if (member && ts.isTypeAliasDeclaration(member) && ts.isMappedTypeNode(member.type) && member.type.type) {
    return { type: "object", additionalProperties: schemaType(member.type.type) };
  }
  const every = (flags: ts.TypeFlags) =>
    (type.isUnion() ? type.types : [type])
      .filter((one) => (one.flags & ts.TypeFlags.Undefined) === 0)
      .every((one) => (one.flags & flags) !== 0 || one.isIntersection());
  if (every(ts.TypeFlags.StringLike)) return { type: "string" };
  if (every(ts.TypeFlags.NumberLike)) return { type: "integer" };
  if (every(ts.TypeFlags.BooleanLike)) return { type: "boolean" };
  throw new Error(`There is no schema for the type ${node.getText()}.`);
}

const acceptsUndefined = (node: ts.TypeNode): boolean =>
  node.kind === ts.SyntaxKind.UndefinedKeyword ||
  (ts.isUnionTypeNode(node) && node.types.some(acceptsUndefined)) ||
  (ts.isTypeReferenceNode(node) && (node.typeArguments ?? []).some(acceptsUndefined));

function propertiesOf(file: string, name: string): ts.Symbol[] {
  return checker.getDeclaredTypeOfSymbol(symbolOf(file, name)).getProperties();
}

const declaredIn = ({ valueDeclaration }: ts.Symbol, file: string) =>
  valueDeclaration?.getSourceFile().fileName === join(ROOT, "provider/src", file) &&
  ts.isPropertyDeclaration(valueDeclaration);

function exportsOf(file: string): ts.Symbol[] {
  const source = program.getSourceFile(join(ROOT, "provider/src", file));
  const module = source && checker.getSymbolAtLocation(source);
  return module ? checker.getExportsOfModule(module) : [];
}

function symbolOf(file: string, name: string): ts.Symbol {
  const symbol = exportsOf(file).find((one) => one.name === name);
  if (!symbol) throw new Error(`provider/src/${file} exports no ${name}.`);
  return symbol;
}

const schema = await generate();
if (process.argv.includes("--check")) {
  if ((await readFile(SCHEMA, "utf8").catch(() => "")) !== schema) {
    console.error("provider/src/engine/plugin/schema.json is stale: run `npm run schema` and commit the result.");
    process.exitCode = 1;
  }
} else {
  await writeFile(SCHEMA, schema);
}
