import { type ErrorCode, isWorkflowError, messageOf } from "../errors.ts";
import { safeError } from "../safe-error.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord, ListExecutionsOptions } from "../store/checkpoint-store.ts";
import { isEnded } from "../store/status.ts";
import type { Emitter } from "./emitter.ts";
import { engineEvents } from "./engine-events.ts";
import type { Hint } from "./engine-parts.ts";
import type { EngineEvent } from "./events.ts";
import { HandOver } from "./hand-over.ts";
import type { LiveRuns } from "./live-runs.ts";
import { recoveryPauseMs } from "./pauses.ts";
import { checkRecoverOneOptions, checkRecoverOptions } from "./query-call-options.ts";
import type { RecoveredRun } from "./recover-execution.ts";
import { LEFT_PAUSE_MS, meaningOf, wantsToRunInMs } from "./recoverable.ts";
import { RecoveryLoop } from "./recovery-loop.ts";
import type {
  RecoverExecutionOptions,
  RecoverExecutionsOptions,
  RecoveredExecution,
  RecoveredExecutions,
  RunOptions,
  StartedRecovery,
  StartRecoveryOptions,
} from "./run-options.ts";

const DEFAULT_LIMIT = 100;
const DEFAULT_CONCURRENCY = 8;
const DEFAULT_INTERVAL_MS = 5_000;
/** The executions that one query reads. */
const PAGE_SIZE = 100;
/** The most executions that a result lists, and the most that a recovery remembers as left. */
const MAX_LEFT = 1_000;
const MAX_KNOWN = 100_000;

/** The parts of an engine that recover executions. */
export interface RecoveryParts {
  surroundings: Surroundings;
  /**
   * Resumes an execution that has no owner, and returns how its run has ended. If it stays as it is, the error has the reason.
   * `isFresh`: its head was read just now.
   */
  recover: (
    head: ExecutionRecord,
    limits: Pick<RunOptions, "budgetMs" | "signal">,
    isFresh: boolean,
  ) => Promise<RecoveredRun>;
  /** Tells the queue of an execution; absent without a queue. */
  hint: Hint | undefined;
  emitter: Emitter;
  runs: Pick<LiveRuns, "isDraining" | "isHeld">;
}

/** The outcome for one execution. `isDueAgain`: it has run, as far as this engine could run it. */
type Recovered =
  | { what: "resumed"; status: RecoveredRun["status"] }
  | { what: "taken" }
  | { what: "left"; code: string; isDueAgain: boolean };

