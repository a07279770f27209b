/**
 * `npm run docs`: generates docs/reference from the docstrings of pulumi-ion's exports. With `--check`, fails if
 * docs/reference is stale instead. With `--site` (`npm run site`), writes a website with all of docs/ and the reference
 * to .site.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  Application,
  Converter,
  DeclarationReflection,
  IndexedAccessType,
  IntersectionType,
  LiteralType,
  OptionDefaults,
  type ProjectReflection,
  QueryType,
  ReferenceType,
  ReflectionKind,
  SignatureReflection,
  type SomeType,
  type TypeDocOptions,
  UnionType,
} from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { ACTIONS, VIOLET_RESOURCES } from "../provider/dist/model/events.js";

const ROOT = resolve(import.meta.dirname, "..");
const REFERENCE = join(ROOT, "docs/reference");

const OPTIONS: TypeDocOptions = {
  entryPoints: [join(ROOT, "provider/src/index.ts")],
  tsconfig: join(ROOT, "provider/tsconfig.json"),
  logLevel: "Error",
  // The output must depend on the source alone.
  disableSources: true,
  disableGit: true,
  // Pulumi's reference describes Pulumi's members.
  excludeExternals: true,
  excludeInternal: true,
  // For the plugin's schema (pluginSchema.ts).
  blockTags: [...OptionDefaults.blockTags, "@plugin"],
  modifierTags: [...OptionDefaults.modifierTags, "@noplugin", "@pluginRequired"],
  excludeTags: [...OptionDefaults.excludeTags, "@plugin", "@noplugin", "@pluginRequired"],
  // Our defaults are often sentences rather than code.
  jsDocCompatibility: { defaultTag: false },
};

const PAGES: TypeDocOptions & Partial<PluginOptions> = {
  plugin: ["typedoc-plugin-markdown"],
  readme: "none",
  router: "module",
  groupOrder: ["Classes", "Functions", "Interfaces"],
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  parametersFormat: "table",
  expandParameters: true,
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true, hideSources: true },
};

const SITE: TypeDocOptions = {
  name: "pulumi-ion",
  readme: join(ROOT, "docs/README.md"),
  projectDocuments: [join(ROOT, "docs/*.md"), join(ROOT, "{CONTRIBUTING,SECURITY,provider/CHANGELOG}.md")],
  highlightLanguages: [...OptionDefaults.highlightLanguages, "graphql", "mermaid", "powershell", "python", "go"],
};

if (process.argv.includes("--site")) {
  const folder = join(ROOT, ".site");
  await write(folder, SITE);
  console.log(`Written to ${folder}.`);
} else if (process.argv.includes("--check")) {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-reference-"));
  try {
    await write(folder, PAGES);
    const [generated, committed] = [await readPages(folder), await readPages(REFERENCE)];
    const stale = [...new Set([...generated.keys(), ...committed.keys()])].filter(
      (file) => generated.get(file) !== committed.get(file),
    );
    if (stale.length > 0) {
      console.error(`docs/reference is stale (${stale.join(", ")}): run \`npm run docs\` and commit the result.`);
      process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
} else {
  await write(REFERENCE, PAGES);
}

async function write(folder: string, output: TypeDocOptions) {
  const app = await Application.bootstrapWithPlugins({ ...OPTIONS, ...output, out: folder });
  // After TypeDoc's own listeners.
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => tidy(context.project), -1000);
  const project = await app.convert();
  if (project) await app.generateOutputs(project);
  if (app.logger.hasErrors()) process.exit(1);
}

/**
 * Removes the base class of resources and the return type of constructors, uses the public names of Pulumi's types, and
 * lists the members of our enums.
 */
function tidy(project: ProjectReflection) {
  for (const reflection of Object.values(project.reflections)) {
    // TypeDoc's name for a destructured parameter.
    if (reflection.name === "__namedParameters") reflection.name = "args";
    if (reflection instanceof DeclarationReflection) {
      delete reflection.overwrites;
      if (reflection.kindOf(ReflectionKind.Class)) delete reflection.typeHierarchy;
      if (reflection.type instanceof ReferenceType && reflection.type.name === "OutputInstance") {
        reflection.type.name = "Output";
      }
      if (reflection.type instanceof UnionType) reflection.type.types = reflection.type.types.flatMap(expandType);
    }
    if (reflection instanceof SignatureReflection && reflection.kindOf(ReflectionKind.ConstructorSignature)) {
      delete reflection.overwrites;
      delete reflection.type;
    }
  }
}

/** Replaces `(typeof ACTIONS)[number]` with its members, and `string & {}`, which helps editors, with `string`. */
function expandType(type: SomeType): SomeType[] {
  if (type instanceof IndexedAccessType && type.objectType instanceof QueryType) {
    const lists: Record<string, readonly string[]> = { ACTIONS, VIOLET_RESOURCES };
    const names = lists[type.objectType.queryType.name];
    if (names) return names.map((name) => new LiteralType(name));
  }
  return type instanceof IntersectionType ? type.types.slice(0, 1) : [type];
}

async function readPages(folder: string): Promise<Map<string, string>> {
  const files = (await readdir(folder, { recursive: true }).catch(() => [])).filter((file) => file.endsWith(".md"));
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), "utf8")] as const)),
  );
}
