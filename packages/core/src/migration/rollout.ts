import { randomUUID } from "../crypto.ts";
import { BoundedCache } from "../engine/bounded-cache.ts";
import { legacyResult } from "../engine/legacy-result.ts";
import { isStoreAway, isWorkflowError, readProperty, WorkflowError } from "../errors.ts";
import { nameOf } from "../given.ts";
import { tell } from "../tell.ts";
import { callOfV2, isAborted } from "./call-fields.ts";
import { type Choice, chooseExecutor } from "./choose-executor.ts";
import { fenceOff } from "./fence.ts";
import { idText } from "./id-text.ts";
import { failureOf, failureOfV1, isCallersOwn } from "./outcome-failure.ts";
import type { ExecutorName, RolloutOutcome, RunOutcome, StopReason } from "./outcomes.ts";
import type { Recording } from "./recording.ts";
import { type CheckedRollout, checkRolloutOptions, type RolloutOptions } from "./rollout-options.ts";
import type { RecordedRun } from "./run-recording.ts";
import { RunWatch, savedBy, type UncalledRun, type WatchedRun } from "./run-watch.ts";
import { createShadowQueue, type ShadowQueue } from "./shadow-queue.ts";
import { StopSwitch } from "./stop-switch.ts";
import { StoreLookup } from "./store-lookup.ts";
import { TurnsOfIds } from "./turns-of-ids.ts";
import { servedBy, type V1Call, type V1Result } from "./v1-shape.ts";

/** The ids of calls that V1 has served, and that are remembered. */
const MAX_SERVED = 10_000;

/** The result of a call: that of the old executor, and who served it. */
export type RolloutResult<Context = Record<string, unknown>> = V1Result<Context> & {
  executor: ExecutorName;
  /** The execution of V2. If V1 has served the call, whatever V1 has returned under this name. */
  executionId?: string;
};

/** A rollout: see {@link createRollout}. */
export interface Rollout<Call extends V1Call = V1Call, Context = Record<string, unknown>> {
  /**
   * Runs a workflow with V1 or V2.
   *
   * @throws what V1 throws; {WorkflowError} as `executeWorkflowSync` of the engine, if V2 may have run something;
   *   {WorkflowError} INVALID_ARGUMENT if the call is no object
   */
  executeWorkflow(call: Call): Promise<RolloutResult<Context>>;
  /** The limit of `stopIf` that was reached. While it is set, V1 serves the calls of this process. */
  readonly stopped: StopReason | undefined;
  /** Resolves once all outcomes of calls that have ended were passed on, those of comparisons included. */
  settled(): Promise<void>;
}

/**
 * Creates a rollout: an `executeWorkflow` that sends each call to V1 or to V2, by percentage.
 *
 * - The calls of one key always go the same way, in every process, and a higher percentage only adds keys. A key's place
 *   among 100 percent is the first 52 bits of its SHA-256 (FIPS 180-4).
 * - V1 runs instead of V2 only if V2 failed before any node ran, and nothing can run later: a workflow that the engine
 *   refuses, or a store that cannot be reached. If a creation may have taken effect, its execution is cancelled first; if
 *   that cannot be done, the call throws. So no call is ever run by both. Calls with one id that come to a process at the
 *   same time are decided one after the other: the second waits until V1 serves the first, or V2 has ended it.
 * - With `executionId`, a retry of a call continues its execution. Then a call that goes to V2 throws STORE_UNAVAILABLE
 *   while the store cannot be reached: an earlier try may have begun in V2. A call that goes to V1 runs in V1. So do not
 *   lower the percentage while the store is away. A retry of a call that V1 has served stays with V1: see `servedByV1`.
 * - A store that has not answered within 2 seconds counts as away for 10 seconds, and then until one call has an answer.
 * - V2 runs with `contextMode: "copy"`, as `executeWorkflowSync` does, so nodes that change their context work.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const { executeWorkflow } = createRollout({ v1: executeWorkflowSync, v2: engine, percent: 10 });
 * const { success, executor } = await executeWorkflow({ workflowId: "orders", userId: "u1" });
 * ```
 */
export function createRollout<Call extends V1Call = V1Call, Context = Record<string, unknown>>(
  options: RolloutOptions<Call, Context>,
): Rollout<Call, Context> {
  const rollout = new RolloutCalls<Call>(checkRolloutOptions<Call>(options));
  return {
    executeWorkflow: (call) => rollout.execute(call) as Promise<RolloutResult<Context>>,
    get stopped() {
      return rollout.stopped;
    },
    settled: () => rollout.settled(),
  };
}

/** The fields of a run's outcome that are known from the start. */
type OutcomeBase = Pick<RunOutcome, "executor" | "reason" | "workflowId" | "userId" | "key" | "because">;

