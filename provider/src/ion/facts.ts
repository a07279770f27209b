/** What ION documents about its environments, as data: hosts, source addresses, permissions. */
import { capitalize } from "../model/text.ts";

/** Where one ION environment answers. */
export interface Host {
  /** The GraphQL endpoint. */
  readonly endpoint: string;
  /** The host that issues tokens; the path below it is {@link TOKEN_PATH}. */
  readonly issuer: string;
}

/** The path of the token endpoint on an issuer (ION's manual, "Authentication"). */
export const TOKEN_PATH = "/realms/api-keys/protocol/openid-connect/token";

/** Where some issuers have it instead (public clients of ION). */
export const OTHER_TOKEN_PATH = `/auth${TOKEN_PATH}`;

/** ION's environments by region and stage (ION's manual, "Environments"). An API key works in one of them only. */
export const HOSTS: Readonly<Record<string, Readonly<Record<string, Host>>>> = {
  us: {
    production: { endpoint: "https://api.buildwithion.com/graphql", issuer: "https://auth.buildwithion.com" },
    staging: {
      endpoint: "https://staging-api.buildwithion.com/graphql",
      issuer: "https://staging-auth.buildwithion.com",
    },
  },
  gov: {
    production: { endpoint: "https://api.ion-gov.com/graphql", issuer: "https://auth.ion-gov.com" },
    staging: { endpoint: "https://staging-api.ion-gov.com/graphql", issuer: "https://staging-auth.ion-gov.com" },
  },
  aus: {
    production: { endpoint: "https://api-production-aus.buildwithion.com/graphql", issuer: "https://auth.ion-aus.com" },
    staging: {
      endpoint: "https://api-staging-aus.buildwithion.com/graphql",
      issuer: "https://staging-auth.ion-aus.com",
    },
  },
};

/** Other hosts of the same environments, by endpoint: public sources disagree (ION's other pages, public clients). */
export const OTHER_HOSTS: Readonly<Record<string, { readonly endpoint?: string; readonly issuer: string }>> = {
  "https://api.buildwithion.com/graphql": {
    endpoint: "https://api.firstresonance.io/graphql",
    issuer: "https://auth-production-pub.buildwithion.com",
  },
  "https://api.ion-gov.com/graphql": {
    endpoint: "https://api-production-gov.buildwithion.com/graphql",
    issuer: "https://auth-production-gov.buildwithion.com",
  },
  "https://staging-api.ion-gov.com/graphql": {
    endpoint: "https://api-staging-gov.buildwithion.com/graphql",
    issuer: "https://auth-staging-gov.buildwithion.com",
  },
  "https://api-production-aus.buildwithion.com/graphql": { issuer: "https://auth-production-aus.buildwithion.com" },
  "https://api-staging-aus.buildwithion.com/graphql": { issuer: "https://auth-staging-aus.buildwithion.com" },
};

/** The addresses that ION delivers events from, by region and stage, each as a CIDR block. */
export const SOURCE_ADDRESSES = {
  us: {
    production: ["54.149.61.144/32", "52.88.34.10/32"],
    staging: ["44.232.1.74/32", "52.43.58.96/32"],
  },
  gov: {
    production: ["3.30.162.33/32", "3.30.213.145/32"],
    staging: ["3.30.182.161/32", "52.222.27.236/32"],
  },
} as const;

/** Where {@link SOURCE_ADDRESSES} are from. */
export const SOURCE_ADDRESSES_ORIGIN = {
  source: "ION's public manual, its newest copy",
  /** The day that copy was read. */
  asOf: "2026-11-24",
  caveat:
    "No machine-readable list of these addresses exists, and older public copies of the manual list other ones. " +
    "Ask First Resonance before a firewall blocks all other addresses.",
} as const;

/** The permission that a mutation needs: its own name with a capital letter (ION's permission list). */
export const permissionFor = (mutation: string): string => capitalize(mutation);
