import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Header, type Receiver, Store, type StoreState, type Subscription } from "./store.ts";
import { validate } from "./validation.ts";

const format = "ion-emulator/1";

/** The data file cannot be used; the message is one line and names the file. */
export class DataFileError extends Error {
  override readonly name = "DataFileError";
}

/** Keeps a store in a file, so that it outlives the process. */
export class DataFile {
  /** The store as the file had it; a new one if there was no file yet. */
  readonly store: Store;
  readonly #path: string;
  #savedRevision = 0;

  /** @throws {DataFileError} if the file is not one of ours, or cannot be read or made. */
  constructor(path: string) {
    this.#path = path;
    const text = this.#read();
    this.store = new Store(text === undefined ? undefined : this.#parse(text));
    if (text === undefined) this.#write();
  }

  /**
   * Writes what has changed since the last time, all or nothing.
   * @throws {DataFileError} if the file cannot be written.
   */
  save(): void {
    if (this.store.revision === this.#savedRevision) return;
    this.#write();
    this.#savedRevision = this.store.revision;
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw new DataFileError(`Cannot read the data file ${this.#path}: ${reason(error)}`);
    }
  }

  #parse(text: string): StoreState {
    try {
      const content: unknown = JSON.parse(text);
      if (!isObject(content) || content.format !== format) throw new Error(`it does not say "format": "${format}"`);
      return storeState(content.state);
    } catch (error) {
      throw new DataFileError(
        `The data file ${this.#path} is not this emulator's, and is left as it is: ${reason(error)}`,
      );
    }
  }

  #write(): void {
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      rmSync(temporary, { force: true });
      const content = { format, state: this.store.state() };
      // Secrets are in it: nobody else may read it.
      writeFileSync(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: "wx" });
      renameSync(temporary, this.#path);
    } catch (error) {
      throw new DataFileError(`Cannot write the data file ${this.#path}: ${reason(error)}`);
    }
  }
}

function storeState(value: unknown): StoreState {
  const state = object(value, "state");
  const lastIds = object(state.lastIds, "lastIds");
  const receivers = items(
    state.receivers,
    "receivers",
    (item): Receiver => ({
      ...identity(item),
      name: string(item, "name"),
      webhookUri: string(item, "webhookUri"),
      description: item.description === null ? null : string(item, "description"),
      contentType: string(item, "contentType"),
      expectedResponseCode: number(item, "expectedResponseCode"),
      active: item.active === true,
      sharedSecret: string(item, "sharedSecret"),
      headerIds: list(item.headerIds, "headerIds").map(String),
    }),
  );
  const headers = items(
    state.headers,
    "headers",
    (item): Header => ({
      ...identity(item),
      key: string(item, "key"),
      value: string(item, "value"),
    }),
  );
  const subscriptions = items(
    state.subscriptions,
    "subscriptions",
    (item): Subscription => ({
      ...identity(item),
      resource: string(item, "resource"),
      action: string(item, "action"),
      receiverId: string(item, "receiverId"),
    }),
  );
  return {
    lastIds: {
      receiver: number(lastIds, "receiver"),
      header: number(lastIds, "header"),
      subscription: number(lastIds, "subscription"),
    },
    receivers,
    headers,
    subscriptions,
  };
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown, what: string): Json {
  if (!isObject(value)) throw new Error(`${what} is not an object`);
  return value;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not a list`);
  return value;
}

function items<Item extends object>(value: unknown, what: string, read: (item: Json) => Item): Item[] {
  return list(value, what).map((entry) => {
    const item = read(object(entry, `an entry of ${what}`));
    validate(item);
    return item;
  });
}

function identity(item: Json): { id: string; _etag: string } {
  return { id: string(item, "id"), _etag: string(item, "_etag") };
}

function string(item: Json, property: string): string {
  const value = item[property];
  if (typeof value !== "string") throw new Error(`${property} is not text`);
  return value;
}

function number(item: Json, property: string): number {
  const value = item[property];
  if (typeof value !== "number" || !Number.isInteger(value)) throw new Error(`${property} is not a whole number`);
  return value;
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // JSON.parse quotes what it could not read, and that may be anything.
  return error instanceof SyntaxError ? "it is not JSON" : message.replaceAll("\n", " ");
}
