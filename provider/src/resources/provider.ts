import { type ConfigKey, configuredEnvironment } from "../ion/connectionSettings.ts";
import type { ProviderSettings } from "../ion/providerSettings.ts";
import * as pulumi from "../program/pulumi.ts";
import { ENVIRONMENT } from "../program/resourceConnection.ts";

/** Arguments for {@link Provider}. What is omitted is taken from environment variables with its name, such as `ION_STAGING_CLIENT_ID`. */
export type ProviderArgs = {
  readonly [Key in keyof ProviderSettings]?: pulumi.Input<NonNullable<ProviderSettings[Key]>>;
};

/**
 * One ION environment of a program that uses the provider plugin. Resources are in it with the option `provider`.
 *
 * @example
 * ```ts
 * const staging = new ion.Provider("staging", { region: "us", stage: "staging", clientId, clientSecret });
 * new ion.WebhookReceiver("erp", { webhookUri }, { provider: staging });
 * ```
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs, opts?: pulumi.ResourceOptions) {
    const { clientSecret, deadline, ...rest } = args;
    const inputs = {
      ...rest,
      clientSecret: clientSecret === undefined ? undefined : pulumi.secret(clientSecret),
      // Pulumi sends the settings of a provider as text.
      deadline: deadline === undefined ? undefined : pulumi.output(deadline).apply(String),
    };
    super("ion", name, inputs, opts);
    const { region, stage, endpoint } = args;
    const environment = pulumi.all([region, stage, endpoint]).apply(([region, stage, endpoint]) => {
      const values: { readonly [Key in ConfigKey]?: string | undefined } = { region, stage, endpoint };
      return configuredEnvironment((key) => values[key], process.env, name) ?? `provider ${name}`;
    });
    Object.defineProperty(this, ENVIRONMENT, { value: environment });
  }
}
