import { namingOf, placeOf, resolveConnection } from "./connectionSettings.ts";
import { Ion, type IonOptions } from "./webhookApi.ts";

/** Reads a stack config key with its namespace, such as `ion-staging:region`; undefined where it is not set. */
export type ReadStackConfig = (key: string) => string | undefined;

/** The IONs that one process speaks to: one {@link Ion} for each, so that all who use it share what was read. */
export class Connections {
  readonly #read: ReadStackConfig;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: IonOptions;
  readonly #byName = new Map<string | undefined, Ion>();
  readonly #byKey = new Map<string, Ion>();

  constructor(read: ReadStackConfig, env: NodeJS.ProcessEnv, options: IonOptions) {
    this.#read = read;
    this.#env = env;
    this.#options = options;
  }

  /**
   * The ION that a connection names; the stack's own without a name. Nothing is sent before something is asked of it.
   *
   * @throws IonError "config" as {@link resolveConnection} does.
   */
  get(name?: string): Ion {
    const known = this.#byName.get(name);
    if (known) return known;
    const { key } = namingOf(name);
    const connection = resolveConnection((setting) => this.#read(key(setting)), this.#env, name);
    // Two names for one ION and key are one: what either writes, both know of.
    const { name: _name, ...rest } = connection;
    const same = JSON.stringify([placeOf(rest.endpoint, name), rest]);
    const ion = this.#byKey.get(same) ?? new Ion(connection, this.#optionsFor(name));
    this.#byKey.set(same, ion);
    this.#byName.set(name, ion);
    return ion;
  }

  /** What is said of an ION says which it is, where there may be several. */
  #optionsFor(name: string | undefined): IonOptions {
    const { tell } = this.#options;
    if (name === undefined || !tell) return this.#options;
    return { ...this.#options, tell: (words) => tell(`connection "${name}": ${words}`) };
  }

  /** Tells every ION that more is on its way. */
  stir(): void {
    for (const ion of this.#byKey.values()) ion.stir();
  }
}
