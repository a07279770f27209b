import type { UncheckedInputs } from "../../provider/src/lifecycle/resourceHandler.ts";

/** Checks each named case, and returns the names by failure, so that a snapshot shows every message once. */
export async function casesByFailure(
  cases: Readonly<Record<string, UncheckedInputs>>,
  failuresOf: (news: UncheckedInputs) => Promise<readonly string[]>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const names: Record<string, string[]> = {};
  for (const [name, news] of Object.entries(cases)) {
    const failures = await failuresOf(news);
    if (failures.length === 0) throw new Error(`${name} is accepted.`);
    for (const failure of failures) names[failure] = [...(names[failure] ?? []), name];
  }
  return names;
}
