/** Holds back answers to one node, so that its process can be killed while it waits for them. */
export class HeldAnswers {
  #held: { nodeId: string; reached: () => void; released: Promise<void>; release: () => void } | undefined;

  /** Resolves once an answer to the node is held back. A request without a node counts as one of this node. */
  holdTo(nodeId: string): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#held = { nodeId, reached: reached.resolve, released: released.promise, release: released.resolve };
    return reached.promise;
  }

  /** Waits while answers to the node are held back. */
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
