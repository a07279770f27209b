/**
 * An imitation of Pulumi's engine, fast enough for thousands of runs: it refreshes, runs a program, creates before it
 * deletes, saves each step, and can crash at any checkpoint. Requests go over real HTTP.
 * test/e2e/fakeEngine.test.ts compares its steps with those of the real engine.
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
type Handler = ResourceHandler<UncheckedInputs, Outputs>;

/** The handler of each kind of resource. Like the real engine, this one does not know their input types. */
const handlers = {
  receiver: webhookReceiver as unknown as Handler,
  subscription: webhookSubscription as unknown as Handler,
  unmanaged: unmanagedSubscriptions as unknown as Handler,
};

/** A resource in a program. */
export interface DeclaredResource {
  readonly name: string;
  readonly kind: keyof typeof handlers;
  readonly inputs: UncheckedInputs;
  /** The name of the receiver whose id becomes the input `receiverId`. */
  readonly receiver?: string;
}

/** A resource in the stack's state. */
interface SavedResource {
  readonly name: string;
  readonly kind: DeclaredResource["kind"];
  readonly id: string;
  readonly inputs: UncheckedInputs;
  readonly state: Outputs;
  /** Whether the last step failed in part: the next run updates the resource, whatever its diff says. */
  readonly partialFailure?: boolean;
}

/** Called before each request, after each response and before each save. To crash, it never resolves. */
export type Checkpoint = () => Promise<void>;

const noCrash: Checkpoint = async () => {};

/** A stack: the state that is saved between runs. */
export class Stack {
  readonly resources = new Map<string, SavedResource>();
  /** Replaced resources that are not deleted yet. */
  readonly replaced = new Set<SavedResource>();

  /** `pulumi up` with a refresh. Each process of the real engine has a WebhookApi of its own, so pass a new one each time. */
  up(program: readonly DeclaredResource[], ion: WebhookApi, checkpoint = noCrash): Promise<Outcome> {
    return new Run(this, program, ion, checkpoint, false).execute();
  }

  /** `pulumi preview` with a refresh: the steps that `up` would take. Saves nothing. */
  async preview(program: readonly DeclaredResource[], ion: WebhookApi): Promise<Outcome> {
    const copy = new Stack();
    for (const saved of this.resources.values()) copy.resources.set(saved.name, saved);
    for (const saved of this.replaced) copy.replaced.add(saved);
    return new Run(copy, program, ion, noCrash, true).execute();
  }
}

/** The result of a run. */
export interface Outcome {
  /** What the run did, such as "create parts". An unchanged resource is not a step. */
  readonly steps: readonly string[];
  /** The error messages. Empty if the run succeeded. */
  readonly errors: readonly string[];
  /** What the lifecycles warned about. */
  readonly warnings: readonly string[];
}

