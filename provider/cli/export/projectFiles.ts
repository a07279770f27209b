/** The files of a Pulumi project besides its program. */

/** @param requirement what package.json requires of this package. */
export const projectFiles = (requirement: string) => ({
  "Pulumi.yaml": PULUMI_YAML,
  "package.json": packageJson(requirement),
  "tsconfig.json": TSCONFIG,
});

const PULUMI_YAML = `name: ion-webhooks
description: ION's webhooks, as code
runtime: nodejs
main: index.ts
options:
  # Read ION before every preview and every up. Without this, they compare with the state of the last up.
  refresh: always
`;

const TSCONFIG = `{
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

const packageJson = (requirement: string) =>
  `${JSON.stringify(
    {
      name: "ion-webhooks",
      private: true,
      dependencies: { "@pulumi/pulumi": "^3.270.0", "pulumi-ion": requirement },
      devDependencies: { "@types/node": "^24.0.0", pulumi: "^3.255.0", typescript: "^6.0.0" },
    },
    undefined,
    2,
  )}\n`;