class RolloutCalls<Call extends V1Call> {
  readonly #options: CheckedRollout<Call>;
  readonly #watch: RunWatch;
  readonly #stop: StopSwitch;
  readonly #shadows: ShadowQueue | undefined;
  readonly #pending = new Set<Promise<void>>();
  readonly #lookup: StoreLookup;
  readonly #served = new BoundedCache<true>(MAX_SERVED);
  readonly #turns = new TurnsOfIds();

  constructor(options: CheckedRollout<Call>) {
    this.#options = options;
    this.#watch = new RunWatch(options.v2, (ended) => this.#noteUncalled(ended));
    this.#stop = new StopSwitch(options, (reason) => this.#emit({ kind: "stop", at: this.#now(), ...reason }));
    this.#lookup = new StoreLookup(options.v2);
    const { shadow } = options;
    if (shadow === undefined) return;
    // Executors of V2 may call those of V1's registry, also in a recovery. Nothing runs between this event and the node.
    options.v2.listen(({ type }) => {
      if (type === "node.started") shadow.enterV2();
    });
    shadow.listenToDirectCalls((outcome) => this.#emit(outcome));
    this.#shadows = createShadowQueue(options.v2, options.compare ?? {}, (outcome) => {
      this.#emit(outcome);
      if (outcome.result === "different") this.#stop.noteMismatch();
    });
  }

  get stopped(): StopReason | undefined {
    return this.#stop.reason;
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async execute(call: Call): Promise<RolloutResult> {
    if (typeof call !== "object" || call === null) {
      throw new WorkflowError("INVALID_ARGUMENT", `executeWorkflow: takes one object, not ${nameOf(call)}.`);
    }
    const options = this.#options;
    const choice = await chooseExecutor(
      {
        ...{ options, lookup: this.#lookup },
        isStopped: () => this.#stop.reason !== undefined,
        isServed: (executionId) => this.#served.get(executionId) === true,
        takeTurn: (executionId) => this.#turns.take(executionId),
      },
      call,
    );
    try {
      return await (choice.executor === "v1" ? this.#runV1(call, choice) : this.#runV2(call, choice));
    } finally {
      choice.endTurn?.();
    }
  }

  async #runV1(call: Call, choice: Choice): Promise<RolloutResult> {
    const { v1, v2, shadow } = this.#options;
    const { clock } = v2.surroundings;
    const base = baseOf(call, { ...choice, executor: "v1" });
    const startedMs = clock.elapsed();
    if (choice.executionId !== undefined) this.#served.set(choice.executionId, true);
    choice.endTurn?.();
    let recorded: RecordedRun | undefined;
    const note = (facts: Pick<RunOutcome, "success" | "failure">) => {
      const durationMs = clock.elapsed() - startedMs;
      const nodes = recorded === undefined || recorded.nodes.length === 0 ? {} : { nodes: recorded.nodes };
      this.#emit({ kind: "run", at: this.#now(), ...base, ...facts, durationMs, ...nodes });
    };
    try {
      const run = () => v1(call);
      const result = await (shadow === undefined
        ? run()
        : shadow.runRecorded(
            call,
            run,
            (ended) => {
              recorded = ended;
              if (ended.recording !== undefined) this.#compare(ended.recording);
            },
            { codec: v2.surroundings.codec },
          ));
      const success = readProperty(result, "success") === true;
      note(success ? { success } : { success, failure: failureOfV1(result) });
      return servedBy("v1", result);
    } catch (error) {
      note({ success: false, failure: failureOf(error) });
      throw error;
    }
  }

  async #runV2(call: Call, choice: Choice): Promise<RolloutResult> {
    const { v2 } = this.#options;
    const executionId = choice.executionId ?? randomUUID();
    if (choice.executionId === undefined) {
      try {
        // Before anything is written: if the store cannot be reached now, V1 can run without further ado.
        await this.#lookup.head(executionId);
      } catch (error) {
        return this.#fallBack(call, choice, error);
      }
    }
    const { clock } = v2.surroundings;
    const startedMs = clock.elapsed();
    const base = { ...baseOf(call, choice), executionId };
    const { run, end } = this.#watch.begin(executionId);
    const creation = randomUUID();
    try {
      if (choice.lookupError !== undefined) throw choice.lookupError;
      const result = await this.#asV2(() => v2.executeCopied(callOfV2(call, choice, { executionId, creation })));
      const { success, status } = result;
      const failure = result.failure === undefined ? {} : { failure: failureOf(result.failure) };
      this.#noteV2({ ...base, success, status, ...failure, durationMs: clock.elapsed() - startedMs }, run);
      return { ...legacyResult(result), executor: "v2" };
    } catch (error) {
      if (choice.reason !== "continued" && choice.lookupError === undefined && !run.hasBegun && !isAborted(call)) {
        const { workflowId, userId } = call;
        if (await this.#nothingRuns(error, { workflowId, userId, executionId, creation })) {
          return this.#fallBack(call, choice, error);
        }
      }
      const isOwn = isCallersOwn(error) || isAborted(call);
      const outcome = { ...base, success: false, failure: failureOf(error), durationMs: clock.elapsed() - startedMs };
      this.#noteV2(outcome, run, { isCounted: !isOwn });
      throw error;
    } finally {
      end();
    }
  }

  #fallBack(call: Call, choice: Choice, error: unknown): Promise<RolloutResult> {
    if (!isCallersOwn(error)) this.#stop.noteRun({ executionId: choice.executionId, hasFailed: true });
    return this.#runV1(call, { ...choice, executor: "v1", reason: "fallback", because: failureOf(error) });
  }

  /** Makes sure, after an error of V2 before the execution has begun, that V2 has run nothing and never will. */
  async #nothingRuns(
    error: unknown,
    execution: { workflowId: string; userId: string; executionId: string; creation: string },
  ): Promise<boolean> {
    // Another workflow or user has this id: a wrong call, which V1 would hide.
    if (isWorkflowError(error, "EXECUTION_ALREADY_EXISTS")) return false;
    if (isStoreAway(error)) return fenceOff(this.#options.v2, execution);
    // Any other error is an answer. But the call may only have waited for the run of another one with the same id.
    try {
      return (await this.#lookup.head(execution.executionId)) === undefined;
    } catch {
      return false;
    }
  }

  #noteV2(
    outcome: Omit<RunOutcome, "kind" | "at" | "nodes" | "checkpoints" | "saved">,
    run: WatchedRun,
    { isCounted = true } = {},
  ): void {
    const { durationMs: workMs, runs } = run.work;
    // A run that waited for another one's end, or for a retry, has no overhead that could be told.
    const overheadMs = runs === 0 || run.hasWaited ? undefined : Math.max(0, outcome.durationMs - workMs) / runs;
    const hasFailed = outcome.status === undefined || outcome.status === "failed" || outcome.status === "lost";
    const { executionId = "" } = outcome;
    if (isCounted) this.#stop.noteRun({ executionId, hasFailed, overheadMs });
    const at = this.#now();
    const emit = async () => {
      const saved = await savedBy(this.#options.v2, executionId, run.savedNodes);
      this.#emit({ kind: "run", at, ...outcome, ...run.facts, ...saved });
    };
    if (run.savedNodes === 0) this.#emit({ kind: "run", at, ...outcome, ...run.facts });
    else this.#inBackground(emit());
  }

  #noteUncalled({ run, end, durationMs }: UncalledRun): void {
    const { executionId, workflowId, userId, type } = end;
    const status = STATUS_OF[type as keyof typeof STATUS_OF];
    const failure = "failure" in end && end.failure !== undefined ? { failure: failureOf(end.failure) } : {};
    const success = status === "completed";
    const base = { executor: "v2", reason: "recovery", workflowId, userId, executionId } as const;
    this.#noteV2({ ...base, success, status, ...failure, durationMs }, run);
  }

  #compare(recording: Recording): void {
    const shadows = this.#shadows;
    if (shadows !== undefined) this.#inBackground(this.#asV2(() => shadows.add(recording)));
  }

  #asV2<Result>(work: () => Result): Result {
    const { shadow } = this.#options;
    return shadow === undefined ? work() : shadow.asV2(work);
  }

  #inBackground(work: Promise<void>): void {
    const ended = work.catch(() => undefined).finally(() => this.#pending.delete(ended));
    this.#pending.add(ended);
  }

  #now(): string {
    return new Date(this.#options.v2.surroundings.clock.now()).toISOString();
  }

  #emit(outcome: RolloutOutcome): void {
    const { onOutcome } = this.#options;
    if (onOutcome !== undefined) tell(onOutcome, outcome);
  }
}

const STATUS_OF = {
  "execution.completed": "completed",
  "execution.failed": "failed",
  "execution.stopped": "pending",
  "execution.suspended": "suspended",
  "execution.cancelled": "cancelled",
  "execution.lost": "lost",
} as const;

function baseOf({ workflowId, userId }: V1Call, { executor, reason, key, because }: Choice): OutcomeBase {
  return {
    ...{ executor, reason, workflowId: idText(workflowId), userId: idText(userId) },
    ...(key === undefined ? {} : { key }),
    ...(because === undefined ? {} : { because }),
  };
}