class Run {
  readonly #stack: Stack;
  readonly #program: readonly DeclaredResource[];
  readonly #ion: WebhookApi;
  readonly #checkpoint: Checkpoint;
  readonly #isPreview: boolean;
  readonly #identities = new Set<string>();
  readonly #steps: string[] = [];
  readonly #errors: string[] = [];
  readonly #warnings: string[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    stack: Stack,
    program: readonly DeclaredResource[],
    ion: WebhookApi,
    checkpoint: Checkpoint,
    isPreview: boolean,
  ) {
    this.#stack = stack;
    this.#program = program;
    this.#ion = ion;
    this.#checkpoint = checkpoint;
    this.#isPreview = isPreview;
  }

  async execute(): Promise<Outcome> {
    const { resources, replaced } = this.#stack;
    await Promise.all([...resources.values()].map((saved) => this.#try(() => this.#refresh(saved))));
    if (this.#errors.length === 0) {
      const ids = new Map<string, Promise<string | undefined>>();
      for (const declared of this.#program) {
        const pendingReceiverId = declared.receiver ? ids.get(declared.receiver) : undefined;
        ids.set(declared.name, this.#register(declared, pendingReceiverId));
      }
      await Promise.all(ids.values());
    }
    const declared = new Set(this.#program.map(({ name }) => name));
    const toDelete = [...replaced, ...[...resources.values()].filter(({ name }) => !declared.has(name))];
    // Receivers last: ION deletes the subscriptions of a receiver with it.
    for (const isReceiver of [false, true]) {
      if (this.#errors.length > 0) break;
      const batch = toDelete.filter(({ kind }) => (kind === "receiver") === isReceiver);
      await Promise.all(batch.map((saved) => this.#try(() => this.#delete(saved))));
    }
    return { steps: this.#steps, errors: this.#errors, warnings: this.#warnings };
  }

  async #refresh(saved: SavedResource) {
    const { resources } = this.#stack;
    const { found, warnings = [] } = await handlers[saved.kind].read(this.#ion, saved.id, saved.state);
    this.#warnings.push(...warnings);
    await this.#checkpoint();
    if (found) resources.set(saved.name, serialized({ ...saved, ...found }));
    else resources.delete(saved.name);
  }

  /** Returns the resource's id once it is as declared; undefined if that failed. */
  async #register(
    declared: DeclaredResource,
    pendingReceiverId: Promise<string | undefined> | undefined,
  ): Promise<string | undefined> {
    const receiverId = pendingReceiverId && ((await pendingReceiverId) ?? (this.#isPreview ? UNKNOWN : undefined));
    if (pendingReceiverId && receiverId === undefined) return undefined;
    // The engine plans one resource at a time, and executes many steps at once.
    const turn = this.#turn.then(() => this.#try(() => this.#plan(declared, receiverId)));
    this.#turn = turn;
    const step = await turn;
    await this.#try(async () => step?.());
    return this.#stack.resources.get(declared.name)?.id;
  }

  async #plan({ name, kind, inputs: declared }: DeclaredResource, receiverId: string | undefined) {
    if (this.#errors.length > 0) return;
    const { resources } = this.#stack;
    const handler = handlers[kind];
    const old = resources.get(name);
    this.#ion.keepBatchOpen();
    const news = receiverId === undefined ? declared : { ...declared, receiverId };
    const { inputs, failures } = await handler.check(this.#ion, copied(news), old?.inputs ?? {});
    for (const { property, reason } of failures) this.#errors.push(`${name}: ${property} ${reason}`);
    if (failures.length > 0) return;
    for (const identity of handler.identities(inputs)) this.#identities.add(`${kind} ${identity}`);
    if (!old) return () => this.#create(name, kind, inputs);
    const { changes, replaces } = handler.diff(old.id, old.state, inputs);
    if (replaces.length > 0) return () => this.#create(name, kind, inputs, old);
    if (changes || old.partialFailure) return () => this.#update(old, inputs);
    resources.set(name, serialized({ ...old, inputs }));
    return;
  }

  async #create(name: string, kind: DeclaredResource["kind"], inputs: UncheckedInputs, old?: SavedResource) {
    this.#steps.push(`${old ? "replace" : "create"} ${name}`);
    if (this.#isPreview) return;
    const { resources, replaced } = this.#stack;
    const save = async (id: string, state: Outputs, partialFailure: boolean) => {
      await this.#checkpoint();
      if (old) replaced.add(old);
      resources.set(name, serialized({ name, kind, id, inputs, state, partialFailure }));
    };
    try {
      const { id, state, warnings = [] } = await handlers[kind].create(this.#ion, inputs);
      this.#warnings.push(...warnings);
      await save(id, state, false);
    } catch (error) {
      if (error instanceof PartialStateError) await save(error.id, error.state as Outputs, true);
      throw error;
    }
  }

  async #update(old: SavedResource, inputs: UncheckedInputs) {
    this.#steps.push(`update ${old.name}`);
    if (this.#isPreview) return;
    const save = async (state: Outputs, partialFailure: boolean) => {
      await this.#checkpoint();
      this.#stack.resources.set(old.name, serialized({ ...old, inputs, state, partialFailure }));
    };
    try {
      const { state, warnings = [] } = await handlers[old.kind].update(this.#ion, old.id, old.state, inputs);
      this.#warnings.push(...warnings);
      await save(state, false);
    } catch (error) {
      if (error instanceof PartialStateError) await save(error.state as Outputs, true);
      throw error;
    }
  }

  async #delete(saved: SavedResource) {
    this.#steps.push(`delete ${saved.name}`);
    if (this.#isPreview) return;
    const { kind, id, state, name } = saved;
    const { resources, replaced } = this.#stack;
    const isDeclared = handlers[kind]
      .identities(state, id)
      .some((identity) => this.#identities.has(`${kind} ${identity}`));
    await handlers[kind].delete(this.#ion, id, state, isDeclared);
    await this.#checkpoint();
    if (!replaced.delete(saved)) resources.delete(name);
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

/** Values as they come back from a state file. */
const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const serialized = ({ name, kind, id, inputs, state, partialFailure }: SavedResource): SavedResource => {
  return { name, kind, id, ...copied({ inputs, state }), ...(partialFailure && { partialFailure }) };
};
