import { connectionFromArray, cursorToOffset, offsetToCursor } from "graphql-relay";
import { StoreError } from "../store/validation.ts";

/** The arguments that a list can have. */
export interface ListArguments {
  readonly filters?: Readonly<Record<string, Filter | null>> | null;
  readonly sort?: readonly string[] | string | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly limit?: number | null;
  readonly offset?: number | null;
}

interface Filter {
  readonly eq?: unknown;
  readonly neq?: unknown;
  readonly in?: readonly unknown[] | null;
}

type Read<Node> = (item: Node, property: string) => unknown;

interface Item {
  readonly id: string;
}

/**
 * A page of a list, as ION returns it: filtered, sorted (by id unless `sort` says otherwise), with cursors that are
 * offsets in the list, as in the example on ION's page on pagination.
 *
 * `first`, `last` and `limit` are capped at `pageCap`. Without any, the page is the whole list.
 * @param read - the value of an item's property
 * @throws {StoreError} if a page size is negative or a cursor is invalid.
 */
export function paginate<Node extends Item>(
  items: readonly Node[],
  list: ListArguments,
  pageCap: number,
  read: Read<Node>,
) {
  const matching = items
    .filter((item) => matches(item, list.filters ?? {}, read))
    .sort(order([list.sort ?? []].flat(), read));
  const first = pageSize("first", list.first, pageCap) ?? pageSize("limit", list.limit, pageCap);
  const last = pageSize("last", list.last, pageCap);
  const skipped = pageSize("offset", list.offset, Number.MAX_SAFE_INTEGER);
  const after = list.after ?? (skipped ? offsetToCursor(skipped - 1) : null);
  const afterOffset = offset("after", after) ?? -1;
  const beforeOffset = offset("before", list.before) ?? matching.length;
  // graphql-relay ignores a cursor beyond the end, which would start the list again.
  const nodes = afterOffset < matching.length ? matching : [];
  const { edges, pageInfo } = connectionFromArray(nodes, {
    first,
    last,
    after,
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

function matches<Node>(item: Node, filters: Readonly<Record<string, Filter | null>>, read: Read<Node>): boolean {
  return Object.entries(filters).every(([field, filter]) => {
    const value = read(item, field);
    if (filter?.eq !== undefined && !same(value, filter.eq)) return false;
    if (filter?.neq !== undefined && same(value, filter.neq)) return false;
    return filter?.in == null || filter.in.some((candidate) => same(value, candidate));
  });
}

// In some schemas ids are numbers, or numbers are strings.
function same(value: unknown, wanted: unknown): boolean {
  return value == null || wanted == null ? value === wanted : String(value) === String(wanted);
}

function order<Node>(sort: readonly string[], read: Read<Node>) {
  return (left: Node, right: Node): number => {
    for (const key of [...sort, "ID_ASC"]) {
      const [field = "", direction] = key.toLowerCase().split("_");
      const difference = compare(String(read(left, field)), String(read(right, field)));
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
