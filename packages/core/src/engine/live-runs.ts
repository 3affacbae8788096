import type { AnswerRequest } from "./answers.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import { Grouped } from "./grouped.ts";
import type { Interrupts } from "./interrupts.ts";

/** A run of this engine that is under way. */
export interface LiveRun {
  readonly executionId: string;
  readonly userId: string;
  readonly interrupts: Interrupts;
  /** Settles with the run. */
  readonly result: Promise<ExecuteWorkflowResult<object>>;
  /** Takes an answer from outside. Resolves to false if the run ended before the answer was on record. */
  answer(request: AnswerRequest): Promise<boolean>;
}

/** Knows the runs, claims and calls of one engine that are under way: for answers, cancellations and `drain`. */
export class LiveRuns {
  readonly #runs = new Grouped<LiveRun>();
  readonly #claims = new Grouped<Promise<void>>();
  readonly #calls = new Map<Interrupts, Promise<void>>();
  #isDraining = false;

  /** True once the engine drains: its runs start no further node. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  get all(): LiveRun[] {
    return this.#runs.all;
  }

  /** Returns the runs of an execution: usually one, and for a while two if it was taken over. */
  of(executionId: string): LiveRun[] {
    return this.#runs.of(executionId);
  }

  add(run: LiveRun): void {
    const remove = this.#runs.add(run.executionId, run);
    run.result.then(remove, remove);
  }

  /** Notes a call that may run something. The returned function is called when it ends. */
  enter(interrupts: Interrupts): () => void {
    if (this.#isDraining) interrupts.stop();
    const { promise: call, end } = untilEnd();
    this.#calls.set(interrupts, call);
    return () => {
      this.#calls.delete(interrupts);
      end();
    };
  }

  /** Waits until no call is under way that runs something, or holds a lease. */
  async ended(): Promise<void> {
    for (;;) {
      const left = [...this.#calls.values(), ...this.#claims.all];
      if (left.length === 0) return;
      await Promise.all(left);
    }
  }

  /** Notes that this engine claims an execution. The returned function is called once it runs it, or has given it back. */
  claim(executionId: string): () => void {
    const { promise, end } = untilEnd();
    const remove = this.#claims.add(executionId, promise);
    return () => {
      remove();
      end();
    };
  }

  /** Returns true if this engine claims the execution now, or runs it. */
  isHeld(executionId: string): boolean {
    return this.#claims.has(executionId) || this.#runs.has(executionId);
  }

  /** Waits until the claims of an execution are over that this engine makes now; resolves to false if there are none. */
  async claimed(executionId: string): Promise<boolean> {
    const claims = this.#claims.of(executionId);
    await Promise.all(claims);
    return claims.length > 0;
  }

  /** Ends the runs of an execution as lost. */
  lose(executionId: string, error: unknown): void {
    for (const { interrupts } of this.of(executionId)) interrupts.raise("lost", error);
  }

  /** Lets no call of this engine start another node, from now on. */
  stop(): void {
    this.#isDraining = true;
    for (const interrupts of this.#calls.keys()) interrupts.stop();
  }
}

function untilEnd(): { promise: Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}
