import { type IonErrorKind, isAlreadyPrinted, isIonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";

/** Stands for a value that is not known yet, in a preview. Pulumi's own sentinel. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Why an input is invalid. Never contains the value, which may be secret. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** What a run knows of the other resources of the stack. Without it, nothing is known of them. */
export interface Run {
  /** Whether a resource has the object with this id: it was read, compared or created in this run. */
  has(type: "webhook subscription", id: string): boolean;
  /** The identities of the objects of a type that were checked so far, as {@link ResourceHandler.identities} returns them. */
  declared(type: "webhook subscription"): readonly string[];
}

/** Inputs that are not validated yet. */
export type UncheckedInputs = Readonly<Record<string, unknown>>;

/** What a lifecycle function wants the user to know. Whoever calls it prints them. */
export interface Warnings {
  readonly warnings?: readonly string[];
}

/** How inputs differ from the recorded state. */
export interface Diff {
  readonly changes: boolean;
  /** The properties for which a new object is needed. */
  readonly replaces: readonly string[];
  /** What a preview shows as changed. @default what inputs and state differ in */
  readonly details?: readonly PropertyChange[];
}

/** One change that a preview shows. */
export interface PropertyChange {
  /** The property, or an entry of it: `["headers", "X-Plant"]`. */
  readonly path: readonly [string, ...string[]];
  readonly kind: "add" | "update" | "delete";
}

/**
 * What one type of resource does, as plain functions of plain data. They know no engine, print nothing, and throw an IonError
 * and nothing else.
 */
export interface ResourceHandler<Inputs, State> {
  /** Properties that hold secrets, in inputs and in state. */
  readonly secrets: readonly string[];
  /**
   * Strings that identify the object in ION: two declarations with one in common are the same object. Empty while it is unknown.
   *
   * @param id the object's id, if it exists.
   */
  identities(declared: Inputs | State, id?: string): readonly string[];
  /** Validates inputs before anything happens. `olds` are the inputs of the last run, if there was one. */
  check(
    api: WebhookApi,
    news: UncheckedInputs,
    olds: UncheckedInputs,
    run?: Run,
  ): Promise<Warnings & { readonly inputs: UncheckedInputs; readonly failures: readonly Failure[] }>;
  /** How `inputs` differ from `state`. */
  diff(id: string, state: State, inputs: Inputs): Diff;
  /** Adopts the object if it exists exactly as declared, else creates it. */
  create(api: WebhookApi, inputs: Inputs): Promise<Warnings & { readonly id: string; readonly state: State }>;
  /**
   * Inputs and state of an object in ION that no stack records. The inputs hold no secret: Pulumi prints them.
   *
   * @param id the object's id, or what a person knows of it.
   */
  import(
    api: WebhookApi,
    id: string,
  ): Promise<{ readonly id: string; readonly inputs: UncheckedInputs; readonly state: State }>;
  /** Rebuilds inputs and state from ION by the id. `found` is undefined if the object is proved not to exist. */
  read(
    api: WebhookApi,
    id: string,
    state: State,
  ): Promise<Warnings & { readonly found?: { readonly inputs: UncheckedInputs; readonly state: State } | undefined }>;
  /** Makes the object in ION as `inputs` say. */
  update(
    api: WebhookApi,
    id: string,
    state: State,
    inputs: Inputs,
    run?: Run,
  ): Promise<Warnings & { readonly state: State }>;
  /**
   * Deletes the object; succeeds if it no longer exists.
   *
   * @param isDeclared whether the program still declares the same object under another name. Pulumi deletes last, so the
   * other resource has adopted it by then, and it is kept unless ION has a duplicate.
   */
  delete(api: WebhookApi, id: string, state: State, isDeclared: boolean): Promise<void>;
}

/** Thrown by create and update if the object exists, but not yet as declared: it is recorded, and the next run finishes it. */
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

/** Failures that may be over when the changes of a preview are applied. */
const MAY_PASS: readonly IonErrorKind[] = ["unreachable", "rateLimited", "unknownOutcome"];

/**
 * Looks at ION in a check, so that a preview refuses what `pulumi up` would refuse. A preview also works while ION cannot be
 * reached, with a warning.
 */
export async function lookAhead<T extends Warnings>(
  look: () => Promise<T>,
): Promise<{ readonly seen?: T; readonly warnings: readonly string[] }> {
  try {
    const seen = await look();
    return { seen, warnings: seen.warnings ?? [] };
  } catch (error) {
    if (!isIonError(error) || !MAY_PASS.includes(error.kind)) throw error;
    // The first resource's warning has the details: one is enough.
    const warnings = isAlreadyPrinted(error) ? [] : [`Could not check what ION already has: ${error.message}`];
    return { warnings };
  }
}

/**
 * The result of a read, or a warning if ION's schema has no way to show it. Any other failure is thrown: only a missing name
 * in the schema allows a create to continue without a check.
 */
export async function ifReadable<T>(
  consequence: string,
  read: () => Promise<T>,
): Promise<{ readonly value?: T; readonly warnings: readonly string[] }> {
  try {
    return { value: await read(), warnings: [] };
  } catch (error) {
    if (!isIonError(error) || error.kind !== "unsupported") throw error;
    return { warnings: [`${error.message} ${consequence}`] };
  }
}
