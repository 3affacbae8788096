import type { ExecutionChanges } from "./execution-changes.ts";
import type { Interrupts } from "./interrupts.ts";
import { nextLookMs } from "./pauses.ts";

/** Waits for changes of an execution that another owner runs, within the limits of a call. */
export class ChangeWaiter {
  readonly #interrupts: Interrupts;
  readonly #budgetMs: number;
  readonly #unlisten: () => void;
  #hasChanged = false;
  #wake: (() => void) | undefined;
  #looks = 0;

  constructor(
    changes: ExecutionChanges,
    call: { executionId: string; interrupts: Interrupts; budgetMs: number | undefined },
  ) {
    this.#interrupts = call.interrupts;
    this.#budgetMs = call.budgetMs ?? Number.POSITIVE_INFINITY;
    this.#unlisten = changes.listen(call.executionId, () => {
      this.#hasChanged = true;
      this.#wake?.();
    });
  }

  /** Resolves when it is time to look again, and to false if the call's limits are over. */
  async wait(): Promise<boolean> {
    const interrupts = this.#interrupts;
    const leftMs = this.#budgetMs - interrupts.elapsedMs;
    if (leftMs <= 0 || interrupts.kind !== undefined || interrupts.isStopping) return false;
    if (!this.#hasChanged) {
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await interrupts.sleep(Math.min(leftMs, nextLookMs(this.#looks)), changed);
    }
    this.#looks = this.#hasChanged ? 0 : this.#looks + 1;
    this.#hasChanged = false;
    return interrupts.kind === undefined;
  }

  end(): void {
    this.#unlisten();
  }
}
