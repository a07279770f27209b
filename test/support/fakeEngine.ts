/**
 * An imitation of Pulumi's engine, fast enough for thousands of runs: it refreshes, runs a program, creates before it
 * deletes, saves each step, and can crash at any checkpoint. It knows partial runs and the resource options that change what
 * a run does. Requests go over real HTTP.
 * test/e2e/fakeEngine.test.ts compares its steps with those of the real engine.
 */
import { UNKNOWN } from "../../provider/src/lifecycle/resourceHandler.ts";
import { type Properties, ProviderError, type ProviderProcess, type ResourceName } from "./providerProcess.ts";

/** A resource in a program. */
export interface DeclaredResource extends ResourceName {
  readonly inputs: Properties;
  /** The name of the receiver whose id becomes the input `receiverId`. */
  readonly receiver?: string;
  readonly options?: ResourceOptions;
}

/** Pulumi's options of a resource. */
export interface ResourceOptions {
  /** Names of inputs, or "*". */
  readonly ignoreChanges?: readonly string[];
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

/** A resource in the stack's state. */
interface SavedResource extends ResourceName {
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
  /** Whether the last step failed in part: the next run updates the resource, whatever its diff says. */
  readonly partialFailure?: boolean;
  readonly options: ResourceOptions;
}

/** Called before each request, after each response and before each save. To crash, it never resolves. */
export type Checkpoint = () => Promise<void>;

const noCrash: Checkpoint = async () => {};

/** Options of `up` and `preview`. Resources are named by their names, not by URNs. */
export interface RunOptions {
  /** `--target`: the only resources that the run refreshes, plans and deletes. */
  readonly target?: ReadonlySet<string>;
  /** `--exclude`: resources that the run does not refresh, plan or delete. */
  readonly exclude?: ReadonlySet<string>;
  /** `--replace`: resources to replace. */
  readonly replace?: ReadonlySet<string>;
  /** `--continue-on-error`. */
  readonly continueOnError?: boolean;
  readonly checkpoint?: Checkpoint;
}

/** A stack: the state that is saved between runs. */
export class Stack {
  readonly resources = new Map<string, SavedResource>();
  /** Replaced resources that are not deleted yet. */
  readonly replaced = new Set<SavedResource>();

  /** `pulumi up` with a refresh. Each run of the real engine starts its provider, so pass a new one each time. */
  up(program: readonly DeclaredResource[], provider: ProviderProcess, options: RunOptions = {}): Promise<Outcome> {
    return new Run(this, program, provider, options, false).execute();
  }

  /** `pulumi state unprotect --all`. */
  unprotect(): void {
    for (const saved of this.resources.values()) {
      this.resources.set(saved.name, { ...saved, options: { ...saved.options, protect: false } });
    }
  }

  /** `pulumi preview` with a refresh: the steps that `up` would take. Saves nothing. */
  async preview(
    program: readonly DeclaredResource[],
    provider: ProviderProcess,
    options: RunOptions = {},
  ): Promise<Outcome> {
    const copy = new Stack();
    for (const saved of this.resources.values()) copy.resources.set(saved.name, saved);
    for (const saved of this.replaced) copy.replaced.add(saved);
    return new Run(copy, program, provider, options, true).execute();
  }
}

/** The result of a run. */
export interface Outcome {
  /** What the run did, such as "create parts". An unchanged resource is not a step. */
  readonly steps: readonly string[];
  /** The error messages. Empty if the run succeeded. */
  readonly errors: readonly string[];
  /** What the provider warned about. */
  readonly warnings: readonly string[];
}

/** The end of a run: the engine stops at once, also with `--continue-on-error`. */
class Bail extends Error {}

/** What a dependent resource gets to know of its receiver. */
type Registration =
  | { readonly kind: "known"; readonly id: string }
  /** It is not created in this run, so its id is unknown. */
  | { readonly kind: "skipped" }
  /** It failed, so nothing that depends on it is registered. */
  | { readonly kind: "failed" };

class Run {
  readonly #stack: Stack;
  readonly #program: readonly DeclaredResource[];
  readonly #provider: ProviderProcess;
  readonly #options: RunOptions;
  readonly #checkpoint: Checkpoint;
  readonly #isPreview: boolean;
  readonly #steps: string[] = [];
  readonly #errors: string[] = [];
  readonly #registrations = new Map<string, Promise<Registration>>();
  /** Resources that failed. */
  readonly #failed = new Set<DeclaredResource>();
  /** Whether the engine stops: no step starts any more. */
  #isStopped = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    stack: Stack,
    program: readonly DeclaredResource[],
    provider: ProviderProcess,
    options: RunOptions,
    isPreview: boolean,
  ) {
    this.#stack = stack;
    this.#program = program;
    this.#provider = provider;
    this.#options = options;
    this.#checkpoint = (!isPreview && options.checkpoint) || noCrash;
    this.#isPreview = isPreview;
  }

