import { providerText } from "../engine/dynamic/providerReference.ts";
import { RECEIVER_SECRETS } from "../lifecycle/resourceHandler.ts";
import { plainUrl } from "../model/url.ts";
import { exact } from "../program/engineSafeInputs.ts";
import * as pulumi from "../program/pulumi.ts";
import { declareOnce } from "../program/registry.ts";
import {
  type ConnectionArgs,
  connectionFor,
  idWithin,
  noteResource,
  placeOfConnection,
} from "../program/resourceConnection.ts";

/** What a {@link WebhookReceiver} is to be. What is left out is ION's choice when the receiver is made, and stays so. */
export interface WebhookReceiverArgs extends ConnectionArgs {
  /** The receiver's name in ION. @default the resource's logical name */
  name?: pulumi.Input<string>;
  /** Where ION sends events: an https:// URL. A secret, wrapped or not: who knows it can send events too. May be left out only with `importId`. */
  webhookUri?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** The Content-Type that ION sends events with, such as `application/json`. */
  contentType?: pulumi.Input<string>;
  /** The HTTP status (100 to 599) that tells ION an event arrived; at any other, ION sends it again. */
  expectedResponseCode?: pulumi.Input<number>;
  /** Whether ION sends events at all. */
  active?: pulumi.Input<boolean>;
  /** The key that ION signs events with (header `x-ion-signature`). A secret. @default one that ION makes */
  sharedSecret?: pulumi.Input<string>;
  /** Headers that ION sends with each event, by name. Values are secrets. */
  headers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** The id of a receiver that exists in ION, to be taken over rather than made. Looked at once, when this resource is created. */
  importId?: pulumi.Input<string>;
}

/**
 * A webhook receiver in ION: a URL that ION sends events to. Every change is an update in place. Its `id` is ION's.
 *
 * A receiver with the same name and webhookUri that is there already is taken over, never made twice.
 *
 * @example
 * ```ts
 * const receiver = new ion.WebhookReceiver("erp", {
 *   webhookUri: new pulumi.Config().requireSecret("webhookUri"),
 *   headers: { "X-Plant": "7" },
 * });
 * ```
 */
export class WebhookReceiver extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  /** The name of the connection to its ION; undefined for the stack's own. */
  declare readonly connection: pulumi.Output<string | undefined>;
  /** A secret. */
  declare readonly webhookUri: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string | undefined>;
  declare readonly contentType: pulumi.Output<string | undefined>;
  declare readonly expectedResponseCode: pulumi.Output<number | undefined>;
  declare readonly active: pulumi.Output<boolean | undefined>;
  /** The key to check `x-ion-signature` with: the declared one, or the one that ION made. A secret. */
  declare readonly sharedSecret: pulumi.Output<string | undefined>;
  /** Secrets. */
  declare readonly headers: pulumi.Output<Record<string, string>>;

  constructor(name: string, given: WebhookReceiverArgs, opts?: pulumi.CustomResourceOptions) {
    const args = exact(name, given);
    const secret = <T>(value: pulumi.Input<T> | undefined) => (value === undefined ? undefined : pulumi.secret(value));
    const connection = connectionFor(name, args.connection, args.importId);
    const once = (uri: pulumi.Input<string>) =>
      declareOnce("webhook receiver", name, placeOfConnection(connection), uri, plainUrl);
    const inputs = {
      ...args,
      connection,
      importId: args.importId && idWithin(name, args.connection, connection, args.importId),
      name: args.name ?? name,
      webhookUri: secret(args.webhookUri && once(args.webhookUri)),
      sharedSecret: secret(args.sharedSecret),
      headers: secret(args.headers),
      __provider: providerText("webhookReceiver"),
    };
    const outputs = {
      description: undefined,
      contentType: undefined,
      expectedResponseCode: undefined,
      active: undefined,
    };
    super(
      "pulumi-nodejs:dynamic/ion:WebhookReceiver",
      name,
      { ...outputs, ...inputs },
      {
        ...opts,
        additionalSecretOutputs: [...RECEIVER_SECRETS, ...(opts?.additionalSecretOutputs ?? [])],
      },
    );
    noteResource(this, connection);
  }
}
