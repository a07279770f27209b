/** The files of a Pulumi project besides its program. */

/** @param requirement what package.json requires of this package. */
export const projectFiles = (requirement: string) => ({
  "Pulumi.yaml": pulumiYaml("runtime: nodejs\nmain: index.ts\n", "dynamic"),
  "package.json": packageJson(requirement, true),
  "tsconfig.json": TSCONFIG,
});

/**
 * Pulumi.yaml.
 *
 * @param runtime its lines about the language.
 */
export const pulumiYaml = (runtime: string, carrier: "dynamic" | "plugin") => `name: ion-webhooks
description: ION's webhooks, as code
${runtime}options:
  # Read ION before every preview and every up. Without this, they compare with the state of the last up.
  refresh: always
${carrier === "plugin" ? PLUGIN : ""}`;

const PLUGIN = `plugins:
  providers:
    - name: ion
      path: node_modules/pulumi-ion/bin
`;

/** What Pulumi runs TypeScript with. */
export const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2022",
    "module": "nodenext",
    "strict": true,
    "skipLibCheck": true,
    // Check types with \`npx tsc --noCheck false --noEmit\`. Checking them in every \`pulumi up\` would take two seconds.
    "noCheck": true
  }
}
`;

/**
 * package.json.
 *
 * @param requirement what it requires of this package.
 * @param isTypeScript whether the program is in TypeScript.
 */
export const packageJson = (requirement: string, isTypeScript: boolean) =>
  `${JSON.stringify(
    {
      name: "ion-webhooks",
      private: true,
      dependencies: { ...(isTypeScript && { "@pulumi/pulumi": "^3.270.0" }), "pulumi-ion": requirement },
      devDependencies: isTypeScript
        ? { "@types/node": "^24.0.0", pulumi: "^3.255.0", typescript: "^6.0.0" }
        : { pulumi: "^3.255.0" },
    },
    undefined,
    2,
  )}\n`;