  async execute(): Promise<Outcome> {
    const included = [...this.#stack.resources.values()].filter(({ name }) => this.#isIncluded(name));
    await Promise.all(included.map((saved) => this.#try(() => this.#refresh(saved))));
    // A failed refresh ends a run whatever its options.
    if (this.#errors.length === 0) {
      for (const declared of this.#program) this.#registrations.set(declared.name, this.#register(declared));
      await Promise.all(this.#registrations.values());
      // The program itself fails if an output of it does. Nothing depends on what is unmanaged.
      const hasProgramFailed = [...this.#failed].some(({ kind }) => kind !== "unmanaged");
      if (!this.#isStopped && !hasProgramFailed) await this.#deleteUndeclared();
    }
    return { steps: this.#steps, errors: this.#errors, warnings: this.#provider.warnings };
  }

  #isIncluded(name: string): boolean {
    const { target, exclude } = this.#options;
    return target ? target.has(name) : !exclude?.has(name);
  }

  async #refresh(saved: SavedResource) {
    const { resources } = this.#stack;
    const found = await this.#provider.read(saved, saved.id, saved.inputs, saved.state);
    await this.#checkpoint();
    if (found) resources.set(saved.name, serialized({ ...saved, ...found }));
    else resources.delete(saved.name);
  }

  async #register(declared: DeclaredResource): Promise<Registration> {
    // The program registers the others first.
    await Promise.resolve();
    const receiver = declared.receiver ? await this.#registrations.get(declared.receiver) : undefined;
    if (receiver?.kind === "failed") return receiver;
    const isIncomplete = declared.kind === "unmanaged" && !this.#isPreview && (await this.#hasUnknownReceiver());
    // The engine plans one resource at a time, and executes many steps at once.
    const turn = this.#turn.then(() => this.#try(() => this.#plan(declared, receiver, isIncomplete), declared));
    this.#turn = turn;
    const step = await turn;
    await this.#try(async () => step?.(), declared);
    const id = this.#stack.resources.get(declared.name)?.id;
    if (this.#failed.has(declared) || this.#isStopped) return { kind: "failed" };
    return id === undefined ? { kind: "skipped" } : { kind: "known", id };
  }

  /** Whether the receiver of a subscription is unknown, so that the subscription may belong to any receiver. */
  async #hasUnknownReceiver(): Promise<boolean> {
    const names = this.#program.flatMap(({ kind, receiver }) =>
      kind === "subscription" && receiver ? [receiver] : [],
    );
    const all = await Promise.all(names.map((name) => this.#registrations.get(name)));
    return all.some((registration) => registration?.kind !== "known");
  }

  async #plan(declared: DeclaredResource, receiver: Registration | undefined, isIncomplete: boolean) {
    if (this.#isStopped) return;
    const { name, inputs: program, options = {} } = declared;
    const { ignoreChanges = [], protect = false } = options;
    const { resources } = this.#stack;
    const old = resources.get(name);
    if (!this.#isIncluded(name)) return;
    if (receiver?.kind === "skipped" && this.#options.target && declared.receiver) {
      throw new Bail(`${name} depends on ${declared.receiver}, which is not a target.`);
    }
    const receiverId = receiver?.kind === "known" ? receiver.id : this.#isPreview ? UNKNOWN : undefined;
    const given = copied({
      ...program,
      ...(receiver && receiverId !== undefined && { receiverId }),
      ...(isIncomplete && { incomplete: true }),
    });
    const check = async (news: Properties, olds: Properties) => {
      const { inputs, failures } = await this.#provider.check(declared, olds, news);
      if (failures.length > 0) {
        throw new Bail(failures.map(({ property, reason }) => `${name}: ${property} ${reason}`).join("\n"));
      }
      return inputs;
    };
    const isReplaceTarget = this.#options.replace?.has(name) === true;
    // The engine replaces a resource without what it knows of the old one, and without its ignoreChanges.
    const inputs = await (old && !isReplaceTarget
      ? check(withoutIgnored(given, old.inputs, ignoreChanges), old.inputs)
      : check(given, {}));
    if (!old) return () => this.#create(declared, inputs);
    const { changes, replaces } = isReplaceTarget
      ? { changes: true, replaces: ["id"] }
      : await this.#provider.diff(declared, old.id, old.state, inputs, ignoreChanges);
    if (replaces.length > 0) {
      if (protect && old.options.protect) throw new Bail(`${name} is protected, and cannot be replaced.`);
      const news = isReplaceTarget ? inputs : await check(given, {});
      return () => this.#create(declared, news, old);
    }
    if (changes || old.partialFailure) return () => this.#update(old, inputs, options);
    resources.set(name, serialized({ ...old, inputs, options }));
    return;
  }

  async #create(declared: DeclaredResource, inputs: Properties, old?: SavedResource) {
    const { name, kind, options = {} } = declared;
    this.#steps.push(`${old ? "replace" : "create"} ${name}`);
    if (this.#isPreview) return this.#provider.preview(declared, inputs);
    const { resources, replaced } = this.#stack;
    const save = async (id: string, state: Properties, partialFailure: boolean) => {
      await this.#checkpoint();
      if (old) replaced.add(old);
      resources.set(name, serialized({ name, kind, id, inputs, state, partialFailure, options }));
    };
    try {
      const { id, state } = await this.#provider.create(declared, inputs);
      await save(id, state, false);
    } catch (error) {
      if (error instanceof ProviderError && error.partial) await save(error.partial.id, error.partial.state, true);
      throw error;
    }
  }

  async #update(old: SavedResource, inputs: Properties, options: ResourceOptions) {
    this.#steps.push(`update ${old.name}`);
    if (this.#isPreview) return this.#provider.preview(old, inputs, old);
    const save = async (state: Properties, partialFailure: boolean) => {
      await this.#checkpoint();
      this.#stack.resources.set(old.name, serialized({ ...old, inputs, state, partialFailure, options }));
    };
    try {
      const { state } = await this.#provider.update(old, old.id, old.state, inputs);
      await save(state, false);
    } catch (error) {
      if (error instanceof ProviderError && error.partial) await save(error.partial.state, true);
      throw error;
    }
  }

  async #deleteUndeclared() {
    const { resources, replaced } = this.#stack;
    const { target } = this.#options;
    const declared = new Set(this.#program.map(({ name }) => name));
    const undeclared = [...replaced, ...[...resources.values()].filter(({ name }) => !declared.has(name))];
    const receiverOf = ({ kind, state }: SavedResource) =>
      kind === "receiver" ? undefined : String((state as { readonly receiverId?: unknown }).receiverId);
    const targetedReceivers = new Set(
      [...resources.values()].flatMap(({ name, kind, id }) => (kind === "receiver" && target?.has(name) ? [id] : [])),
    );
    const isTargeted = (saved: SavedResource) =>
      this.#isIncluded(saved.name) || (target !== undefined && targetedReceivers.has(receiverOf(saved) ?? ""));
    const toDelete = undeclared.filter(isTargeted);
    const others = target ? toDelete.filter(({ name }) => !target.has(name)) : [];
    for (const { name } of others) this.#errors.push(`${name} would be deleted, and is not a target.`);
    if (others.length > 0) return;
    const failed: SavedResource[] = [];
    // Receivers last: ION deletes the subscriptions of a receiver with it.
    for (const isReceiver of [false, true]) {
      const batch = toDelete.filter(
        (saved) =>
          (saved.kind === "receiver") === isReceiver && !failed.some((other) => receiverOf(other) === saved.id),
      );
      await Promise.all(
        batch.map(async (saved) => {
          const isDeleted = await this.#try(() => this.#delete(saved));
          if (!isDeleted) failed.push(saved);
        }),
      );
      if (this.#isStopped) break;
    }
  }

  /** Returns whether the resource was deleted. */
  async #delete(saved: SavedResource): Promise<boolean> {
    const { id, state, name, options } = saved;
    const { resources, replaced } = this.#stack;
    this.#steps.push(`delete ${name}`);
    if (options.protect && !replaced.has(saved)) {
      // Pulumi reports every protected resource, and continues with the others.
      this.#errors.push(`${name} is protected, and cannot be deleted.`);
      return false;
    }
    if (this.#isPreview) return true;
    if (!options.retainOnDelete) await this.#provider.delete(saved, id, state);
    await this.#checkpoint();
    if (!replaced.delete(saved)) resources.delete(name);
    return true;
  }

  /** Collects an error. Without `--continue-on-error`, and after a Bail, nothing else starts. */
  async #try<T>(run: () => Promise<T>, declared?: DeclaredResource): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ProviderError || error instanceof Bail)) throw error;
      this.#errors.push(error.message);
      if (declared) this.#failed.add(declared);
      if (error instanceof Bail || !this.#options.continueOnError) this.#isStopped = true;
      return undefined;
    }
  }
}

/** Inputs with those of the last refresh in place of the ignored ones. */
function withoutIgnored(news: Properties, olds: Properties, ignored: readonly string[]): Properties {
  if (ignored.includes("*")) return olds;
  const reset = Object.fromEntries(ignored.flatMap((key) => (Object.hasOwn(olds, key) ? [[key, olds[key]]] : [])));
  return { ...Object.fromEntries(Object.entries(news).filter(([key]) => !ignored.includes(key))), ...reset };
}

/** Values as they come back from a state file. */
const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const serialized = ({ partialFailure, ...saved }: SavedResource): SavedResource => {
  return { ...copied(saved), ...(partialFailure && { partialFailure }) };
};
