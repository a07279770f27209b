/** Why a version of Node cannot run this package; undefined if it can. The same words for every process. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return undefined;
  return `pulumi-ion: Node ${version} is too old: it needs Node 22.12 or newer.`;
}
