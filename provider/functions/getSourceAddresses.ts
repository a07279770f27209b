import { HOSTS, SOURCE_ADDRESSES, SOURCE_ADDRESSES_ORIGIN } from "../ion/facts.ts";
import { programError } from "../program/programRun.ts";

/** Whose addresses to give. */
export interface GetSourceAddressesArgs {
  /** The region. ION documents no addresses for `aus`, so it is none here. */
  region: keyof typeof SOURCE_ADDRESSES;
  /** The stage; ION calls staging its sandbox, too. @default "production" */
  stage?: "production" | "staging" | undefined;
}

/** The addresses that ION delivers events from, and how far to trust them. */
export interface GetSourceAddressesResult {
  readonly region: string;
  readonly stage: string;
  /** CIDR blocks, one address each. */
  readonly cidrBlocks: string[];
  /** Where they are from. */
  readonly source: string;
  /** The day they were read there, as YYYY-MM-DD. */
  readonly asOf: string;
  /** Why they may be wrong today. */
  readonly caveat: string;
}

/**
 * The addresses that ION delivers webhook events from, for firewalls and security groups. A list that was read on a day
 * and ships with this package: nothing is asked, and ION may have changed since. Older public copies of ION's manual list
 * others, so ask First Resonance before a firewall lets in nothing else: events that it drops do not arrive.
 *
 * An address proves nothing about who sent an event: check `x-ion-signature` as well.
 *
 * @throws RunError for a region that ION documents no addresses for, such as `aus`. Never a guess.
 *
 * @example
 * ```ts
 * const { cidrBlocks, asOf } = ion.getSourceAddresses({ region: "us", stage: "production" });
 * new aws.vpc.SecurityGroupIngressRule(…, { cidrIpv4: cidrBlocks[0], description: `ION webhooks, as of ${asOf}` });
 * ```
 */
export function getSourceAddresses({ region, stage = "production" }: GetSourceAddressesArgs): GetSourceAddressesResult {
  const byRegion: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = SOURCE_ADDRESSES;
  const stages = Object.hasOwn(byRegion, region) ? byRegion[region] : undefined;
  const cidrBlocks = stages && Object.hasOwn(stages, stage) ? stages[stage] : undefined;
  if (!cidrBlocks) {
    const known = Object.entries(byRegion).map(([name, of]) => `${name} (${Object.keys(of).join(", ")})`);
    const why =
      Object.hasOwn(HOSTS, region) && !stages
        ? `ION documents no source addresses for region "${region}"`
        : `There is no region "${region}" with stage "${stage}"`;
    throw programError(`${why}. Known are those of ${known.join(" and ")}; for others, ask First Resonance.`);
  }
  return { region, stage, cidrBlocks: [...cidrBlocks], ...SOURCE_ADDRESSES_ORIGIN };
}
