import type { z } from "zod";
import type { WebhookApi } from "../ion/webhookApi.ts";

/** Stands for a value that is not known yet, at preview. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Properties of a webhook receiver that hold secrets, in inputs and in state. */
export const RECEIVER_SECRETS: readonly string[] = ["webhookUri", "sharedSecret", "headers", "pinned"];

/** Why one property of an input will not do. Never holds the value: it may be a secret. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** Inputs as a program handed them over, not looked at yet. */
export type UncheckedInputs = Readonly<Record<string, unknown>>;

/**
 * What a resource does, as plain functions of plain data: it does not know what carries it into an engine.
 * Every function throws an IonError and nothing else.
 */
export interface ResourceHandler<Inputs, State> {
  /** Properties that hold secrets, in inputs and in state. */
  readonly secrets: readonly string[];
  /**
   * What makes two declarations the same object in ION: any one of these is enough. None while it is not known.
   *
   * @param id of the object, where there is one.
   */
  identities(declared: Inputs | State, id?: string): readonly string[];
  /** Looks at inputs before anything happens; `olds` are the inputs of last time, where there was one. */
  check(
    ion: WebhookApi,
    news: UncheckedInputs,
    olds: UncheckedInputs,
  ): Promise<{ inputs: UncheckedInputs; failures: readonly Failure[] }>;
  /** Says whether `inputs` ask for something else than `state`, and for which property it takes a new object. */
  diff(id: string, state: State, inputs: Inputs): { changes: boolean; replaces: readonly string[] };
  /** Takes over what is exactly that, or makes it. */
  create(ion: WebhookApi, inputs: Inputs): Promise<{ id: string; state: State }>;
  /** Rebuilds inputs and state from ION by the id; undefined where the object is proved to be gone. */
  read(ion: WebhookApi, id: string, state: State): Promise<{ inputs: UncheckedInputs; state: State } | undefined>;
  /** Makes the object in ION be as `inputs` say. */
  update(ion: WebhookApi, id: string, state: State, inputs: Inputs): Promise<State>;
  /**
   * Makes the object be gone; one that is gone already is fine.
   *
   * @param declared whether the program declares the same object still, by another name: Pulumi deletes last, so the
   * other has taken it over by then, and it stays unless ION has it twice.
   */
  delete(ion: WebhookApi, id: string, state: State, declared: boolean): Promise<void>;
}

/** Thrown by create and update where the object is there, and not yet as it should be: it is recorded, and finished next time. */
export class PartialStateError<State> extends Error {
  readonly id: string;
  readonly state: State;
  readonly reasons: readonly string[];

  constructor(id: string, state: State, reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.id = id;
    this.state = state;
    this.reasons = reasons;
  }
}

/** Holds inputs against a schema. What is not known yet is let through. */
export function inputFailures(schema: z.ZodType, news: UncheckedInputs): Failure[] {
  const parsed = schema.safeParse(news);
  if (parsed.success) return [];
  return parsed.error.issues
    .filter((issue) => !isUnknownAt(news, issue.path))
    .map((issue) => {
      const [keyProblem] = issue.code === "invalid_key" ? issue.issues : [];
      return { property: issue.path.join(".") || "inputs", reason: keyProblem?.message ?? issue.message };
    });
}

function isUnknownAt(value: unknown, path: readonly PropertyKey[]): boolean {
  const at = path.reduce((from, key) => (from as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
  return at === UNKNOWN;
}
