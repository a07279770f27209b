import { environmentOf, inConnection, resolveSettings, settingNames } from "./connectionSettings.ts";
import { WebhookApi, type WebhookApiOptions } from "./webhookApi.ts";

/** Reads a stack config key with its namespace, such as `ion-staging:region`; undefined if it is not set. */
export type ReadStackConfig = (key: string) => string | undefined;

/** The ION environments that one process uses: one {@link WebhookApi} for each, so that everyone shares its snapshot. */
export class ConnectionPool {
  readonly #read: ReadStackConfig;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: WebhookApiOptions;
  readonly #byName = new Map<string | undefined, WebhookApi>();
  readonly #bySettings = new Map<string, WebhookApi>();

  constructor(read: ReadStackConfig, env: NodeJS.ProcessEnv, options: WebhookApiOptions) {
    this.#read = read;
    this.#env = env;
    this.#options = options;
  }

  /**
   * The API of a connection; of the default connection without a name. Sends nothing.
   *
   * @throws IonError "config" as {@link resolveSettings} does.
   */
  get(name?: string): WebhookApi {
    const known = this.#byName.get(name);
    if (known) return known;
    const { key } = settingNames(name);
    const settings = resolveSettings((setting) => this.#read(key(setting)), this.#env, name);
    // Two names for one environment and key share one snapshot.
    const { name: _name, ...rest } = settings;
    const identity = JSON.stringify([environmentOf(rest.endpoint, name), rest]);
    const api = this.#bySettings.get(identity) ?? new WebhookApi(settings, this.#optionsFor(name));
    this.#bySettings.set(identity, api);
    this.#byName.set(name, api);
    return api;
  }

  /** Warnings of a named connection name it. */
  #optionsFor(name: string | undefined): WebhookApiOptions {
    const { warn } = this.#options;
    return warn ? { ...this.#options, warn: (message) => warn(inConnection(name, message)) } : this.#options;
  }

  /** Keeps the current batches of all connections open. */
  keepBatchesOpen(): void {
    for (const api of this.#bySettings.values()) api.keepBatchOpen();
  }
}
