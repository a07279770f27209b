/** What a subscription takes in the exported stack, and what that consists of. */

/** What the state of one subscription may take, in bytes of the export (issue 4). */
export const STATE_LIMIT_BYTES = 3 * 1024;

/** The state of subscriptions. */
export interface State {
  readonly subscriptions: number;
  /** Bytes of the whole export, shared out over the subscriptions: the receiver and all else counts too. */
  readonly share: number;
  /** Bytes of one subscription, as indented as the export is. */
  readonly own: number;
  /** What they consist of, by property; the largest first. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Weighs what `pulumi stack export` printed. */
export function weigh(exported: string): State {
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
    parts: Object.fromEntries(parts.sort(([, one], [, other]) => other - one)),
  };
}

/** The provider's code, which inputs and outputs both hold, apart from the rest. */
function split(key: string, { __provider, ...rest }: Record<string, unknown>) {
  return { [key]: rest, [`${key}.__provider`]: __provider };
}

// The export indents by four; a resource's properties stand four levels deep.
function bytes(name: string, value: unknown): number {
  const text = JSON.stringify({ [name]: value }, undefined, 4)
    .split("\n")
    .slice(1, -1);
  return Buffer.byteLength(text.map((line) => `${" ".repeat(12)}${line}\n`).join(""));
}
