import type { RecordParts } from "../state/progress.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { cancellation } from "./cancellation.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import type { RunWaits } from "./run-waits.ts";

/** The ends of a run that has completed or stops. Each one is written, emitted as an event, and returned. */
export class RunEnds {
  readonly #parts: RunParts;
  readonly #waits: RunWaits;

  constructor(parts: RunParts, waits: RunWaits) {
    this.#parts = parts;
    this.#waits = waits;
  }

  /** True if the caller has aborted the run and wants this to cancel the execution. */
  get isToCancel(): boolean {
    const { interrupts, onAbort } = this.#parts;
    return interrupts.isCallersAbort && onAbort === "cancel";
  }

  /** Returns the time at which a waiting execution is due: the given time, or its deadline or a wait's end if that is earlier. */
  dueAt(wakeAt: number): number {
    return Math.min(wakeAt, this.#waits.wakeAt() ?? wakeAt);
  }

  /** Gives the execution back as pending, due at `wakeAt` (default: at once). If an abort is to cancel it, cancels it. */
  async stop({
    wakeAt: at,
    attempts,
  }: Pick<RecordParts, "attempts"> & { wakeAt?: number | undefined } = {}): Promise<RunEnd> {
    const { journal, emit } = this.#parts;
    const parts: RecordParts = attempts === undefined ? {} : { attempts };
    if (this.isToCancel) {
      const failure = cancellation("its run was aborted");
      await journal.save({ status: "cancelled", failure, wakeAt: null, ...NO_WAITS }, parts);
      emit({ type: "execution.cancelled", failure });
      return { status: "cancelled", failure };
    }
    const { failure } = journal;
    const wakeAt = at === undefined ? undefined : this.dueAt(at);
    const time = wakeAt === undefined ? { wakeInMs: 0 } : { wakeAt, ...(failure === undefined ? {} : { failure }) };
    await journal.save({ status: "pending", ...time }, parts);
    return this.stopped(wakeAt === undefined ? {} : { wakeAt, ...(failure === undefined ? {} : { failure }) });
  }

  stopped(end: { wakeAt?: number; failure?: FailureRecord }): RunEnd {
    const { wakeAt } = end;
    this.#parts.emit({ type: "execution.stopped", ...(wakeAt === undefined ? {} : { wakeAt }) });
    return { status: "pending", ...end };
  }

  async complete(): Promise<RunEnd> {
    await this.#parts.journal.save({ status: "completed", failure: null });
    return this.completed();
  }

  completed(): RunEnd {
    this.#parts.emit({ type: "execution.completed" });
    return { status: "completed" };
  }
}

/** An execution that has ended waits for nothing. */
export const NO_WAITS = { waiting: null, waitingCount: null } as const;
