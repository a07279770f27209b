import { type Item, type ItemType, notFound, type Store, type Subscription } from "../store/store.ts";
import { roleOf } from "./roles.ts";

/** The objects of a store by their types: how they are found, and how they refer to each other. */
export class Items {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  list(type: ItemType): Item[] {
    if (type === "receiver") return this.#store.listReceivers();
    return type === "header" ? this.#store.listHeaders() : this.#store.listSubscriptions();
  }

  /** @throws {StoreError} if there is no object with this id. */
  find(type: ItemType, id: string): Item {
    const [name, item] =
      type === "receiver"
        ? ["WebhookReceiver", this.#store.findReceiver(id)]
        : type === "header"
          ? ["WebhookHeader", this.#store.findHeader(id)]
          : ["WebhookSubscription", this.#store.findSubscription(id)];
    if (!item) throw notFound(name, id);
    return item;
  }

  /** The objects of another type that belong to an object. */
  related(type: ItemType, item: Item, other: ItemType): Item[] {
    if (type === "receiver" && other === "subscription") return this.#store.listSubscriptions(item.id);
    if (type === "receiver" && other === "header") return this.#store.listHeaders(item.id);
    if (type === "subscription" && other === "receiver") {
      return [this.#store.findReceiver((item as Subscription).receiverId)].filter((receiver) => receiver !== undefined);
    }
    if (type === "header" && other === "receiver") {
      return this.#store.listReceivers().filter(({ headerIds }) => headerIds.includes(item.id));
    }
    return [];
  }

  /** How to read a property, which may have another name in the schema. */
  reader(type: ItemType, name: string): (item: Item) => unknown {
    const role = roleOf(name);
    if (role === "etag") return (item) => item._etag;
    if (role === type) return (item) => item.id;
    if (role === "receiver") return (item) => this.related(type, item, "receiver")[0]?.id;
    return (item) => Reflect.get(item, name);
  }
}
