import type { Clock } from "../clock.ts";
import { messageOf, readProperty, WorkflowError } from "../errors.ts";
import { answerWithin, type WaitLimits } from "../state/retry-store.ts";
import { quoted } from "../text.ts";
import type { Interruption } from "./decide.ts";

/** Milliseconds that a node gets to finish after the caller's signal has aborted. */
export const ABORT_GRACE_MS = 5_000;

/** Milliseconds that anything but a node may still take once the run's time is up. */
const WAIT_GRACE_MS = 1_000;

/** The limits that a call names. */
export interface RunLimits {
  timeoutMs?: number | undefined;
  budgetMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Everything that can end a run from outside: its timeout, its budget, the caller's signal, the loss of its lease.
 *
 * - The first interruption counts. Nodes hear of it through their own signal; a spent budget is none, it only lets no
 *   further node start.
 * - Whatever else the run waits for (the store, a schema, a lookup) is given up a second after its time was up.
 */
export class Interrupts implements Disposable, WaitLimits {
  readonly #clock: Clock;
  readonly #limits: RunLimits;
  readonly #listeners = new Set<(kind: Interruption) => void>();
  readonly #cutOffs = new Set<() => void>();
  readonly #stoppers = new Set<() => void>();
  readonly #undo: (() => void)[] = [];
  readonly #startedMs: number;
  #kind: Interruption | undefined;
  #reason: unknown;
  #isStopping = false;
  #isCallersAbort = false;
  /** When the execution itself must have ended, by the clock's elapsed time, and what it then ends with. */
  #deadline: { ms: number; error: WorkflowError } | undefined;

  constructor(clock: Clock, limits: RunLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#startedMs = clock.elapsed();
    const { timeoutMs, signal } = limits;
    if (signal !== undefined) this.#watch(signal);
    if (timeoutMs !== undefined)
      this.#undo.push(clock.schedule(timeoutMs, () => this.raise("timeout", this.#timeUp("timeout"))));
  }

  get kind(): Interruption | undefined {
    return this.#kind;
  }

  /** True if the caller's signal interrupted the run, and not a drain whose time is up. */
  get isCallersAbort(): boolean {
    return this.#isCallersAbort && this.#kind === "aborted";
  }

  /** True if the engine is draining: no further node starts. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** What the timeout, the signal or the store gave as the cause. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Milliseconds since the run was asked for. */
  get elapsedMs(): number {
    return this.#clock.elapsed() - this.#startedMs;
  }

  raise(kind: Interruption, reason: unknown): void {
    if (this.#kind !== undefined && kind !== "lost") return;
    this.#kind = kind;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener(kind);
  }

  /** Lets no further node start, and ends a wait for a node's next attempt. Nodes in flight are not disturbed. */
  stop(): void {
    this.#isStopping = true;
    for (const stopper of [...this.#stoppers]) stopper();
  }

  /** Raises the timeout with this error once a time has passed: the deadline of the execution, `inMs` from now. */
  endBy(inMs: number, error: WorkflowError): void {
    this.#deadline = { ms: this.#clock.elapsed() + inMs, error };
    this.#undo.push(this.#clock.schedule(inMs, () => this.raise("timeout", error)));
  }

  /** Raises the timeout if it is over, also if no timer could fire because the nodes never waited. */
  checkDeadline(): void {
    const { timeoutMs } = this.#limits;
    if (this.#deadline !== undefined && this.#clock.elapsed() >= this.#deadline.ms) {
      this.raise("timeout", this.#deadline.error);
    }
    if (timeoutMs !== undefined && this.elapsedMs >= timeoutMs) this.raise("timeout", this.#timeUp("timeout"));
  }

  /** Calls back when the run is interrupted, at once if it has been; returns what ends that. */
  listen(listener: (kind: Interruption) => void): () => void {
    this.#listeners.add(listener);
    if (this.#kind !== undefined) listener(this.#kind);
    return () => this.#listeners.delete(listener);
  }

  /** Waits. An interruption, {@link stop} and the promise `until` end the wait early. */
  async sleep(delayMs: number, until?: Promise<void>): Promise<void> {
    if (this.#kind !== undefined || this.#isStopping) return;
    const undo: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      undo.push(this.#clock.schedule(delayMs, resolve));
      undo.push(this.listen(() => resolve()));
      this.#stoppers.add(resolve);
      if (until !== undefined) void until.then(resolve);
      undo.push(() => this.#stoppers.delete(resolve));
    });
    for (const each of undo) each();
  }

  onCutOff(callback: () => void): () => void {
    const { timeoutMs, budgetMs, signal } = this.#limits;
    const undo: (() => void)[] = [() => this.#cutOffs.delete(callback)];
    this.#cutOffs.add(callback);
    if (timeoutMs !== undefined || signal !== undefined || this.#kind !== undefined) {
      undo.push(this.listen(() => undo.push(this.#clock.schedule(WAIT_GRACE_MS, callback))));
    }
    if (budgetMs !== undefined) {
      const leftMs = Math.max(0, budgetMs - this.elapsedMs);
      undo.push(this.#clock.schedule(leftMs + WAIT_GRACE_MS, callback));
    }
    return () => {
      for (const each of undo) each();
    };
  }

  /**
   * Waits for something that is neither a node nor the store.
   *
   * @throws {WorkflowError} EXECUTION_TIMEOUT if the timeout or the budget is over before; the signal's reason
   */
  within<T>(result: T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const unwatch = this.onCutOff(() => reject(this.#kind === undefined ? this.#timeUp("budget") : this.#reason));
      Promise.resolve(result).then(resolve, reject).finally(unwatch);
    });
  }

  /** Waits for the store. @throws {WorkflowError} STORE_UNAVAILABLE if the run's limits are over before */
  withinStore<T>(answer: Promise<T>): Promise<T> {
    return answerWithin(this, answer);
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
    for (const cutOff of [...this.#cutOffs]) cutOff();
  }

  /** A signal may be of somebody else's making, and throw. */
  #watch(signal: AbortSignal): void {
    const abort = () => {
      this.#isCallersAbort = this.#kind === undefined;
      this.raise("aborted", readProperty(signal, "reason"));
    };
    try {
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
    } catch (error) {
      const message = `signal: addEventListener() of it throws (${quoted(messageOf(error))}).`;
      throw new WorkflowError("INVALID_ARGUMENT", message);
    }
    this.#undo.push(() => {
      try {
        signal.removeEventListener("abort", abort);
      } catch {
        // The run has ended, and says how.
      }
    });
  }

  #timeUp(limit: "timeout" | "budget"): WorkflowError {
    const name = `${limit}Ms` as const;
    const ms = this.#limits[name];
    return new WorkflowError("EXECUTION_TIMEOUT", `The run hit its ${limit} of ${ms} ms.`, { details: { [name]: ms } });
  }
}
