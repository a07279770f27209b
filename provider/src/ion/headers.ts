/** Changes to headers, in each of the ways in which an ION may keep them. @see ./schema/shapes.ts for the ways. */
import { randomUUID } from "node:crypto";
import type { Change, ResultOf } from "../model/changes.ts";
import { escapeText, formatReceiver } from "../model/text.ts";
import { type Header, type Receiver, type Receivers, sameHeaderName } from "../model/webhooks.ts";
import { IonError, isIonError, isStale } from "./errors.ts";
import type { HeaderShape } from "./schema/shapes.ts";

/**
 * The value of a header that no receiver has: if a run is interrupted there, no secret stays in ION. Each is another one, so that
 * an ION that returns an existing header with the same value does not give one header to two receivers.
 */
const placeholder = () => `pending-${randomUUID()}`;

/** What changes to headers need of ION. */
export interface HeaderAccess {
  /** Sends one change. */
  send<Of extends Change>(change: Of): Promise<ResultOf<Of>>;
  /** How ION keeps headers, as far as it is known. */
  shape(): HeaderShape;
  /** The same from ION's live schema. */
  readShape(): Promise<HeaderShape>;
  /** Receivers as they are known, at least this one. */
  known(id: string): Promise<{ readonly receivers: Receivers; readonly isComplete: boolean }>;
  /** A receiver as ION shows it now. */
  read(id: string): Promise<Receiver | undefined>;
}

/** Applies changes in which headers are involved. Others are sent as they are. */
export class HeaderChanges {
  readonly #ion: HeaderAccess;
  /** The last change to the list of headers of each receiver. */
  readonly #lists = new Map<string, Promise<unknown>>();

  constructor(ion: HeaderAccess) {
    this.#ion = ion;
  }

  async apply(change: Change): Promise<ResultOf<Change>> {
    switch (change.kind) {
      case "createHeader":
        return this.#create(change);
      case "updateHeader":
        return this.#update(change);
      case "deleteHeader":
        return this.#delete(change);
      default:
        return this.#ion.send(change);
    }
  }

  async #create(change: Extract<Change, { kind: "createHeader" }>): Promise<Header> {
    const shape = this.#ion.shape();
    if (shape === "created") {
      try {
        return await this.#ion.send(change);
      } catch (error) {
        if (!isUnsupported(error) || this.#ion.shape() === "created") throw error;
        return this.#create(change);
      }
    }
    const { receiver, key, value } = change;
    return shape === "attached"
      ? this.#createAndAttach(receiver, key, value)
      : this.#inList(receiver, (headers) => [...headers, { key, value }], key);
  }

  async #update(change: Extract<Change, { kind: "updateHeader" }>): Promise<Header> {
    const { receiver, header, value } = change;
    const { key } = header;
    const sharing = await this.#sharing(receiver, header);
    if (sharing !== "none") {
      const own = await this.#createAndAttach(receiver, key, value);
      await this.#release(receiver, header, sharing);
      return own;
    }
    try {
      return await this.#ion.send(change);
    } catch (error) {
      if (!isUnsupported(error) || this.#ion.shape() !== "listed") throw error;
      const others = (headers: readonly HeaderValue[]) => headers.filter((one) => !sameHeaderName(one.key, key));
      return this.#inList(receiver, (headers) => [...others(headers), { key, value }], key);
    }
  }

  /** Deletes a header, unless another receiver has it too: then it is only detached. */
  async #delete(change: Extract<Change, { kind: "deleteHeader" }>): Promise<undefined> {
    const { receiver, header } = change;
    const sharing = await this.#sharing(receiver, header);
    if (sharing !== "none") return this.#release(receiver, header, sharing);
    try {
      return await this.#ion.send(change);
    } catch (error) {
      if (!isIonError(error) || !["invalid", "refused", "unsupported"].includes(error.kind)) throw error;
      const shape = await this.#ion.readShape();
      if (shape === "created") throw error;
      if (shape === "listed") {
        await this.#inList(receiver, (headers) => headers.filter(({ key }) => !sameHeaderName(key, header.key)));
        return undefined;
      }
    }
    // ION does not delete a header that a receiver has. Between the two steps it holds no secret.
    const empty = await this.#ion.send({ kind: "updateHeader", receiver, header, value: placeholder() });
    await this.#ion.send({ kind: "detachHeader", receiver, header: empty });
    return this.#ion.send({ kind: "deleteHeader", receiver, header: empty });
  }

  async #createAndAttach(receiver: Receiver, key: string, value: string): Promise<Header> {
    const header = await this.#ion.send({ kind: "createUnattachedHeader", receiver, key, value: placeholder() });
    try {
      await this.#ion.send({ kind: "attachHeader", receiver, header });
    } catch (error) {
      await this.#ion.send({ kind: "deleteHeader", receiver, header }).catch(() => undefined);
      throw error;
    }
    try {
      return await this.#ion.send({ kind: "updateHeader", receiver, header, value });
    } catch (error) {
      if (!isIonError(error) || !isStale(error)) throw error;
      const attached = (await this.#ion.read(receiver.id))?.headers.find(({ id }) => id === header.id);
      return this.#ion.send({ kind: "updateHeader", receiver, header: attached ?? header, value });
    }
  }

  /** Takes a header from one receiver, and deletes it if no other one is known to have it. ION refuses that if one has it. */
  async #release(receiver: Receiver, header: Header, sharing: "known" | "possible"): Promise<undefined> {
    await this.#ion.send({ kind: "detachHeader", receiver, header });
    if (sharing === "known") return;
    try {
      await this.#ion.send({ kind: "deleteHeader", receiver, header });
    } catch (error) {
      if (!isIonError(error) || error.kind !== "invalid") throw error;
    }
  }

  /** Whether another receiver has a header too. It is possible if headers are attached and ION does not show all receivers. */
  async #sharing({ id: receiverId }: Receiver, { id }: Header): Promise<"none" | "possible" | "known"> {
    const { receivers, isComplete } = await this.#ion.known(receiverId);
    const others = [...receivers.values()].filter((other) => other.id !== receiverId);
    if (others.some(({ headers }) => headers.some((header) => header.id === id))) return "known";
    return isComplete || this.#ion.shape() !== "attached" ? "none" : "possible";
  }

  /** Changes the list of headers in the input of a receiver, one change after the other. */
  async #inList(
    { id }: Receiver,
    edit: (headers: readonly HeaderValue[]) => readonly HeaderValue[],
    result = "",
  ): Promise<Header> {
    const before = this.#lists.get(id);
    const current = (async () => {
      await before?.catch(() => undefined);
      const receiver = (await this.#ion.known(id)).receivers.get(id);
      if (!receiver) throw new IonError("notFound", `The webhook receiver with id ${escapeText(id)} does not exist.`);
      const headers = edit(receiver.headers).map(({ key, value }) => {
        if (value !== undefined) return { key, value };
        throw new IonError(
          "unsupported",
          `Could not change the headers of the webhook receiver ${formatReceiver(receiver)}: ION accepts only all of them together, and does not show the value of ${escapeText(key)}.`,
        );
      });
      return this.#ion.send({ kind: "setHeaders", receiver, headers });
    })();
    this.#lists.set(id, current);
    const { headers } = await current;
    return headers.find(({ key }) => sameHeaderName(key, result)) ?? { id: result, key: result };
  }
}

type HeaderValue = Pick<Header, "key" | "value">;

const isUnsupported = (error: unknown): boolean => isIonError(error) && error.kind === "unsupported";
