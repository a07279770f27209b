import { renderGraphiQL } from "@graphql-yoga/render-graphiql";

const query = `# This page holds a token of its own, good for a day. Reload it for a new one.
query Webhooks {
  webhookReceivers(first: 50) {
    edges {
      node {
        id
        _etag
        name
        webhookUri
        active
        subscriptions {
          id
          resource
          action
        }
      }
    }
    pageInfo {
      totalCount
      hasNextPage
      endCursor
    }
  }
}
`;

/** The GraphiQL page, complete in itself; with a token it asks on behalf of that, without one only on its user's. */
export function graphiqlPage(token: string | undefined): string {
  return renderGraphiQL({
    title: "ION emulator",
    endpoint: "/graphql",
    defaultQuery: query,
    ...(token && { additionalHeaders: { Authorization: `Bearer ${token}` } }),
  });
}
