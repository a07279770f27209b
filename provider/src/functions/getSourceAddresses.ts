import { isIonError } from "../ion/errors.ts";
import type { SOURCE_ADDRESSES } from "../ion/facts.ts";
import { sourceAddresses } from "../lifecycle/lookUps.ts";
import { programError } from "../program/programRun.ts";

/** Which addresses to get. */
export interface GetSourceAddressesArgs {
  /** The region. ION documents no addresses for `aus`. */
  region: keyof typeof SOURCE_ADDRESSES;
  /** The stage. ION also calls staging its sandbox. @default "production" */
  stage?: "production" | "staging" | undefined;
}

/** The addresses that ION delivers events from, and how reliable they are. */
export interface GetSourceAddressesResult {
  /** The region. */
  readonly region: string;
  /** The stage. */
  readonly stage: string;
  /** CIDR blocks of one address each. */
  readonly cidrBlocks: string[];
  /** Where they are documented. */
  readonly source: string;
  /** The day they were read there, as YYYY-MM-DD. */
  readonly asOf: string;
  /** Why they may be wrong today. */
  readonly caveat: string;
}

/**
 * The addresses that ION delivers webhook events from, for firewalls and security groups. The list ships with this package, so
 * ION may have changed it since. Older public copies of ION's manual list other addresses: ask First Resonance before a firewall
 * blocks everything else, because blocked events do not arrive.
 *
 * An address does not prove who sent an event: verify `x-ion-signature` too.
 *
 * @throws RunError for a region that ION documents no addresses for, such as `aus`.
 *
 * @example
 * ```ts
 * const { cidrBlocks, asOf } = ion.getSourceAddresses({ region: "us", stage: "production" });
 * new aws.vpc.SecurityGroupIngressRule(…, { cidrIpv4: cidrBlocks[0], description: `ION webhooks, as of ${asOf}` });
 * ```
 */
export function getSourceAddresses({ region, stage = "production" }: GetSourceAddressesArgs): GetSourceAddressesResult {
  try {
    return sourceAddresses(region, stage);
  } catch (error) {
    throw isIonError(error) ? programError(error.message) : error;
  }
}
