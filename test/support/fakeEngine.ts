/**
 * A stand-in for Pulumi's engine, to try a thousand runs where the real one does twenty: it refreshes, runs a program,
 * makes new ones first and deletes last, remembers each step as it ends, and can die at any moment. Over real HTTP.
 */
import { isIonError } from "../../provider/ion/errors.ts";
import type { WebhookApi } from "../../provider/ion/webhookApi.ts";
import {
  PartialStateError,
  type ResourceHandler,
  UNKNOWN,
  type UncheckedInputs,
} from "../../provider/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../provider/lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver } from "../../provider/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/lifecycle/webhookSubscription.ts";

type Outputs = UncheckedInputs & { readonly ionEndpoint: string };
type Logic = ResourceHandler<UncheckedInputs, Outputs>;

/** What the driver can drive. The engine knows as little of a resource's types as this does. */
const LOGICS = {
  receiver: webhookReceiver as unknown as Logic,
  subscription: webhookSubscription as unknown as Logic,
  unmanaged: unmanagedSubscriptions as unknown as Logic,
};

/** One resource of a program. */
export interface Declared {
  readonly name: string;
  readonly kind: keyof typeof LOGICS;
  readonly inputs: UncheckedInputs;
  /** The name of the receiver whose id is the input `receiverId`. */
  readonly on?: string;
}

/** What the engine remembers of a resource. */
interface Remembered {
  readonly name: string;
  readonly kind: Declared["kind"];
  readonly id: string;
  readonly inputs: UncheckedInputs;
  readonly state: Outputs;
  /** Made only in part, and so to be updated whatever its diff says. */
  readonly partly?: boolean;
}

/** What is asked before anything is sent, after anything is answered, and before anything is remembered: it may never return. */
export type Moment = () => Promise<void>;

const goOn: Moment = async () => {};

/** A stack: what is remembered from run to run. */
export class Stack {
  readonly remembered = new Map<string, Remembered>();
  /** Replaced by another of the same name, and still to be deleted. */
  readonly replaced = new Set<Remembered>();

  /**
   * `pulumi up` with a refresh: the steps that it took, and what it failed with. What another `ion` would be is another
   * process.
   */
  up(program: readonly Declared[], ion: WebhookApi, moment = goOn): Promise<Outcome> {
    return new Run(this, program, ion, moment, false).toTheEnd();
  }

  /** `pulumi preview` with a refresh: the steps that `up` would take. It remembers nothing. */
  async preview(program: readonly Declared[], ion: WebhookApi): Promise<Outcome> {
    const copy = new Stack();
    for (const one of this.remembered.values()) copy.remembered.set(one.name, one);
    for (const one of this.replaced) copy.replaced.add(one);
    return new Run(copy, program, ion, goOn, true).toTheEnd();
  }
}

/** How a run ended. */
export interface Outcome {
  /** Such as "create parts"; what is as it should be is no step. */
  readonly steps: readonly string[];
  /** What a person reads of what went wrong. Empty where all went well. */
  readonly errors: readonly string[];
}

