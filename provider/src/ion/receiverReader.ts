/** Reads ION's webhook configuration: all of it, or only some receivers if ION has no list that the key may read. */
import type { z } from "zod";
import { escapeText, formatReceiver } from "../model/text.ts";
import type { Receiver } from "../model/webhooks.ts";
import { IonError, type IonErrorKind, isIonError, sentence } from "./errors.ts";
import type { IonClient } from "./http/client.ts";
import type { Answer, GraphQLProblem } from "./http/operation.ts";
import { type RetryOptions, withRetry } from "./http/retry.ts";
import { describeParseError, secretsIn } from "./operations/objects.ts";
import {
  type List,
  type Position,
  RECEIVER,
  RECEIVERS,
  receiverById,
  receiverPage,
  START,
  subscriptionPage,
} from "./operations/queries.ts";
import { kindOf } from "./problems.ts";
import { RUN_DOCTOR, type Shapes } from "./schema/shapes.ts";

/** Pages of a list at most: 100,000 receivers. More is an endless list. */
const MAX_PAGES = 1000;

/** Characters of a list at most, as JSON: as many as one answer may have. */
const MAX_CHARACTERS = 64 << 20;

/** How often a read of several pages starts again because the list changed. */
const MAX_RESTARTS = 5;

const CONTACT_ION = "Contact First Resonance.";

/** Kinds of failures whose message is ION's alone, and does not say what was asked. */
const WITHOUT_CONTEXT: readonly IonErrorKind[] = ["permission", "conflict", "refused"];

/** The key may not read the list of receivers at all. It may be able to read single receivers. */
export class ListDenied extends IonError {
  constructor({ summary, detail, hints }: IonError) {
    super("permission", summary, { detail, hints });
  }
}

interface Page<Node> {
  readonly edges: readonly { readonly cursor?: string | null | undefined; readonly node: Node }[];
  readonly pageInfo?:
    | { readonly hasNextPage?: boolean | undefined; readonly endCursor?: string | null | undefined }
    | undefined;
}

/** What a list is a list of. */
interface Listed<Node> {
  readonly list: (shapes: Shapes) => List;
  readonly page: z.ZodType<Page<Node>>;
  readonly secrets: (node: Node) => readonly string[];
}

const RECEIVER_LIST: Listed<Receiver> = {
  list: (shapes) => shapes.receivers(),
  page: receiverPage,
  secrets: secretsIn,
};

/** Reads receivers. Keeps nothing. */
export class ReceiverReader {
  /** Milliseconds of the fastest read: the round trip to ION. */
  roundTripMs = Number.POSITIVE_INFINITY;
  readonly #client: IonClient;
  readonly #retry: RetryOptions;

  constructor(client: IonClient, retry: RetryOptions) {
    this.#client = client;
    this.#retry = retry;
  }

  /** All receivers. @throws IonError "unsupported" if ION has no list of them */
  async readAll(): Promise<Map<string, Receiver>> {
    const receivers = await this.#readList(RECEIVER_LIST);
    return new Map(receivers.map((receiver) => [receiver.id, receiver]));
  }

  /** Whether ION's schema has another way to read receivers than their list. */
  async canReadSome(): Promise<boolean> {
    const shapes = await this.#client.schema.read();
    return shapes.receiversById([]) !== undefined || shapes.subscriptions() !== undefined;
  }

