/** The functions of the plugin. @see ../../functions/ for the same in TypeScript. */
import { InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { IonError, isIonError } from "../../ion/errors.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import { findReceiver, listReceivers, sourceAddresses, supportedResources } from "../../lifecycle/lookUps.ts";
import { UNKNOWN } from "../../lifecycle/resourceHandler.ts";
import { fromWire, toWire } from "./wire.ts";

type Args = Readonly<Record<string, string | undefined>>;

/** The functions, by their token. `api` connects when it is called. */
const FUNCTIONS: Readonly<Record<string, (api: () => WebhookApi, args: Args) => object | Promise<object>>> = {
  "ion:index:getWebhookReceiver": (api, { id, name, webhookUri }) => findReceiver(api(), { id, name, webhookUri }),
  "ion:index:getWebhookReceivers": async (api) => ({ receivers: await listReceivers(api()) }),
  "ion:index:getSupportedResources": (api) => supportedResources(api()),
  "ion:index:getSourceAddresses": (_api, { region = "", stage }) => sourceAddresses(region, stage),
};

/** Answers a function call of a program. The results hold no secret. */
export async function invoke(api: () => WebhookApi, token: string, args: Struct | undefined): Promise<InvokeResponse> {
  const answer = Object.hasOwn(FUNCTIONS, token) ? FUNCTIONS[token] : undefined;
  const name = token.split(":").at(-1);
  if (!answer) throw new IonError("invalid", `pulumi-ion has no function ${token}.`);
  const { values } = fromWire(args);
  try {
    if (Object.values(values).includes(UNKNOWN)) throw new IonError("invalid", "an argument is not known yet.");
    return new InvokeResponse().setReturn(toWire(await answer(api, values as Args)));
  } catch (error) {
    throw isIonError(error) ? error.with({ summary: `${name}: ${error.summary}` }) : error;
  }
}
