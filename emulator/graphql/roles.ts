/**
 * What a name stands for. `webhookReceiverId`, `receiver` and `webhookId` are a "receiver", `etag` and `_etag` an "etag".
 * Every other name stands for itself.
 */
export function roleOf(name: string): string {
  if (/^webhook(Id)?$/i.test(name)) return "receiver";
  if (/^_?etag$/i.test(name)) return "etag";
  return /^(?:webhook)?(receiver|subscription|header)(?:Id)?$/i.exec(name)?.[1]?.toLowerCase() ?? name;
}

/** What a name inside an input object stands for: the `id` in `receiver: { id: "1" }` is a "receiver". */
export function innerRole(name: string, outer: string | undefined): string {
  return name === "id" && outer !== undefined && ["receiver", "subscription", "header"].includes(outer)
    ? outer
    : roleOf(name);
}

/** The values of arguments by their roles, wherever they are: as arguments, or in input objects at any depth. */
export function valuesOf(args: object, outer?: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) {
    if (isInputObject(value)) Object.assign(values, valuesOf(value, roleOf(name)));
    else values[innerRole(name, outer)] = value;
  }
  return values;
}

function isInputObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
