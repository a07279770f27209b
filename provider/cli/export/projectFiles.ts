/** What a Pulumi project has beside its program. */

/** @param version of this package. */
export const projectFiles = (version: string) => ({
  "Pulumi.yaml": PULUMI_YAML,
  "package.json": packageJson(version),
  "tsconfig.json": TSCONFIG,
});

const PULUMI_YAML = `name: ion-webhooks
description: ION's webhooks, as code
runtime: nodejs
main: index.ts
options:
  # Every preview and every up looks at ION first: without it they compare with what Pulumi remembers.
  refresh: always
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2022",
    "module": "nodenext",
    "strict": true,
    "skipLibCheck": true,
    // Types are checked by \`npx tsc --noCheck false --noEmit\`: checking at every \`pulumi up\` costs two seconds each time.
    "noCheck": true
  }
}
`;

const packageJson = (version: string) =>
  `${JSON.stringify(
    {
      name: "ion-webhooks",
      private: true,
      dependencies: { "@pulumi/pulumi": "^3.270.0", "pulumi-ion": `^${version}` },
      devDependencies: { "@types/node": "^24.0.0", pulumi: "^3.255.0", typescript: "^6.0.0" },
    },
    undefined,
    2,
  )}\n`;
