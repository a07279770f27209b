/** The part of ION's schema that is about webhooks, as SDL. */
import {
  type DefinitionNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  printSchema,
  visit,
} from "graphql";

type Definitions = ReadonlyMap<string, DefinitionNode>;

/** Fields that lead to another part of the webhooks, whatever the name of its type. */
const PARTS = new Set(["subscriptions", "headers", "receiver", "edges", "nodes", "node", "pageInfo", "errors"]);

const [UNUSED] = (parse("type Query { version: String }").definitions[0] as ObjectTypeDefinitionNode).fields ?? [];

const isAboutWebhooks = (name: string) => /webhook/i.test(name);

/** The root fields about webhooks, and the types that they use. Fields that lead to other objects of ION are left out. */
export function webhookPart(schema: GraphQLSchema): string {
  const document = parse(printSchema(schema));
  const definitions: Definitions = new Map(
    document.definitions.flatMap((one) => ("name" in one && one.name ? [[one.name.value, one]] : [])),
  );
  const used = new Map<string, string>();
  const roots = { Query: schema.getQueryType(), Mutation: schema.getMutationType() };
  for (const [name, root] of Object.entries(roots)) {
    if (root) add(root.name, name, (field) => isAboutWebhooks(field.name.value));
  }
  return `${[...used.values()].reverse().join("\n\n")}\n`;

  function add(type: string, name = type, isKept = leadsToWebhooks): void {
    const definition = definitions.get(type);
    if (!definition || used.has(type)) return;
    used.set(type, "");
    const others = new Set<string>();
    const kept = visit(definition, {
      ObjectTypeDefinition: (node) => {
        const fields = node.fields?.filter(isKept) ?? [];
        // GraphQL has no type without fields.
        return {
          ...node,
          name: { ...node.name, value: name },
          interfaces: [],
          fields: fields.length > 0 ? fields : [UNUSED],
        };
      },
      NamedType: (node) => void others.add(node.name.value),
      // Everything that is not a name. A place with a default value is optional: an empty one would change that.
      StringValue: () => null,
      Directive: () => null,
      InputValueDefinition: (node) => (node.defaultValue ? optional(node) : undefined),
    });
    used.set(type, print(kept));
    for (const other of others) add(other);
  }

  function optional({ defaultValue: _, ...node }: InputValueDefinitionNode): InputValueDefinitionNode {
    return { ...node, type: node.type.kind === Kind.NON_NULL_TYPE ? node.type.type : node.type };
  }

  function leadsToWebhooks({ name, type }: FieldDefinitionNode): boolean {
    const named = print(type).replace(/[[\]!]/g, "");
    const target = definitions.get(named);
    const isLeaf = !target || target.kind === Kind.ENUM_TYPE_DEFINITION || target.kind === Kind.SCALAR_TYPE_DEFINITION;
    return isLeaf || PARTS.has(name.value) || isAboutWebhooks(named);
  }
}