/** Finds executions that are due or have lost their owner, and resumes them. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #emit: (event: EngineEvent) => void;
  /** The executions that this engine could not run, each with the time of the next try. The oldest are forgotten first. */
  readonly #left = new Map<string, { tries: number; againMs: number }>();
  readonly #loops = new Set<RecoveryLoop>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#emit = engineEvents(parts.emitter, parts.surroundings.clock);
  }

  /** Makes one pass. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STORE_CLOSED */
  async once(given: RecoverExecutionsOptions): Promise<RecoveredExecutions> {
    const {
      limit = DEFAULT_LIMIT,
      concurrency = DEFAULT_CONCURRENCY,
      budgetMs,
      signal,
      ...filter
    } = checkRecoverOptions(given);
    const { clock } = this.#parts.surroundings;
    const startedMs = clock.elapsed();
    const leftMs = () => (budgetMs === undefined ? undefined : Math.max(0, budgetMs - (clock.elapsed() - startedMs)));
    const result: RecoveredExecutions = { resumed: 0, left: [] };
    // Each time that one is tried, it is listed anew behind those that have waited longer.
    const dueAgain = new Set<string>();
    const candidates = this.#candidates(filter, { isOwn: ({ id }) => !dueAgain.has(id) });
    let underWay = 0;
    let isOver = false;
    const worker = async (): Promise<void> => {
      const mayGoOn = () => !isOver && signal?.aborted !== true && leftMs() !== 0 && !this.#parts.runs.isDraining;
      while (mayGoOn() && result.resumed + underWay < limit) {
        underWay++;
        try {
          const next = await candidates.next();
          if (next.done === true) return;
          // It was under way when its page was read.
          if (dueAgain.has(next.value.id)) continue;
          const remaining = leftMs();
          const done = await this.#recover(next.value, {
            ...(remaining === undefined ? {} : { budgetMs: remaining }),
            ...(signal === undefined ? {} : { signal }),
          });
          if (done.what === "resumed") result.resumed++;
          if (done.what !== "left") continue;
          if (done.isDueAgain) dueAgain.add(next.value.id);
          if (result.left.length < MAX_LEFT) result.left.push({ executionId: next.value.id, code: done.code });
        } catch (error) {
          isOver = true;
          throw error;
        } finally {
          underWay--;
        }
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(concurrency, limit) }, worker));
    const failed = ended.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return result;
  }

  /** Recovers one execution. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STORE_CLOSED */
  async one(given: RecoverExecutionOptions): Promise<RecoveredExecution> {
    const { executionId, userId, ...limits } = checkRecoverOneOptions(given);
    const { store } = this.#parts.surroundings;
    const head = await store.getExecution(executionId);
    if (head === undefined || (userId !== undefined && head.userId !== userId)) return { state: "done" };
    const againInMs = wantsToRunInMs(head);
    if (againInMs === undefined) return { state: "done" };
    if (againInMs > 0) return { state: "later", againInMs };
    const done = await this.#recover(head, limits, true);
    if (done.what === "left") {
      const pauseMs = this.#pause(executionId, LEFT_PAUSE_MS);
      return { state: "left", code: done.code, againInMs: pauseMs };
    }
    this.#left.delete(executionId);
    if (done.what === "resumed" && done.status !== "lost" && isEnded(done.status)) return { state: "done" };
    const now = await store.getExecution(executionId);
    const nextMs = now === undefined ? undefined : wantsToRunInMs(now);
    return nextMs === undefined ? { state: "done" } : { state: "later", againInMs: Math.max(0, nextMs) };
  }

  /** Recovers until it is stopped. Takes options that were checked. */
  start(options: StartRecoveryOptions): StartedRecovery {
    const {
      intervalMs = DEFAULT_INTERVAL_MS,
      concurrency = DEFAULT_CONCURRENCY,
      dispatch = false,
      ...filter
    } = options;
    const { surroundings, runs, hint } = this.#parts;
    const { clock } = surroundings;
    const queue = dispatch && hint !== undefined ? new HandOver({ hint, clock, graceMs: intervalMs }) : undefined;
    const isOwn = (head: ExecutionRecord) =>
      !this.#isPaused(head.id) && (queue === undefined || (!runs.isHeld(head.id) && queue.isLost(head)));
    const loop = new RecoveryLoop({
      clock,
      intervalMs,
      concurrency,
      candidates: () => this.#candidates(filter, { isOwn, isShuffled: true }),
      isHeld: (id) => runs.isHeld(id),
      recover: async (head, signal) => {
        if (await queue?.give(head)) return;
        const done = await this.#recover(head, { signal });
        if (done.what === "left") this.#pause(head.id, intervalMs);
        else this.#left.delete(head.id);
      },
      onError: (error) => {
        const type = isWorkflowError(error, "STORE_CLOSED") ? "recovery.ended" : "recovery.failed";
        this.#emit({ type, message: messageOf(error) });
      },
    });
    if (!this.#parts.runs.isDraining) {
      this.#loops.add(loop);
      loop.begin();
    }
    return {
      stop: async () => {
        this.#loops.delete(loop);
        await loop.stop();
      },
    };
  }

  /** Looks at once: this engine has made an execution due. */
  wake(): void {
    for (const loop of this.#loops) loop.wake();
  }

  /** Stops all that was started; resolves once their runs have ended. */
  async stopAll(): Promise<void> {
    const loops = [...this.#loops];
    this.#loops.clear();
    await Promise.all(loops.map((loop) => loop.stop()));
  }

  async #recover(
    head: ExecutionRecord,
    limits: Pick<RunOptions, "budgetMs" | "signal">,
    isFresh = false,
  ): Promise<Recovered> {
    try {
      const { status, left } = await this.#parts.recover(head, limits, isFresh);
      return left === undefined ? { what: "resumed", status } : this.#leave(head, left.error, { isDueAgain: true });
    } catch (error) {
      // The caller's limits ended a lookup: that says nothing about the execution.
      if (limits.signal?.aborted === true || isWorkflowError(error, "EXECUTION_TIMEOUT")) return { what: "taken" };
      const meaning = isWorkflowError(error) ? meaningOf(error.code) : "left";
      if (meaning === "store") throw error;
      return meaning === "left" ? this.#leave(head, error, { isDueAgain: false }) : { what: "taken" };
    }
  }

  #leave({ id, workflowId }: ExecutionRecord, error: unknown, { isDueAgain }: { isDueAgain: boolean }): Recovered {
    // Only the application's own functions throw anything else.
    const code: ErrorCode = isWorkflowError(error) ? error.code : "LOOKUP_FAILED";
    const { message } = safeError(error);
    if (!this.#left.has(id)) {
      this.#emit({ type: "recovery.left", executionId: id, workflowId, code, message });
      this.#remember(id, { tries: 0, againMs: 0 });
    }
    return { what: "left", code, isDueAgain };
  }

  /** Returns the milliseconds until it is tried again. */
  #pause(id: string, intervalMs: number): number {
    const tries = (this.#left.get(id)?.tries ?? 0) + 1;
    const pauseMs = recoveryPauseMs(tries, intervalMs);
    this.#remember(id, { tries, againMs: this.#parts.surroundings.clock.elapsed() + pauseMs });
    return pauseMs;
  }

  #remember(id: string, known: { tries: number; againMs: number }): void {
    this.#left.delete(id);
    this.#left.set(id, known);
    const [oldest] = this.#left.keys();
    if (this.#left.size > MAX_KNOWN && oldest !== undefined) this.#left.delete(oldest);
  }

  #isPaused(id: string): boolean {
    const { againMs = 0 } = this.#left.get(id) ?? {};
    return againMs > this.#parts.surroundings.clock.elapsed();
  }

  /** Yields the executions that want to run and have no owner, the longest waiting first. Reads pages as needed. */
  async *#candidates(
    filter: Pick<ListExecutionsOptions, "workflowId" | "userId">,
    {
      isOwn = () => true,
      isShuffled = false,
    }: { isOwn?: (head: ExecutionRecord) => boolean; isShuffled?: boolean } = {},
  ): AsyncGenerator<ExecutionRecord, undefined> {
    const { store } = this.#parts.surroundings;
    const pagesOf = async function* (query: ListExecutionsOptions): AsyncGenerator<ExecutionRecord, undefined> {
      for (let cursor: string | undefined; ; ) {
        const page = await store.listExecutions(cursor === undefined ? query : { ...query, cursor });
        const own = page.items.filter((head) => head.unreadable === undefined && isOwn(head));
        yield* isShuffled && page.nextCursor !== undefined ? shuffled(own) : own;
        cursor = page.nextCursor;
        if (cursor === undefined) return undefined;
      }
    };
    const due = pagesOf({ ...filter, due: true, limit: PAGE_SIZE });
    const lapsed = pagesOf({ ...filter, leaseExpired: true, limit: PAGE_SIZE });
    let [nextDue, nextLapsed] = [await due.next(), await lapsed.next()];
    for (;;) {
      if (nextDue.done === true && nextLapsed.done === true) return undefined;
      const isDueFirst =
        nextLapsed.done === true ||
        (nextDue.done !== true && (nextDue.value.wakeAt ?? 0) <= (nextLapsed.value.leaseUntil ?? 0));
      if (isDueFirst) {
        yield nextDue.value as ExecutionRecord;
        nextDue = await due.next();
      } else {
        yield nextLapsed.value as ExecutionRecord;
        nextLapsed = await lapsed.next();
      }
    }
  }
}

/** Rotates a page by a random number of places, so that processes that read the same page begin at different ones. */
function shuffled<T>(items: readonly T[]): T[] {
  const from = Math.floor(Math.random() * items.length);
  return [...items.slice(from), ...items.slice(0, from)];
}
