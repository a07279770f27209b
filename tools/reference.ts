/**
 * `npm run docs`: writes docs/reference from the docstrings of what pulumi-ion exports. With `--check`, says instead
 * whether what is there is what would be written.
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

const OPTIONS: TypeDocOptions & Partial<PluginOptions> = {
  entryPoints: [join(ROOT, "provider/index.ts")],
  tsconfig: join(ROOT, "provider/tsconfig.json"),
  plugin: ["typedoc-plugin-markdown"],
  readme: "none",
  logLevel: "Error",
  // What is written has to depend on the source alone.
  disableSources: true,
  disableGit: true,
  // Pulumi's own members are in Pulumi's own reference.
  excludeExternals: true,
  excludeInternal: true,
  // Our defaults are words more often than code.
  jsDocCompatibility: { defaultTag: false },
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

if (process.argv.includes("--check")) {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-reference-"));
  try {
    await write(folder);
    const [fresh, there] = [await textsIn(folder), await textsIn(REFERENCE)];
    const stale = [...new Set([...fresh.keys(), ...there.keys()])].filter(
      (file) => fresh.get(file) !== there.get(file),
    );
    if (stale.length > 0) {
      console.error(`docs/reference is stale (${stale.join(", ")}): run \`npm run docs\` and commit what it writes.`);
      process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
} else {
  await write(REFERENCE);
}

async function write(folder: string) {
  const app = await Application.bootstrapWithPlugins({ ...OPTIONS, out: folder } as TypeDocOptions);
  // After TypeDoc's own, which fill in what is tidied.
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => tidy(context.project), -1000);
  const project = await app.convert();
  if (project) await app.generateOutputs(project);
  if (app.logger.hasErrors()) process.exit(1);
}

/**
 * Leaves out that every resource extends Pulumi's and that `new` makes one; names Pulumi's types as programs do, and the
 * names in a list of facts one by one.
 */
function tidy(project: ProjectReflection) {
  for (const reflection of Object.values(project.reflections)) {
    // What TypeDoc calls a parameter that is taken apart where it stands.
    if (reflection.name === "__namedParameters") reflection.name = "args";
    if (reflection instanceof DeclarationReflection) {
      delete reflection.overwrites;
      if (reflection.kindOf(ReflectionKind.Class)) delete reflection.typeHierarchy;
      if (reflection.type instanceof ReferenceType && reflection.type.name === "OutputInstance") {
        reflection.type.name = "Output";
      }
      if (reflection.type instanceof UnionType) reflection.type.types = reflection.type.types.flatMap(spellOut);
    }
    if (reflection instanceof SignatureReflection && reflection.kindOf(ReflectionKind.ConstructorSignature)) {
      delete reflection.overwrites;
      delete reflection.type;
    }
  }
}

/** `(typeof ACTIONS)[number]` is its members, and `string & {}`, which is there for editors, is `string`. */
function spellOut(type: SomeType): SomeType[] {
  if (type instanceof IndexedAccessType && type.objectType instanceof QueryType) {
    const lists: Record<string, readonly string[]> = { ACTIONS, VIOLET_RESOURCES };
    const names = lists[type.objectType.queryType.name];
    if (names) return names.map((name) => new LiteralType(name));
  }
  return type instanceof IntersectionType ? type.types.slice(0, 1) : [type];
}

async function textsIn(folder: string): Promise<Map<string, string>> {
  const files = (await readdir(folder, { recursive: true }).catch(() => [])).filter((file) => file.endsWith(".md"));
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), "utf8")] as const)),
  );
}
