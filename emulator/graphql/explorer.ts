import { renderGraphiQL } from "@graphql-yoga/render-graphiql";

const query = `# This page has its own token, valid for one day. Reload the page to get a new one.
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

/** The self-contained GraphiQL page. With an `Authorization` header, the page sends it with every request. */
export function explorerPage(authorization: string | undefined): string {
  return renderGraphiQL({
    title: "ION emulator",
    endpoint: "/graphql",
    defaultQuery: query,
    ...(authorization && { additionalHeaders: { Authorization: authorization } }),
  });
}
