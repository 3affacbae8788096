/** Sends single items in batches: what comes while a batch is on its way goes together with the next one. */
export class Batcher<Item> {
  readonly #send: (items: Item[]) => Promise<void>;
  readonly #most: number;
  #waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isSending = false;

  constructor(send: (items: Item[]) => Promise<void>, most = 500) {
    this.#send = send;
    this.#most = most;
  }

  /** Resolves once the batch of the item is sent; rejects if that fails. */
  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isSending) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    // Items of the same turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#most);
      try {
        await this.#send(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isSending = false;
  }
}
