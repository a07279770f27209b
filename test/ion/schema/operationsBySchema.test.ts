/** What is sent to every ION in test/schemas, as files to read. After a wanted change: `npx vitest run <this file> --update`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { expect, it } from "vitest";
import { IonError } from "../../../provider/src/ion/errors.ts";
import { LiveShapes } from "../../../provider/src/ion/schema/liveShapes.ts";
import { operationSamples } from "../../../provider/src/ion/schema/operationSamples.ts";
import { checkSchema } from "../../../provider/src/ion/schema/schemaCheck.ts";
import { type Shapes, USUAL_SHAPES } from "../../../provider/src/ion/schema/shapes.ts";
import { schemaOf } from "../../support/support.ts";

const SCHEMAS = join(import.meta.dirname, "../../schemas");
const NAMES = readdirSync(SCHEMAS).flatMap((file) => (file.endsWith(".graphql") ? [file.replace(".graphql", "")] : []));

/** Every operation, as a paragraph: with its variables, or why it has no place. */
const operationsIn = (shapes: Shapes, etagOf: (mutation: string) => string | undefined) =>
  operationSamples().map(({ purpose, isPart, build, etagFrom }) => {
    try {
      const { document, variables } = build(shapes, etagFrom && etagOf(etagFrom(shapes)));
      // A part has the document of the whole.
      const written = isPart ? [] : [document];
      return { document, text: [`# ${purpose}`, ...written, JSON.stringify(variables), ""].join("\n") };
    } catch (error) {
      if (!(error instanceof IonError)) throw error;
      return { text: `# ${purpose}\n${error.summary}\n` };
    }
  });

const USUAL = operationsIn(USUAL_SHAPES, () => "sample").map(({ text }) => text);

it("what is usual", async () => {
  await expect(USUAL.join("\n")).toMatchFileSnapshot("operations/usual.txt");
});

it.each(NAMES)("what is not as usual with %s, and is valid there", async (name) => {
  const schema = buildSchema(schemaOf(name));
  const shapes = new LiveShapes(schema);
  const operations = operationsIn(shapes, (mutation) => (shapes.showsEtag(mutation) ? "sample" : undefined));
  const unusual = operations.map(({ text }) => text).filter((text) => !USUAL.includes(text));
  const { operations: checked, types: _types, ...facts } = checkSchema(schema);
  const differing = checked.filter(({ outcome }) => outcome !== "works");
  const differences = differing.map(({ purpose, outcome, differences, reason }) => [
    purpose,
    [outcome, ...differences, ...(reason === undefined ? [] : [reason])],
  ]);
  const all = { headers: shapes.headers, omitted: [...shapes.omitted], ...facts, ...Object.fromEntries(differences) };
  const text = `${unusual.join("\n")}\n${JSON.stringify(all, undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot(`operations/${name}.txt`);
  for (const { document } of operations) if (document) expect(validate(schema, parse(document))).toEqual([]);
});
