/** ION's live schema, which is read only if ION is not of the usual shape. */
import type { GraphQLSchema, IntrospectionQuery } from "graphql";
import { IonError, isIonError } from "../errors.ts";
import type { Answer, Operation } from "../http/operation.ts";
import { RETRY_POLICY } from "../http/retry.ts";
import { messagesOf } from "../problems.ts";
import type { LiveShapes } from "./liveShapes.ts";
import { RUN_DOCTOR, type Shapes, USUAL_SHAPES } from "./shapes.ts";

type Run = (operation: Operation) => Promise<Answer>;

/**
 * Reads ION's whole schema. Loads graphql-js, which a usual run does not need.
 *
 * @throws IonError if ION does not show it.
 */
export async function introspect(run: Run): Promise<GraphQLSchema> {
  const { buildClientSchema, getIntrospectionQuery } = await import("graphql");
  const { data, problems } = await run({ document: getIntrospectionQuery({ descriptions: false }) });
  try {
    return buildClientSchema(data as unknown as IntrospectionQuery);
  } catch {
    const reason = messagesOf(problems) || "its answer is not a schema.";
    throw new IonError("unexpectedAnswer", `ION does not show its schema: ${reason}`);
  }
}

/** The shape of ION's API: the usual one until ION refuses a document, then that of its schema. */
export class LiveSchema {
  #reading: Promise<void> | undefined;
  #live: LiveShapes | undefined;
  readonly #run: Run;
  readonly #warn: (message: string) => void;
  readonly #reported = new Set<string>();

  constructor(run: Run, warn: (message: string) => void) {
    this.#run = run;
    this.#warn = warn;
  }

  /** The shape that is known by now. */
  get known(): Shapes {
    return this.#live ?? USUAL_SHAPES;
  }

  /** The shape that is known after a read in progress. */
  async shapes(): Promise<Shapes> {
    await this.#reading;
    return this.known;
  }

  /** Reads the schema, once. The shape stays the usual one if ION does not show its schema. */
  async read(): Promise<Shapes> {
    this.#reading ??= this.#read().catch((error: unknown) => {
      // A transient failure is worth another attempt.
      if (isIonError(error) && RETRY_POLICY[error.kind].query === "retry") this.#reading = undefined;
    });
    return this.shapes();
  }

  /** Warns about names that are not requested because ION lacks them, each once. */
  warnOmitted(): void {
    const omitted = this.#live?.omitted ?? [];
    const names = [...omitted].filter((name) => !this.#reported.has(name));
    if (names.length === 0) return;
    for (const name of names) this.#reported.add(name);
    this.#warn(
      `ION's schema lacks ${names.join(", ")}. pulumi-ion omits what is missing, and reports what it cannot do. ${RUN_DOCTOR}`,
    );
  }

  async #read(): Promise<void> {
    const schema = await introspect(this.#run);
    const { LiveShapes } = await import("./liveShapes.ts");
    this.#live = new LiveShapes(schema);
  }
}
