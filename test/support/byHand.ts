/** Changes that a person makes in an ION of another process. */
import { asker } from "../emulator/setup.ts";

/** Deletes the subscription PARTS UPDATE of an emulator, as a click in its page does. */
export async function deletePartsUpdate(url: string): Promise<void> {
  const tokenUrl = `${url}/realms/api-keys/protocol/openid-connect/token`;
  const ask = await asker({ graphqlUrl: `${url}/graphql`, tokenUrl });
  const { body } = await ask("{ webhookSubscriptions { edges { node { id _etag resource action } } } }");
  const nodes: Record<string, string>[] = body.data?.webhookSubscriptions.edges.map(
    (edge: { node: object }) => edge.node,
  );
  const found = nodes.find(({ resource, action }) => resource === "PARTS" && action === "UPDATE");
  await ask("mutation ($id: ID!, $etag: String!) { deleteWebhookSubscription(id: $id, etag: $etag) { id } }", {
    id: found?.id,
    etag: found?._etag,
  });
}
