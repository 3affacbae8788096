/** Keeps answers to one node back, so that its process can be killed while it waits for them. */
export class HeldAnswers {
  #held: { nodeId: string; reached: () => void; released: Promise<void>; release: () => void } | undefined;

  /** Resolves once an answer to the node is being kept back; a request that names no node counts as one of it. */
  holdTo(nodeId: string): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#held = { nodeId, reached: reached.resolve, released: released.promise, release: released.resolve };
    return reached.promise;
  }

  /** Waits here as long as answers to the node are kept back. */
  async pass(nodeId: string | undefined): Promise<void> {
    if (this.#held === undefined || (nodeId !== undefined && this.#held.nodeId !== nodeId)) return;
    this.#held.reached();
    await this.#held.released;
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}
