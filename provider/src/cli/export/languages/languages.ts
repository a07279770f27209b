/** Programs over the provider plugin, in the languages that `export --language` knows. */
import type { DeclaredReceiver } from "../declarations.ts";
import { generateImportFile, IMPORT_FILE } from "../importFile.ts";
import { packageJson, pulumiYaml, TSCONFIG } from "../projectFiles.ts";
import { writeGo } from "./go.ts";
import { writePython } from "./python.ts";
import { writeTypeScript } from "./typescript.ts";
import { writeYaml } from "./yaml.ts";

/** What differs between the languages. */
interface LanguageFiles {
  /** The head of Pulumi.yaml. */
  readonly runtime: string;
  readonly files: (program: Program) => Readonly<Record<string, string>>;
  /** The commands that install what the program imports, after `npm install`. */
  readonly install: readonly string[];
}

interface Program {
  readonly header: readonly string[];
  readonly receivers: readonly DeclaredReceiver[];
  readonly version: string;
}

const LANGUAGE_FILES = {
  typescript: {
    runtime: "runtime: nodejs\nmain: index.ts\n",
    files: ({ header, receivers }) => ({
      "tsconfig.json": TSCONFIG,
      "index.ts": writeTypeScript(header, receivers),
    }),
    install: [],
  },
  python: {
    runtime: "runtime:\n  name: python\n  options:\n    virtualenv: venv\n",
    files: ({ header, receivers }) => ({
      "requirements.txt": "pulumi>=3.165,<4\n./node_modules/pulumi-ion/sdk/python\n",
      "__main__.py": writePython(header, receivers),
    }),
    install: ["python3 -m venv venv", "venv/bin/pip install --requirement requirements.txt"],
  },
  go: {
    runtime: "runtime: go\n",
    files: ({ header, receivers, version }) => ({ "go.mod": goMod(version), "main.go": writeGo(header, receivers) }),
    install: ["go mod tidy"],
  },
  yaml: { runtime: "runtime: yaml\n", files: () => ({}), install: [] },
} satisfies Record<string, LanguageFiles>;

/** A language of `export --language`. */
export type Language = keyof typeof LANGUAGE_FILES;

/** The languages of `export --language`. */
export const LANGUAGES = Object.keys(LANGUAGE_FILES) as Language[];

/** A project over the provider plugin. */
export interface PluginProject {
  /** Files by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly install: readonly string[];
}

/**
 * Generates a project.
 *
 * @param host of the ION environment.
 * @param requirement what package.json requires of this package.
 * @param version of this package.
 */
export function generateProject(
  language: Language,
  receivers: readonly DeclaredReceiver[],
  host: string,
  requirement: string,
  version: string,
): PluginProject {
  const header = [
    `Written by \`pulumi-ion export --language ${language}\`. Before the first \`pulumi up\`, import what it declares:`,
    `\`${IMPORT_COMMAND}\`.`,
    "No secret is here: each receiver keeps its webhookUri, its sharedSecret and its headers until it declares them.",
    // Not above: Python reads encodings in the first two lines.
    `The ION environment: ${host}.`,
  ];
  const { runtime, files, install }: LanguageFiles = LANGUAGE_FILES[language];
  const resources = language === "yaml" ? writeYaml(header, receivers) : "";
  return {
    files: {
      "Pulumi.yaml": pulumiYaml(runtime, "plugin") + resources,
      "package.json": packageJson(requirement, language === "typescript"),
      ...files({ header, receivers, version }),
      [IMPORT_FILE]: generateImportFile(receivers),
    },
    install,
  };
}

/** Imports what import.json lists. The program that Pulumi would print is already there. */
export const IMPORT_COMMAND = `pulumi import --file ${IMPORT_FILE} --protect=false --generate-code=false`;

const goMod = (version: string) => `module ion-webhooks

go 1.25

require (
	github.com/pulumi/pulumi/sdk/v3 v3.255.0
	pulumi-ion/sdk/go v${version}
)

replace pulumi-ion/sdk/go => ./node_modules/pulumi-ion/sdk/go
`;
