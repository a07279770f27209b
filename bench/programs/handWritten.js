// A provider that follows Pulumi's guide to dynamic providers: one request per operation.
const pulumi = require("@pulumi/pulumi");
const graphqlRequest = require("graphql-request");
const { SUBSCRIPTIONS } = require("./subscriptions.js");

/** Sends requests to ION. Fetches the token once per process. */
class IonProvider {
  async configure({ config }) {
    this.config = config;
  }

  async request(document, variables) {
    globalThis.ionToken ??= this.token();
    const headers = { authorization: `Bearer ${await globalThis.ionToken}` };
    return new graphqlRequest.GraphQLClient(this.config.require("ion:endpoint"), { headers }).request(
      document,
      variables,
    );
  }

  async token() {
    const answer = await fetch(this.config.require("ion:authUrl"), {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: this.config.require("ion:clientId"),
        client_secret: this.config.require("ion:clientSecret"),
      }),
    });
    return (await answer.json()).access_token;
  }
}

class ReceiverProvider extends IonProvider {
  async create({ name, webhookUri }) {
    const document = graphqlRequest.gql`mutation ($input: CreateWebhookReceiverInput!) {
      createWebhookReceiver(input: $input) { webhookReceiver { id name webhookUri } }
    }`;
    const answer = await this.request(document, { input: { name, webhookUri } });
    const { id, ...outs } = answer.createWebhookReceiver.webhookReceiver;
    return { id, outs };
  }

  async read(id) {
    const document = graphqlRequest.gql`query ($id: ID!) { webhookReceiver(id: $id) { name webhookUri } }`;
    return { id, props: (await this.request(document, { id })).webhookReceiver };
  }
}

class SubscriptionProvider extends IonProvider {
  async create(input) {
    const { receiverId, resource, action } = input;
    const document = graphqlRequest.gql`mutation ($input: CreateWebhookSubscriptionInput!) {
      createWebhookSubscription(input: $input) { webhookSubscription { id } }
    }`;
    const answer = await this.request(document, { input: { receiverId, resource, action } });
    return { id: answer.createWebhookSubscription.webhookSubscription.id, outs: { receiverId, resource, action } };
  }

  async read(id) {
    const document = graphqlRequest.gql`query ($id: ID!) { webhookSubscription(id: $id) { receiverId resource action } }`;
    return { id, props: (await this.request(document, { id })).webhookSubscription };
  }
}

const receiverProvider = new ReceiverProvider();
const subscriptionProvider = new SubscriptionProvider();

class Receiver extends pulumi.dynamic.Resource {}
class Subscription extends pulumi.dynamic.Resource {}

const webhookUri = new pulumi.Config().requireSecret("webhookUri");
const receiver = new Receiver(receiverProvider, "violet", { name: "Violet", webhookUri });
for (const { resource, action } of SUBSCRIPTIONS) {
  const args = { receiverId: receiver.id, resource, action };
  new Subscription(subscriptionProvider, `violet-${resource}-${action}`, args);
}
