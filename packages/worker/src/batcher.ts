/**
 * Sends single items in batches: what comes while a batch is on its way goes together with the next one.
 *
 * - `most`: the most items of a batch. `gatherMs`: the milliseconds that the first item waits for others. Default: its turn.
 */
export class Batcher<Item> {
  readonly #send: (items: Item[]) => Promise<void>;
  readonly #most: number;
  readonly #gatherMs: number;
  #waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isSending = false;

  constructor(send: (items: Item[]) => Promise<void>, { most = 500, gatherMs = 0 } = {}) {
    this.#send = send;
    this.#most = most;
    this.#gatherMs = gatherMs;
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
    while (this.#waiting.length > 0) {
      // Items of the same turn go together.
      if (this.#gatherMs === 0) await Promise.resolve();
      else await new Promise((resolve) => setTimeout(resolve, this.#gatherMs));
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
