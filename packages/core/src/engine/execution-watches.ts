import { isWorkflowError } from "../errors.ts";
import { type HeldRecords, readPage, startOf } from "../state/history-page.ts";
import { shownStatus } from "../state/incomplete-import.ts";
import { readHead } from "../state/open-execution.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { withinLimits } from "../state/surroundings.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { isEnded } from "../store/status.ts";
import type { ExecutionChanges } from "./execution-changes.ts";
import type { ExecutionUpdate, WatchExecutionOptions } from "./execution-queries.ts";
import { summarize } from "./execution-summary.ts";
import { nextLookMs } from "./pauses.ts";
import { checkWatchOptions } from "./query-call-options.ts";

/** The most checkpoints in an update. */
const MAX_CHECKPOINTS = 100;

/**
 * Watches executions.
 *
 * - Every update is read from the store. Events of this engine only wake the watch.
 */
export class ExecutionWatches {
  readonly #surroundings: Surroundings;
  readonly #changes: ExecutionChanges;

  constructor(surroundings: Surroundings, changes: ExecutionChanges) {
    this.#surroundings = surroundings;
    this.#changes = changes;
  }

  /** Yields an update for every change, until the execution ends, is gone, or `ending` is aborted. */
  async *watch(given: WatchExecutionOptions, ending: AbortController): AsyncGenerator<ExecutionUpdate> {
    const { executionId, userId, signal, checkpoints = "new" } = checkWatchOptions(given);
    const alarm = new Alarm(this.#surroundings.clock, ending.signal);
    const stop = () => ending.abort();
    const unlisten = this.#changes.listen(executionId, () => alarm.ring());
    try {
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted === true) return stop();
      const surroundings = withinLimits(this.#surroundings, {
        onCutOff: (callback) => onAbort(ending.signal, callback),
      });
      const look = () => readHead(surroundings, executionId, userId);
      let head = await look();
      let held: HeldRecords = startOf(head, checkpoints === "all" ? head.firstSeq : head.seq + 1);
      for (;;) {
        const page = await readPage(surroundings, head, { place: held, limit: MAX_CHECKPOINTS });
        held = page.next;
        yield { ...summarize(page.head), checkpoints: page.checkpoints } as ExecutionUpdate;
        if (!page.isLast) continue;
        if (isEnded(shownStatus(page.head))) return;
        const changed = await untilChanged(page.head, look, alarm);
        if (changed === undefined) return;
        head = changed;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      unlisten();
      alarm.stop();
    }
  }
}

/** Looks at the head until it shows a change; `undefined` if the execution is gone or the watch has ended. */
async function untilChanged(
  before: ExecutionRecord,
  look: () => Promise<ExecutionRecord>,
  alarm: Alarm,
): Promise<ExecutionRecord | undefined> {
  for (let looks = 0; ; looks++) {
    if (!(await alarm.wait(nextLookMs(looks)))) return undefined;
    try {
      const now = await look();
      if (now.createdAt !== before.createdAt || now.version < before.version) return undefined;
      if (visible(now) !== visible(before)) return now;
    } catch (error) {
      if (isWorkflowError(error, "EXECUTION_NOT_FOUND")) return undefined;
      throw error;
    }
  }
}

/** The fields whose change leads to an update. The renewal of a lease does not. */
function visible(head: ExecutionRecord): string {
  const { version: _version, updatedAt: _updatedAt, leaseUntil: _leaseUntil, readAt: _readAt, ...shown } = head;
  return JSON.stringify(shown);
}

/** Ends a wait when it is rung, when a time is over, or when the watch ends. */
class Alarm {
  readonly #clock: Surroundings["clock"];
  readonly #ending: AbortSignal;
  /** It rang while nobody waited. */
  #rang = false;
  #wake: (() => void) | undefined;

  constructor(clock: Surroundings["clock"], ending: AbortSignal) {
    this.#clock = clock;
    this.#ending = ending;
    ending.addEventListener("abort", () => this.ring(), { once: true });
  }

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  /** Waits; resolves to false once the watch has ended. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#rang && !this.#ending.aborted) {
      let cancel: (() => void) | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        cancel = this.#clock.schedule(ms, resolve);
      });
      cancel?.();
      this.#wake = undefined;
    }
    this.#rang = false;
    return !this.#ending.aborted;
  }

  stop(): void {
    this.#wake?.();
  }
}

function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) callback();
  signal.addEventListener("abort", callback, { once: true });
  return () => signal.removeEventListener("abort", callback);
}