class Run {
  readonly #stack: Stack;
  readonly #program: readonly Declared[];
  readonly #ion: WebhookApi;
  readonly #moment: Moment;
  readonly #dry: boolean;
  readonly #identities = new Set<string>();
  readonly #steps: string[] = [];
  readonly #errors: string[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(stack: Stack, program: readonly Declared[], ion: WebhookApi, moment: Moment, dry: boolean) {
    this.#stack = stack;
    this.#program = program;
    this.#ion = ion;
    this.#moment = moment;
    this.#dry = dry;
  }

  async toTheEnd(): Promise<Outcome> {
    const { remembered, replaced } = this.#stack;
    await Promise.all([...remembered.values()].map((one) => this.#try(() => this.#refresh(one))));
    if (this.#errors.length === 0) {
      const ids = new Map<string, Promise<string | undefined>>();
      for (const one of this.#program) ids.set(one.name, this.#register(one, one.on ? ids.get(one.on) : undefined));
      await Promise.all(ids.values());
    }
    const declared = new Set(this.#program.map(({ name }) => name));
    const left = [...replaced, ...[...remembered.values()].filter(({ name }) => !declared.has(name))];
    for (const receivers of [false, true]) {
      if (this.#errors.length > 0) break;
      const some = left.filter(({ kind }) => (kind === "receiver") === receivers);
      await Promise.all(some.map((one) => this.#try(() => this.#delete(one))));
    }
    return { steps: this.#steps, errors: this.#errors };
  }

  async #refresh(one: Remembered) {
    const { remembered } = this.#stack;
    const found = await LOGICS[one.kind].read(this.#ion, one.id, one.state);
    await this.#moment();
    if (found) remembered.set(one.name, kept({ ...one, ...found }));
    else remembered.delete(one.name);
  }

  /** The id of a resource, when it is as the program says; undefined where that failed. */
  async #register(one: Declared, on: Promise<string | undefined> | undefined): Promise<string | undefined> {
    const receiverId = on && ((await on) ?? (this.#dry ? UNKNOWN : undefined));
    if (on && receiverId === undefined) return undefined;
    // The engine looks at one resource after the other, and works on many at once.
    const turn = this.#turn.then(() => this.#try(() => this.#plan(one, receiverId)));
    this.#turn = turn;
    const step = await turn;
    await this.#try(async () => step?.());
    return this.#stack.remembered.get(one.name)?.id;
  }

  async #plan({ name, kind, inputs: given }: Declared, receiverId: string | undefined) {
    if (this.#errors.length > 0) return;
    const { remembered } = this.#stack;
    const logic = LOGICS[kind];
    const old = remembered.get(name);
    this.#ion.stir();
    const news = receiverId === undefined ? given : { ...given, receiverId };
    const { inputs, failures } = await logic.check(this.#ion, copied(news), old?.inputs ?? {});
    for (const { property, reason } of failures) this.#errors.push(`${name}: ${property} ${reason}`);
    if (failures.length > 0) return;
    for (const own of logic.identities(inputs)) this.#identities.add(`${kind} ${own}`);
    if (!old) return () => this.#create(name, kind, inputs);
    const { changes, replaces } = logic.diff(old.id, old.state, inputs);
    if (replaces.length > 0) return () => this.#create(name, kind, inputs, old);
    if (changes || old.partly) return () => this.#update(old, inputs);
    remembered.set(name, kept({ ...old, inputs }));
    return;
  }

  async #create(name: string, kind: Declared["kind"], inputs: UncheckedInputs, old?: Remembered) {
    this.#steps.push(`${old ? "replace" : "create"} ${name}`);
    if (this.#dry) return;
    const { remembered, replaced } = this.#stack;
    const keep = async (id: string, state: Outputs, partly: boolean) => {
      await this.#moment();
      if (old) replaced.add(old);
      remembered.set(name, kept({ name, kind, id, inputs, state, partly }));
    };
    try {
      const { id, state } = await LOGICS[kind].create(this.#ion, inputs);
      await keep(id, state, false);
    } catch (error) {
      if (error instanceof PartialStateError) await keep(error.id, error.state as Outputs, true);
      throw error;
    }
  }

  async #update(old: Remembered, inputs: UncheckedInputs) {
    this.#steps.push(`update ${old.name}`);
    if (this.#dry) return;
    const keep = async (state: Outputs, partly: boolean) => {
      await this.#moment();
      this.#stack.remembered.set(old.name, kept({ ...old, inputs, state, partly }));
    };
    try {
      await keep(await LOGICS[old.kind].update(this.#ion, old.id, old.state, inputs), false);
    } catch (error) {
      if (error instanceof PartialStateError) await keep(error.state as Outputs, true);
      throw error;
    }
  }

  async #delete(one: Remembered) {
    this.#steps.push(`delete ${one.name}`);
    if (this.#dry) return;
    const { kind, id, state, name } = one;
    const { remembered, replaced } = this.#stack;
    const declared = LOGICS[kind].identities(state, id).some((own) => this.#identities.has(`${kind} ${own}`));
    await LOGICS[kind].delete(this.#ion, id, state, declared);
    await this.#moment();
    if (!replaced.delete(one)) remembered.delete(name);
  }

  async #try<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      if (!isIonError(error) && !(error instanceof PartialStateError)) throw error;
      this.#errors.push(error.message);
      return undefined;
    }
  }
}

/** What a state file gives back of what it was given. */
const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const kept = ({ name, kind, id, inputs, state, partly }: Remembered): Remembered => {
  return { name, kind, id, ...copied({ inputs, state }), ...(partly && { partly }) };
};
