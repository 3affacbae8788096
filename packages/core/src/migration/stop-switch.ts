import { tell } from "../tell.ts";
import type { StopReason } from "./outcomes.ts";
import type { RolloutOptions } from "./rollout-options.ts";

/** The runs that rates are computed over, and the fewest that are enough. */
const WINDOW = { most: 100, fewest: 20 };

interface NotedRun {
  executionId?: string | undefined;
  hasFailed: boolean;
  overheadMs?: number | undefined;
}

/** Stops a rollout for good when a limit is reached. */
export class StopSwitch {
  readonly #limits: NonNullable<RolloutOptions["stopIf"]>;
  readonly #onStop: (reason: StopReason) => void;
  readonly #runs: { executionId?: string | undefined; hasFailed: boolean }[] = [];
  readonly #overheadsMs: number[] = [];
  #mismatches = 0;
  #reason: StopReason | undefined;

  constructor({ stopIf = {}, onStop }: Pick<RolloutOptions, "stopIf" | "onStop">, note: (reason: StopReason) => void) {
    this.#limits = stopIf;
    this.#onStop = (reason) => {
      note(reason);
      if (onStop !== undefined) tell(onStop, reason);
    };
  }

  /** The limit that was reached first. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  noteMismatch(): void {
    this.#mismatches += 1;
    this.#check("mismatches", this.#mismatches);
  }

  /**
   * Takes a run of V2. A further run of an execution replaces the one before: a call that is tried again and again has
   * failed once.
   *
   * - `overheadMs`: its time beside the executors, per call of one; absent if none was called.
   */
  noteRun({ executionId, hasFailed, overheadMs }: NotedRun): void {
    const known = executionId === undefined ? undefined : this.#runs.find((run) => run.executionId === executionId);
    if (known !== undefined) known.hasFailed = hasFailed;
    else push(this.#runs, { executionId, hasFailed });
    if (this.#runs.length >= WINDOW.fewest) {
      this.#check("errorRate", this.#runs.filter((run) => run.hasFailed).length / this.#runs.length);
    }
    if (overheadMs === undefined) return;
    push(this.#overheadsMs, overheadMs);
    if (this.#overheadsMs.length >= WINDOW.fewest) {
      const sorted = this.#overheadsMs.toSorted((a, b) => a - b);
      this.#check("overheadMs", sorted[sorted.length >> 1] as number);
    }
  }

  #check(limit: StopReason["limit"], value: number): void {
    const allowed = this.#limits[limit];
    if (allowed === undefined || value < allowed || this.#reason !== undefined) return;
    this.#reason = Object.freeze({ limit, value, allowed });
    this.#onStop(this.#reason);
  }
}

function push<T>(window: T[], value: T): void {
  window.push(value);
  if (window.length > WINDOW.most) window.shift();
}
