/** Those who want to hear of something, told in the order they came. */
export class Listeners<News> {
  readonly #listeners = new Set<(news: News) => void>();

  /** Adds one; returns what takes it away again. */
  add(listener: (news: News) => void): () => void {
    // One of its own for every call, so that taking one away leaves another of the same function.
    const own = (news: News) => listener(news);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }
}
