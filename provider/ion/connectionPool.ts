import { environmentOf, resolveSettings, settingNames } from "./connectionSettings.ts";
import { WebhookApi, type WebhookApiOptions } from "./webhookApi.ts";

/** Reads a stack config key with its namespace, such as `ion-staging:region`; undefined where it is not set. */
export type ReadStackConfig = (key: string) => string | undefined;

/** The IONs that one process speaks to: one {@link WebhookApi} for each, so that all who use it share what was read. */
export class ConnectionPool {
  readonly #read: ReadStackConfig;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: WebhookApiOptions;
  readonly #byName = new Map<string | undefined, WebhookApi>();
  readonly #byKey = new Map<string, WebhookApi>();

  constructor(read: ReadStackConfig, env: NodeJS.ProcessEnv, options: WebhookApiOptions) {
    this.#read = read;
    this.#env = env;
    this.#options = options;
  }

  /**
   * The ION that a connection names; the stack's own without a name. Nothing is sent before something is asked of it.
   *
   * @throws IonError "config" as {@link resolveSettings} does.
   */
  get(name?: string): WebhookApi {
    const known = this.#byName.get(name);
    if (known) return known;
    const { key } = settingNames(name);
    const connection = resolveSettings((setting) => this.#read(key(setting)), this.#env, name);
    // Two names for one ION and key are one: what either writes, both know of.
    const { name: _name, ...rest } = connection;
    const same = JSON.stringify([environmentOf(rest.endpoint, name), rest]);
    const ion = this.#byKey.get(same) ?? new WebhookApi(connection, this.#optionsFor(name));
    this.#byKey.set(same, ion);
    this.#byName.set(name, ion);
    return ion;
  }

  /** What is said of an ION says which it is, where there may be several. */
  #optionsFor(name: string | undefined): WebhookApiOptions {
    const { warn } = this.#options;
    if (name === undefined || !warn) return this.#options;
    return { ...this.#options, warn: (words) => warn(`connection "${name}": ${words}`) };
  }

  /** Tells every ION that more is on its way. */
  stir(): void {
    for (const ion of this.#byKey.values()) ion.stir();
  }
}
