/** The settings of a provider. What is omitted is taken from environment variables. */
export interface ProviderSettings {
  /** The region of ION: `us`, `gov` or `aus`. */
  region?: string;
  /** The stage of ION: `production` or `staging`. @default "production" */
  stage?: string;
  /** ION's GraphQL endpoint, instead of `region` and `stage`. @default ION_API_URI, if region is omitted too */
  endpoint?: string;
  /** ION's token endpoint, or the host that it is on. @default the documented one of the endpoint, else ION_AUTH_SERVER */
  authUrl?: string;
  /** The client id of the API key. @default ION_CLIENT_ID */
  clientId?: string;
  /** The client secret of the API key. A secret. @default ION_CLIENT_SECRET */
  clientSecret?: string;
  /** Seconds for all attempts of one request. @default 120 */
  deadline?: number;
  /** The GraphQL endpoint that the same environment had before it was renamed. */
  formerEndpoint?: string;
}
