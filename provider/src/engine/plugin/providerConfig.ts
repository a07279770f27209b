/** The settings of a provider: of the default provider from stack config, of another one from the program. */
import { CONFIG_KEYS, connectionNameProblem } from "../../ion/connectionSettings.ts";
import type { ProviderSettings } from "../../ion/providerSettings.ts";
import type { Failure } from "../../lifecycle/resourceHandler.ts";
import { declaredProvider } from "../../model/resourceTypes.ts";
import { didYouMean, similarNames } from "../../model/suggestions.ts";
import { escapeText } from "../../model/text.ts";

/** The settings that are secret: the client secret, and a URL with a query, which may be a key. */
export const secretSettings = (settings: Readonly<Record<string, unknown>>): readonly string[] => [
  "clientSecret",
  ...Object.keys(settings).filter((name) => hasQuery(settings[name])),
];

const hasQuery = (value: unknown) => typeof value === "string" && URL.canParse(value) && new URL(value).search !== "";

/** Pulumi sends every setting as text; what is not text by nature, as JSON. */
export function readSetting(values: ProviderSettings, key: string): string | undefined {
  const value = values[key as keyof ProviderSettings];
  return value === undefined ? undefined : String(value);
}

/** What is wrong with the settings of a provider, apart from values. Pulumi adds names of its own to them. */
export function settingFailures(urn: string, settings: Readonly<Record<string, unknown>>): Failure[] {
  const known: readonly string[] = CONFIG_KEYS;
  const misspelled = Object.keys(settings).filter((name) => !known.includes(name));
  const failures = misspelled.flatMap((name): Failure[] => {
    const suggestions = similarNames(name, known);
    if (suggestions.length === 0) return [];
    return [
      { property: name, reason: [`no such setting: ${escapeText(name)}.`, ...didYouMean(suggestions)].join(" ") },
    ];
  });
  const provider = declaredProvider(urn);
  const problem = provider === undefined ? undefined : connectionNameProblem(provider);
  return problem === undefined ? failures : [...failures, { property: "name", reason: NAME }];
}

const NAME = 'the name of a provider must be lowercase letters, digits and dashes, such as "staging"';
