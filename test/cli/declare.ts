import type { Emulator } from "../../emulator/index.ts";
import type { Declared } from "../../provider/cli/stackState.ts";
import type { WebhookApi } from "../../provider/ion/webhookApi.ts";
import { webhookReceiver } from "../../provider/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/lifecycle/webhookSubscription.ts";
import { ionOn } from "../support/support.ts";

type Inputs = Parameters<typeof webhookReceiver.create>[1];

/** What a stack declares: made in ION by the resources themselves, and remembered as Pulumi would. */
export async function declare(
  emulator: Emulator,
  what: readonly { readonly inputs: Inputs; readonly pairs: readonly string[]; readonly unmanaged?: "ignore" }[],
  ion: WebhookApi = ionOn(emulator),
): Promise<Declared> {
  const about = (resource: string, name: string) => {
    const type = `pulumi-nodejs:dynamic/ion:${resource}`;
    return { type, urn: `urn:pulumi:test::project::${type}::${name}` };
  };
  const made = await Promise.all(
    what.map(async ({ inputs, pairs, unmanaged }) => {
      const { id, state } = await webhookReceiver.create(ion, inputs);
      const { name } = inputs;
      const receiver = { ...about("WebhookReceiver", name), id, name, inputs: { ...inputs }, outputs: { ...state } };
      const subscriptions = await Promise.all(
        pairs.map(async (pair) => {
          const [resource = "", action = ""] = pair.split(" ");
          const own = { receiverId: id, resource, action };
          const subscription = await webhookSubscription.create(ion, own);
          const outputs = { ...subscription.state };
          const named = about("WebhookSubscription", `${name}-${resource}-${action}`);
          return { ...named, id: subscription.id, ...own, inputs: own, outputs };
        }),
      );
      return { receiver, subscriptions, watched: unmanaged === "ignore" ? [] : [id] };
    }),
  );
  return {
    receivers: made.map(({ receiver }) => receiver),
    subscriptions: made.flatMap(({ subscriptions }) => subscriptions),
    watched: new Set(made.flatMap(({ watched }) => watched)),
  };
}
