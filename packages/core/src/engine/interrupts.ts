import type { Clock } from "../clock.ts";
import { WorkflowError } from "../errors.ts";
import type { Interruption } from "./decide.ts";

/** How long a node may go on after the caller's signal has aborted, in milliseconds. */
export const ABORT_GRACE_MS = 5_000;

/**
 * Everything that can end a run from outside: its timeout, the caller's signal, the loss of its lease.
 *
 * - The first one counts. Nodes hear of it through their own signal.
 */
export class Interrupts implements Disposable {
  readonly #clock: Clock;
  readonly #listeners = new Set<(kind: Interruption) => void>();
  readonly #undo: (() => void)[] = [];
  #kind: Interruption | undefined;
  #reason: unknown;
  #deadline: { endsMs: number; error: WorkflowError } | undefined;

  constructor(clock: Clock, options: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined }) {
    this.#clock = clock;
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined) {
      const error = new WorkflowError("EXECUTION_TIMEOUT", `The run hit its timeout of ${timeoutMs} ms.`, {
        details: { timeoutMs },
      });
      this.#deadline = { endsMs: clock.now() + timeoutMs, error };
      this.#undo.push(clock.schedule(timeoutMs, () => this.raise("timeout", error)));
    }
    if (signal === undefined) return;
    const abort = () => this.raise("aborted", signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    this.#undo.push(() => signal.removeEventListener("abort", abort));
  }

  get kind(): Interruption | undefined {
    return this.#kind;
  }

  /** What the timeout, the signal or the store gave as the cause. */
  get reason(): unknown {
    return this.#reason;
  }

  raise(kind: Interruption, reason: unknown): void {
    if (this.#kind !== undefined && kind !== "lost") return;
    this.#kind = kind;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener(kind);
  }

  /** Raises the timeout where it is over, also where no timer could fire because the nodes never waited. */
  checkDeadline(): void {
    if (this.#deadline !== undefined && this.#clock.now() >= this.#deadline.endsMs) {
      this.raise("timeout", this.#deadline.error);
    }
  }

  /** Calls back when the run is interrupted, at once where it has been; returns what ends that. */
  listen(listener: (kind: Interruption) => void): () => void {
    this.#listeners.add(listener);
    if (this.#kind !== undefined) listener(this.#kind);
    return () => this.#listeners.delete(listener);
  }

  /** Waits; an interruption ends the wait early. */
  async sleep(delayMs: number): Promise<void> {
    if (this.#kind !== undefined) return;
    const undo: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      undo.push(this.#clock.schedule(delayMs, resolve));
      undo.push(this.listen(() => resolve()));
    });
    for (const each of undo) each();
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
  }
}
