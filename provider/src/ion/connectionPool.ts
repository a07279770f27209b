import {
  type ConfigKey,
  environmentOf,
  inConnection,
  providerSettingNames,
  readSettings,
  requireSettings,
  type SettingNames,
  settingNames,
} from "./connectionSettings.ts";
import { WebhookApi, type WebhookApiOptions } from "./webhookApi.ts";

/** Reads a stack config key with its namespace, such as `ion-staging:region`; undefined if it is not set. */
export type ReadStackConfig = (key: string) => string | undefined;

/** The ION environments that one process uses: one {@link WebhookApi} for each, so that everyone shares its snapshot. */
export class ConnectionPool {
  readonly #read: ReadStackConfig;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: WebhookApiOptions;
  readonly #provider: string | undefined;
  readonly #byName = new Map<string | undefined, WebhookApi>();
  readonly #bySettings = new Map<string, WebhookApi>();

  /** @param provider the name of the Pulumi provider that the program declares, if it is one: its settings are not stack config. */
  constructor(read: ReadStackConfig, env: NodeJS.ProcessEnv, options: WebhookApiOptions, provider?: string) {
    this.#read = read;
    this.#env = env;
    this.#options = options;
    this.#provider = provider;
  }

  /**
   * The API of a connection; of the default connection without a name. Sends nothing.
   *
   * @throws IonError "config" that lists every setting that is missing or wrong.
   */
  get(name?: string): WebhookApi {
    const known = this.#byName.get(name);
    if (known) return known;
    const { key } = settingNames(name);
    const read = (setting: ConfigKey) => this.#read(key(setting));
    const settings = requireSettings(readSettings(read, this.#env, name ?? this.#provider, this.names(name)));
    // Two names for one environment and key share one snapshot.
    const { name: _name, names: _names, ...rest } = settings;
    const identity = JSON.stringify([environmentOf(rest.endpoint), rest]);
    const api = this.#bySettings.get(identity) ?? new WebhookApi(settings, this.#optionsFor(name));
    this.#bySettings.set(identity, api);
    this.#byName.set(name, api);
    return api;
  }

  /** How the settings of a connection are spelled; of the default connection without a name. */
  names(name?: string): SettingNames {
    return name === undefined && this.#provider !== undefined
      ? providerSettingNames(this.#provider)
      : settingNames(name);
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
