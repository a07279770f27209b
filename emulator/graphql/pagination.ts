import { connectionFromArray, cursorToOffset } from "graphql-relay";
import { StoreError } from "../store/validation.ts";

/** The arguments of every list in ION's API. */
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
 * A page of a list, as ION returns it: filtered, sorted (by id unless `sort` says otherwise), with cursors that are
 * offsets in the list, as in the example on ION's page on pagination.
 *
 * `first` and `last` are capped at `pageCap`. Without either, the page is the whole list.
 * @throws {StoreError} if a page size is negative or a cursor is invalid.
 */
export function paginate<Node extends Item>(items: readonly Node[], list: ListArguments, pageCap: number) {
  const matching = items.filter((item) => matches(item, list.filters ?? {})).sort(order(list.sort ?? []));
  const first = pageSize("first", list.first, pageCap);
  const last = pageSize("last", list.last, pageCap);
  const afterOffset = offset("after", list.after) ?? -1;
  const beforeOffset = offset("before", list.before) ?? matching.length;
  // graphql-relay ignores a cursor beyond the end, which would start the list again.
  const nodes = afterOffset < matching.length ? matching : [];
  const { edges, pageInfo } = connectionFromArray(nodes, {
    first,
    last,
    after: list.after ?? null,
    before: list.before ?? null,
  });
  return {
    edges,
    pageInfo: {
      ...pageInfo,
      // graphql-relay only looks in the direction of paging.
      hasNextPage: pageInfo.hasNextPage || beforeOffset < matching.length,
      hasPreviousPage: pageInfo.hasPreviousPage || afterOffset >= 0,
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

function pageSize(name: string, size: number | null | undefined, pageCap: number): number | null {
  if (size == null) return null;
  if (size < 0) throw new StoreError(`Argument "${name}" must not be negative.`);
  return Math.min(size, pageCap);
}

function offset(name: string, cursor: string | null | undefined): number | undefined {
  if (cursor == null) return undefined;
  const value = cursorToOffset(cursor);
  if (Number.isNaN(value)) throw new StoreError(`Argument "${name}" is not a cursor.`);
  return value;
}
