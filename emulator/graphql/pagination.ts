import { StoreError } from "../store/validation.ts";

/** The arguments that every list of ION takes. */
export interface ListArguments {
  readonly filters?: Readonly<Record<string, Filter | null>> | null;
  readonly sort?: readonly string[] | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

interface Filter {
  readonly eq?: unknown;
  readonly neq?: unknown;
  readonly in?: readonly unknown[] | null;
}

interface Item {
  readonly id: string;
}

/**
 * Answers a list the way ION does: filtered, sorted (by id, if nothing else is asked for) and cut into a page.
 *
 * `first` and `last` are capped at `pageCap`; without either the whole list comes.
 * @throws {StoreError} if a page size is negative or a cursor is not one of ours.
 */
export function connection<Node extends Item>(items: readonly Node[], list: ListArguments, pageCap: number) {
  const matching = items.filter((item) => matches(item, list.filters ?? {})).sort(order(list.sort ?? []));
  const first = pageSize("first", list.first, pageCap);
  const last = pageSize("last", list.last, pageCap);
  let start = list.after == null ? 0 : Math.min(offset("after", list.after) + 1, matching.length);
  let end = list.before == null ? matching.length : Math.min(offset("before", list.before), matching.length);
  if (first !== undefined) end = Math.min(end, start + first);
  if (last !== undefined) start = Math.max(start, end - last);
  const edges = matching.slice(start, end).map((node, index) => ({ node, cursor: cursor(start + index) }));
  return {
    edges,
    pageInfo: {
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasNextPage: end < matching.length,
      hasPreviousPage: start > 0,
      totalCount: matching.length,
      count: edges.length,
    },
  };
}

function matches(item: Item, filters: Readonly<Record<string, Filter | null>>): boolean {
  return Object.entries(filters).every(([field, filter]) => {
    const value: unknown = Reflect.get(item, field);
    if (filter?.eq !== undefined && value !== filter.eq) return false;
    if (filter?.neq !== undefined && value === filter.neq) return false;
    return filter?.in == null || filter.in.includes(value);
  });
}

function order(sort: readonly string[]) {
  return (left: Item, right: Item): number => {
    for (const key of [...sort, "ID_ASC"]) {
      const [field = "", direction] = key.toLowerCase().split("_");
      const difference = compare(String(Reflect.get(left, field)), String(Reflect.get(right, field)));
      if (difference !== 0) return direction === "desc" ? -difference : difference;
    }
    return 0;
  };
}

const compare = new Intl.Collator("en", { numeric: true }).compare;

function pageSize(name: string, size: number | null | undefined, pageCap: number): number | undefined {
  if (size == null) return undefined;
  if (size < 0) throw new StoreError(`Argument "${name}" must not be negative.`);
  return Math.min(size, pageCap);
}

// Graphene's own cursors, as in the example on ION's page on pagination: they count places in the list.
const prefix = "arrayconnection:";

function cursor(place: number): string {
  return Buffer.from(prefix + place).toString("base64");
}

function offset(name: string, value: string): number {
  const [, place] = new RegExp(`^${prefix}(\\d+)$`).exec(Buffer.from(value, "base64").toString()) ?? [];
  if (place === undefined) throw new StoreError(`Argument "${name}" is not a cursor.`);
  return Number(place);
}