  /** Some receivers by their ids, without a list of all. */
  async readSome(ids: readonly string[]): Promise<Map<string, Receiver>> {
    const shapes = await this.#client.schema.read();
    const operation = shapes.receiversById(ids);
    if (!operation) return this.#readBySubscriptions(shapes);
    const answer = await withRetry("query", () => this.#execute(() => operation), this.#retry);
    const found = ids.map((id, index) => this.#receiverIn(answer, id, `r${index}`));
    return new Map(found.flatMap((receiver) => (receiver ? [[receiver.id, receiver]] : [])));
  }

  /** @throws IonError "unsupported" if a receiver may exist that {@link readSome} did not find. */
  async requireProof(id: string): Promise<void> {
    const shapes = await this.#client.schema.read();
    if (shapes.receiversById([]) !== undefined) return;
    throw cannotRead(
      `ION's schema shows receivers only with their subscriptions, and there are none of the receiver with id ${escapeText(id)}.`,
    );
  }

  #receiverIn({ data, problems }: Answer, id: string, alias: string): Receiver | undefined {
    const own = problems.find(({ path }) => path === undefined || path[0] === alias);
    if (own && kindOf(own) === "notFound" && (own.path?.length ?? 1) === 1) return undefined;
    if (own) throw problemOf(own, own.path ?? []);
    const parsed = receiverById.safeParse(data[alias]);
    if (!parsed.success) throw unexpectedForm(RECEIVER, parsed.error);
    if (!parsed.data) {
      throw new IonError("permission", `ION answered null for the webhook receiver with id ${escapeText(id)}.`, {
        detail: "That does not mean that it does not exist.",
        hints: [readHint([RECEIVERS])],
      });
    }
    this.#client.hide(secretsIn(parsed.data));
    return parsed.data;
  }

  async #readBySubscriptions(shapes: Shapes): Promise<Map<string, Receiver>> {
    const list = shapes.subscriptions();
    if (!list) throw cannotRead(`ION's schema has neither ${RECEIVERS} nor ${RECEIVER}.`);
    const subscriptions = await this.#readList({
      list: () => list,
      page: subscriptionPage,
      secrets: ({ receiver }) => secretsIn({ ...receiver, subscriptions: [] }),
    });
    const byReceiver = Map.groupBy(subscriptions, ({ receiver }) => receiver.id);
    return new Map(
      [...byReceiver].flatMap(([id, own]) => {
        const receiver = own.at(-1)?.receiver;
        const found = own.map(({ receiver: _receiver, ...subscription }) => subscription);
        return receiver ? [[id, { ...receiver, subscriptions: found }] as const] : [];
      }),
    );
  }

  async #readList<Node extends { readonly id: string }>(listed: Listed<Node>): Promise<Node[]> {
    for (let attempt = 1; attempt <= MAX_RESTARTS; attempt += 1) {
      const nodes = await this.#readPages(listed);
      if (nodes) return nodes;
    }
    throw new IonError("unexpectedAnswer", "ION's list of webhook receivers keeps changing while it is read.", {
      hints: ["Try again later."],
    });
  }

  /**
   * Reads page by page, each starting at the last object of the page before where that is possible. Cursors may be positions
   * (graphene's are): if that object does not come first, one was deleted in the meantime, another may be missing, and the read
   * is discarded.
   */
  async #readPages<Node extends { readonly id: string }>(listed: Listed<Node>): Promise<Node[] | undefined> {
    const nodes = new Map<string, Node>();
    const started = performance.now();
    const positions = new Set<string>();
    let characters = 0;
    let last: string | undefined;
    for (let position: Position | undefined = START; position !== undefined; ) {
      const seconds = (performance.now() - started) / 1000;
      const key = JSON.stringify(position);
      if (positions.has(key) || positions.size >= MAX_PAGES) {
        throw new IonError(
          "unexpectedAnswer",
          "ION's list of webhook receivers does not end: its pages repeat, or are too many.",
          { hints: [CONTACT_ION] },
        );
      }
      if (seconds * 1000 > this.#retry.deadlineMs) {
        throw new IonError("unreachable", `Reading ION's webhook receivers took more than ${Math.round(seconds)} s.`, {
          hints: ["Set ion:deadline to allow more time."],
        });
      }
      positions.add(key);
      const current: Position = position;
      const { edges, next } = await withRetry("query", () => this.#readPage(listed, current), this.#retry);
      if (current.repeatsLast && edges[0]?.node.id !== last) return undefined;
      characters += JSON.stringify(edges).length;
      if (characters > MAX_CHARACTERS) {
        throw new IonError("unexpectedAnswer", "ION's list of webhook receivers is larger than 64 MB.", {
          hints: [CONTACT_ION],
        });
      }
      for (const { node } of edges) nodes.set(node.id, node);
      last = edges.at(-1)?.node.id;
      position = next;
    }
    return [...nodes.values()];
  }

  async #readPage<Node>({ page, secrets, ...listed }: Listed<Node>, position: Position) {
    let list: List | undefined;
    const answer = await this.#execute((shapes) => {
      list = listed.list(shapes);
      return { document: list.document, variables: list.variables(position) };
    });
    const { field = RECEIVERS, paging = "cursor" } = list ?? {};
    const [problem] = answer.problems;
    const error = problem && problemOf(problem, problem.path ?? []);
    if (error?.kind === "permission" && problem?.path?.length === 1) throw new ListDenied(error);
    if (error) throw error;
    const parsed = page.safeParse(answer.data[field]);
    if (!parsed.success) {
      const hidden = nullList(field, answer.data[field], parsed.error);
      if (hidden && answer.data[field] === null) throw new ListDenied(hidden);
      throw hidden ?? unexpectedForm(field, parsed.error);
    }
    for (const { node } of parsed.data.edges) this.#client.hide(secrets(node));
    return { edges: parsed.data.edges, next: nextPosition(paging, position, parsed.data) };
  }

  async #execute(build: Parameters<IonClient["execute"]>[0]): Promise<Answer> {
    const started = performance.now();
    const answer = await this.#client.execute(build).catch(addContext);
    this.roundTripMs = Math.min(this.roundTripMs, performance.now() - started);
    return answer;
  }
}

