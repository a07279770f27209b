// The two mutations of Violet's guide without Pulumi, or, for `preview`, one query of everything.
const { gql, request } = require("graphql-request");
const { SUBSCRIPTIONS } = require("./subscriptions.js");

const { ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID, ION_CLIENT_SECRET } = process.env;

const CREATE_RECEIVER = gql`mutation CreateWebhookReceiver($input: CreateWebhookReceiverInput!) {
  createWebhookReceiver(input: $input) {
    webhookReceiver {
      id name description webhookUri sharedSecret contentType expectedResponseCode
      active subscriptions { resource action id } headers { key value id }
    }
  }
}`;

const READ = gql`{
  webhookReceivers(first: 100) {
    edges { node { id name webhookUri active subscriptions { resource action id } } }
    pageInfo { hasNextPage }
  }
}`;

async function main() {
  const answer = await fetch(ION_AUTH_SERVER, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: ION_CLIENT_ID,
      client_secret: ION_CLIENT_SECRET,
    }),
  });
  const headers = { authorization: `Bearer ${(await answer.json()).access_token}` };
  const send = (document, variables) => request(ION_API_URI, document, variables, headers);

  if (process.argv[2] === "preview") return send(READ);
  const input = { name: "Violet", webhookUri: "https://violet.example/hooks/bench" };
  const { createWebhookReceiver } = await send(CREATE_RECEIVER, { input });
  const { id } = createWebhookReceiver.webhookReceiver;
  const fields = SUBSCRIPTIONS.map(
    ({ resource, action }, index) => `m${index}: createWebhookSubscription(
      input: { resource: ${resource}, action: ${action}, receiverId: "${id}" }
    ) { webhookSubscription { id _etag } }`,
  );
  await send(`mutation { ${fields.join("\n")} }`);
}

main();
