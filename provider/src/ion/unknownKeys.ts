/** Stack config keys that look like settings of pulumi-ion and are none. */
import { didYouMean, similarNames, toConstantCase } from "../model/suggestions.ts";
import { escapeText } from "../model/text.ts";
import { CONFIG_KEYS, isUnknownKey } from "./connectionSettings.ts";

/** One key that is no setting. */
export interface UnknownKey {
  /** The full key, such as `ion:regoin`. */
  readonly key: string;
  /** Whether it is similar to a setting; otherwise, it may be the program's own. */
  readonly isMisspelled: boolean;
  readonly message: string;
}

/** Finds keys in the namespaces of connections that pulumi-ion does not read. */
export function unknownKeys(keys: Iterable<string>): UnknownKey[] {
  return [...keys].filter(isUnknownKey).map((full) => {
    const [namespace, key = ""] = full.split(":");
    const names = new Map(CONFIG_KEYS.map((one) => [toConstantCase(one), `${namespace}:${one}`]));
    const spelled = toConstantCase(key);
    const found = names.has(spelled) ? [spelled] : similarNames(spelled, [...names.keys()]);
    const similar = found.map((name) => names.get(name) ?? name);
    const message = [`${escapeText(full)} is not a setting of pulumi-ion.`, ...didYouMean(similar)].join(" ");
    return { key: full, isMisspelled: similar.length > 0, message };
  });
}