/** Where the next page starts; undefined after the last one. If ION does not say, a page without further objects is the end. */
function nextPosition(
  paging: List["paging"],
  { offset = 0, after: current }: Position,
  { edges, pageInfo }: Page<unknown>,
): Position | undefined {
  const hasNext = pageInfo?.hasNextPage ?? undefined;
  const more = hasNext ?? edges.length > 1;
  if (!more || paging === "none") return undefined;
  if (paging === "offset") return { offset: offset + Math.max(edges.length - 1, 0), repeatsLast: true };
  const overlapping = edges.at(-2)?.cursor ?? undefined;
  const end = pageInfo?.endCursor ?? undefined;
  const after = overlapping ?? end;
  if (after === undefined && hasNext === undefined) {
    throw cannotRead("its list has neither hasNextPage nor cursors, so it may be incomplete.");
  }
  if (after === undefined || after === current) {
    throw new IonError("unexpectedAnswer", "ION's list of webhook receivers has a next page but no cursor for it.", {
      hints: [CONTACT_ION],
    });
  }
  return { after, repeatsLast: overlapping !== undefined };
}

function unexpectedForm(field: string, error: z.ZodError): IonError {
  const form = describeParseError(error, field);
  return new IonError("unexpectedAnswer", `ION's list of webhook receivers does not have the expected form: ${form}.`, {
    hints: [RUN_DOCTOR],
  });
}

/**
 * GraphQL servers answer null for what a key may not read. That is no proof that there is nothing, and to take it for that
 * would create everything a second time.
 */
function nullList(list: string, data: unknown, error: z.ZodError): IonError | undefined {
  const valueAt = (path: readonly PropertyKey[]) =>
    path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], data);
  const fieldOf = (path: readonly PropertyKey[]) => String(path.findLast((key) => typeof key === "string") ?? list);
  const issue = error.issues.find(({ path }) => valueAt(path) === null && Object.hasOwn(READS, fieldOf(path)));
  if (!issue) return undefined;
  const { path } = issue;
  const node = valueAt(path.slice(0, path.indexOf("node") + 1)) as { readonly id?: unknown; readonly name?: unknown };
  const { id, name } = node ?? {};
  const of = typeof name === "string" ? ` of receiver ${formatReceiver({ id: String(id), name })}` : "";
  return new IonError("permission", `ION answered null for ${fieldOf(path)}${of}.`, {
    detail: NO_PROOF,
    hints: [readHint(path)],
  });
}

const NO_PROOF = "That does not mean that none exist.";

/** What a key must be able to read for each field of the list. */
const READS: Readonly<Record<string, string>> = {
  webhookReceivers: "webhook receivers",
  webhookSubscriptions: "webhook subscriptions",
  edges: "webhook receivers",
  node: "webhook receivers",
  pageInfo: "webhook receivers",
  subscriptions: "webhook subscriptions",
  headers: "webhook headers",
};

/** The permission that a key needs for a place in the list. */
function readHint(path: readonly PropertyKey[]): string {
  const field = path.findLast((key) => Object.hasOwn(READS, key)) ?? RECEIVERS;
  return `The API key needs permission to read ${READS[String(field)]}.`;
}

/** Says which request failed. */
function addContext(error: unknown): never {
  if (!isIonError(error)) throw error;
  if (error.kind === "unsupported") throw cannotRead(error.summary);
  throw WITHOUT_CONTEXT.includes(error.kind)
    ? notReadable(error.kind, error.message, error.kind === "permission" ? [] : undefined)
    : error;
}

/** @param path the place in the list that needs a permission, if that is the reason. */
function notReadable(kind: IonErrorKind, message: string, path?: readonly string[]): IonError {
  return new IonError(kind, `ION did not return its webhook receivers: ${sentence(message)}`, {
    detail: NO_PROOF,
    hints: path ? [readHint(path)] : [],
  });
}

function cannotRead(reason: string): IonError {
  return new IonError("unsupported", `Could not read ION's webhooks: ${reason}`, { hints: [RUN_DOCTOR] });
}

/** What a failure of one place in an answer means. */
function problemOf(problem: GraphQLProblem, path: readonly string[]): IonError {
  const kind = kindOf(problem);
  const isTransient = kind === "rateLimited" || kind === "unknownOutcome";
  const isPermission = kind === "permission" || kind === "notFound" || kind === "invalid";
  return notReadable(isTransient ? kind : "permission", problem.message, isPermission ? path : undefined);
}
