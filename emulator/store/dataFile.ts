import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { Store, type StoreState } from "./store.ts";
import { rules } from "./validation.ts";

const FORMAT = "ion-emulator/1";

const identity = { id: z.string(), _etag: z.string() };
const content = z.object({
  format: z.literal(FORMAT),
  state: z.object({
    lastIds: z.object({ receiver: z.int(), header: z.int(), subscription: z.int() }),
    receivers: z.array(
      z.object({
        ...identity,
        name: rules.name,
        description: rules.description,
        webhookUri: rules.webhookUri,
        contentType: rules.contentType,
        expectedResponseCode: rules.expectedResponseCode,
        active: rules.active,
        sharedSecret: rules.sharedSecret,
        headerIds: z.array(z.string()),
      }),
    ),
    headers: z.array(z.object({ ...identity, key: rules.key, value: rules.value })),
    subscriptions: z.array(
      z.object({ ...identity, resource: rules.resource, action: rules.action, receiverId: rules.receiverId }),
    ),
  }),
});

/** The data file cannot be used. The message is one line and names the file. */
export class DataFileError extends Error {
  override readonly name = "DataFileError";
}

/** A file that keeps a store across restarts. */
export class DataFile {
  /** The store that the file contains; an empty store if the file did not exist. */
  readonly store: Store;
  readonly #path: string;
  #savedRevision = 0;

  /** @throws {DataFileError} if the file was not written by an emulator, or cannot be read or created. */
  constructor(path: string) {
    this.#path = path;
    const text = this.#read();
    if (text !== undefined) this.#makePrivate();
    this.store = new Store(text === undefined ? undefined : this.#parse(text));
    if (text === undefined) this.#write();
  }

  /**
   * Writes the store if it has changed since the last call. The file is replaced atomically.
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
      throw new DataFileError(`Cannot read the data file ${this.#path}: ${reasonOf(error)}`);
    }
  }

  /** The file contains secrets, and may have been copied or restored for everybody to read. */
  #makePrivate(): void {
    try {
      if ((statSync(this.#path).mode & 0o077) !== 0) chmodSync(this.#path, 0o600);
    } catch (error) {
      throw new DataFileError(`Cannot make the data file ${this.#path} readable by its owner only: ${reasonOf(error)}`);
    }
  }

  #parse(text: string): StoreState {
    try {
      return content.parse(JSON.parse(text)).state;
    } catch (error) {
      throw new DataFileError(`The data file ${this.#path} is invalid and was not changed: ${reasonOf(error)}`);
    }
  }

  #write(): void {
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      rmSync(temporary, { force: true });
      const text = JSON.stringify({ format: FORMAT, state: this.store.state() });
      // The file contains secrets, so only its owner may read it.
      writeFileSync(temporary, `${text}\n`, { mode: 0o600, flag: "wx" });
      renameSync(temporary, this.#path);
    } catch (error) {
      throw new DataFileError(`Cannot write the data file ${this.#path}: ${reasonOf(error)}`);
    }
  }
}

/** One line that never quotes the content of the file. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return "it is not JSON";
  if (error instanceof z.ZodError) {
    const { path = [], message = "" } = error.issues[0] ?? {};
    return path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`;
  }
  return (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
}
