/** Measures the size of a subscription in the state that a backend stores. */

/** The budget for the state of one subscription, in bytes (issue 18). */
export const STATE_LIMIT_BYTES = 2 * 1024;

/** The size of the state. */
export interface StateSize {
  readonly subscriptions: number;
  /** Bytes of the whole state divided by the number of subscriptions. */
  readonly share: number;
  /** Bytes of one subscription. */
  readonly own: number;
  /** Bytes of each property, the largest first. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Measures the state of a stack, as its backend stores it: without indentation. `pulumi stack export` adds that. */
export function measureStateSize(state: string): StateSize {
  const { checkpoint } = JSON.parse(state) as {
    checkpoint: { latest: { resources: Readonly<Record<string, unknown>>[] } };
  };
  const all = checkpoint.latest.resources.filter(({ type }) => String(type).endsWith(":WebhookSubscription"));
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
    share: Buffer.byteLength(state) / all.length,
    own: parts.reduce((sum, [, size]) => sum + size, 0),
    parts: Object.fromEntries(parts.sort(([, a], [, b]) => b - a)),
  };
}

/** Separates `__provider`, which is in both inputs and outputs. */
function split(key: string, { __provider, ...rest }: Record<string, unknown>) {
  return { [key]: rest, ...(__provider !== undefined && { [`${key}.__provider`]: __provider }) };
}

const bytes = (name: string, value: unknown) => Buffer.byteLength(`${JSON.stringify(name)}:${JSON.stringify(value)},`);
