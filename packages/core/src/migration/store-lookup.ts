import type { EngineInternals } from "../engine/engine-internals.ts";
import { WorkflowError } from "../errors.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { withinTime } from "./within-time.ts";

/** The longest wait for an answer of the store, in milliseconds. */
const PATIENCE_MS = 2_000;
/** The milliseconds after a wait that was in vain, in which nobody waits again. */
const PAUSE_MS = 10_000;

/**
 * Looks up executions for the calls of a rollout, with one try and a short patience.
 *
 * - After a lookup without an answer, further ones fail at once for 10 seconds. Then one call looks again, and the others
 *   fail until it has an answer. So a store that hangs costs one call in 10 seconds its 2 seconds.
 */
export class StoreLookup {
  readonly #engine: EngineInternals;
  #pausedUntilMs: number | undefined;
  #isProbing = false;

  constructor(engine: EngineInternals) {
    this.#engine = engine;
  }

  /** @throws {WorkflowError} STORE_UNAVAILABLE, and whatever else the store throws */
  async head(executionId: string): Promise<ExecutionRecord | undefined> {
    const { bareStore, clock } = this.#engine.surroundings;
    const isProbe = this.#pausedUntilMs !== undefined;
    if (this.#pausedUntilMs !== undefined) {
      if (this.#isProbing || clock.elapsed() < this.#pausedUntilMs) throw unavailable("lately");
      this.#isProbing = true;
    }
    const late = unavailable(`within ${PATIENCE_MS} ms`);
    try {
      const head = await withinTime({ clock, ms: PATIENCE_MS, late: () => late }, () =>
        bareStore.getExecution(executionId),
      );
      this.#pausedUntilMs = undefined;
      return head;
    } catch (error) {
      this.#pausedUntilMs = error === late ? clock.elapsed() + PAUSE_MS : undefined;
      throw error;
    } finally {
      if (isProbe) this.#isProbing = false;
    }
  }
}

function unavailable(when: string): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", `The store has not answered ${when}.`);
}
