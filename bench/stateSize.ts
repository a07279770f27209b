/** Measures the size of a subscription in the exported stack. */

/** The budget for the state of one subscription, in bytes of the export (issue 4). */
export const STATE_LIMIT_BYTES = 3 * 1024;

/** The same over the provider plugin (issue 18). */
export const PLUGIN_STATE_LIMIT_BYTES = 2 * 1024;

/** The size of the state. */
export interface StateSize {
  readonly subscriptions: number;
  /** Bytes of the whole export divided by the number of subscriptions. */
  readonly share: number;
  /** Bytes of one subscription, including the indentation. */
  readonly own: number;
  /** Bytes of each property, the largest first. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Measures the output of `pulumi stack export`. */
export function measureStateSize(exported: string): StateSize {
  const { deployment } = JSON.parse(exported) as { deployment: { resources?: Record<string, unknown>[] } };
  const all = (deployment.resources ?? []).filter(({ type }) => String(type).endsWith(":WebhookSubscription"));
  const sizes: Record<string, number> = {};
  for (const resource of all) {
    for (const [key, value] of Object.entries(resource)) {
      const each =
        key === "inputs" || key === "outputs" ? split(key, value as Record<string, unknown>) : { [key]: value };
      for (const [name, part] of Object.entries(each)) sizes[name] = (sizes[name] ?? 0) + bytes(name, part);
    }
  }
  const parts = Object.entries(sizes).map(([name, size]) => [name, size / all.length] as const);
  return {
    subscriptions: all.length,
    share: Buffer.byteLength(exported) / all.length,
    own: parts.reduce((sum, [, size]) => sum + size, 0),
    parts: Object.fromEntries(parts.sort(([, a], [, b]) => b - a)),
  };
}

/** Separates `__provider`, which is in both inputs and outputs. */
function split(key: string, { __provider, ...rest }: Record<string, unknown>) {
  return { [key]: rest, [`${key}.__provider`]: __provider };
}

// The export indents by four spaces, and a resource's properties are four levels deep.
function bytes(name: string, value: unknown): number {
  const text = JSON.stringify({ [name]: value }, undefined, 4)
    .split("\n")
    .slice(1, -1);
  return Buffer.byteLength(text.map((line) => `${" ".repeat(12)}${line}\n`).join(""));
}
