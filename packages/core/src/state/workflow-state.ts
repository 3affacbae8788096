import { WorkflowError } from "../errors.ts";
import type { FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { Codec } from "./codec.ts";
import { commitError } from "./commit-error.ts";
import { type ContextMode, ContextValues } from "./context-values.ts";
import type { OpenedExecution } from "./create-execution.ts";
import { type ExecutionOutput, toExecutionOutput } from "./execution-output.ts";
import { describeFailure } from "./failure.ts";
import { type Checkpoint, History, type ResumePoint } from "./history.ts";
import { isIncompleteImport, shownStatus } from "./incomplete-import.ts";
import type { Journal } from "./journal.ts";
import type { HeadChange } from "./journal-entries.ts";
import { checkContext, checkNode, checkStatus } from "./state-arguments.ts";
import { canResume } from "./status-policy.ts";
import { type WaitingFor, waitsOf } from "./waiting.ts";

/** The members that change a state or write it. */
type Mutators =
  | "updateContext"
  | "setContext"
  | "incrementStep"
  | "setStatus"
  | "createCheckpoint"
  | "createErrorCheckpoint"
  | "saveCheckpoint"
  | "markCompleted"
  | "markFailed";

/** A state that was opened for reading. Its mutators are absent from the type, and throw STATE_READ_ONLY. */
export type ReadonlyWorkflowState<Context extends object = Record<string, unknown>> = Omit<
  WorkflowState<Context>,
  Mutators
>;

let wrap: <Context extends object>(opened: OpenedExecution, codec: Codec, mode: ContextMode) => WorkflowState<Context>;

/** Makes a state of an execution that was opened. */
export function stateOf<Context extends object>(
  opened: OpenedExecution,
  codec: Codec,
  mode: ContextMode,
): WorkflowState<Context> {
  return wrap<Context>(opened, codec, mode);
}

/**
 * The explicit state of one execution: its context, step, status and checkpoints.
 *
 * - The engine keeps one for every run; use it on your own to add checkpoints to a loop you already have.
 * - Changes are held until a checkpoint or a save writes them. One writer at a time: a second one gets LEASE_LOST.
 *
 * @example
 * ```ts
 * const state = await WorkflowState.withStore(store).create("orders", "u1", { total: 0 }, 2);
 * state.updateContext({ total: 42 });
 * state.incrementStep();
 * await state.createCheckpoint("price", "Price the order");
 * await state.markCompleted();
 * ```
 */
export class WorkflowState<Context extends object = Record<string, unknown>> {
  readonly #opened: OpenedExecution;
  readonly #codec: Codec;
  readonly #journal: Journal;
  readonly #history: History<Context>;
  readonly #values: ContextValues;
  readonly #mode: ContextMode;
  #status: WorkflowStatus;
  #statusUnsaved = false;

  static {
    wrap = (opened, codec, mode) => new WorkflowState(opened, codec, mode);
  }

  private constructor(opened: OpenedExecution, codec: Codec, mode: ContextMode) {
    this.#opened = opened;
    this.#codec = codec;
    this.#journal = opened.journal;
    this.#history = new History<Context>(codec, opened.records);
    this.#values = new ContextValues(codec);
    this.#mode = mode;
    this.#status = shownStatus(opened.record);
    opened.journal.watchRecords((record) => this.#history.append(record));
  }

  getExecutionId(): string {
    return this.#journal.executionId;
  }

  getWorkflowId(): string {
    return this.#journal.record.workflowId;
  }

  /** The user that the execution was created for. */
  getUserId(): string {
    return this.#journal.record.userId;
  }

  /** The texts that the execution was created with. Empty if there are none. */
  getMetadata(): Readonly<Record<string, string>> {
    return { ...this.#opened.record.metadata };
  }

  /** The nodes that waited for an answer when the state was opened: the first 100, each with its `waitToken`. */
  getWaiting(): WaitingFor[] {
    return waitsOf(this.#opened.record.waiting ?? [], this.#journal.progress.waiting);
  }

  /** The context: frozen, and nothing in it is shared with the state. */
  getContext(): Context {
    return this.#values.handOut(this.#journal.context, this.#mode, this.#journal.holdsInstances) as Context;
  }

  getCurrentStep(): number {
    return this.#journal.currentStep;
  }

  getTotalSteps(): number {
    return this.#journal.totalSteps;
  }

  getStatus(): WorkflowStatus {
    return this.#status;
  }

  /**
   * The checkpoints that the state was opened with: all that are kept, the last one, or a page. Oldest first.
   *
   * - Their contexts are computed when they are read, in linear time for a whole history in either order.
   */
  getCheckpoints(): Checkpoint<Context>[] {
    const { page, lastOnly } = this.#opened;
    return page === undefined ? this.#history.checkpoints(lastOnly) : ([...page.checkpoints] as Checkpoint<Context>[]);
  }

  /** The cursor of the next page of checkpoints, for `getExecutionState`. `undefined` on the last page, and without pages. */
  getNextCursor(): string | undefined {
    return this.#opened.page?.nextCursor;
  }

  getLastCheckpoint(): Checkpoint<Context> | undefined {
    return this.#history.checkpoints(true)[0];
  }

  /** The reason why the execution failed or was cancelled. */
  getFailure(): FailureRecord | undefined {
    return this.#journal.failure;
  }

  /**
   * Sets top-level keys; the others stay. Held until the next checkpoint or save.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, STATE_READ_ONLY
   */
  updateContext(partial: Partial<Context>): void {
    this.#writable();
    checkContext(partial, "updateContext");
    this.#journal.patchContext(partial as Record<string, unknown>);
  }

  /**
   * Replaces the context. Held until the next checkpoint or save.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, STATE_READ_ONLY
   */
  setContext(context: Context): void {
    this.#writable();
    checkContext(context, "setContext");
    this.#journal.replaceContext(context as Record<string, unknown>);
  }

  /** Counts one step as done. Held until the next checkpoint or save. @throws {WorkflowError} STATE_READ_ONLY */
  incrementStep(): void {
    this.#writable();
    this.#journal.setStep(this.#journal.currentStep + 1);
  }

  /** Sets the status. Held until the next checkpoint or save. @throws {WorkflowError} INVALID_ARGUMENT, STATE_READ_ONLY */
  setStatus(status: WorkflowStatus): void {
    this.#writable();
    checkStatus(status, "setStatus");
    this.#status = status;
    this.#statusUnsaved = true;
  }

  /**
   * Writes the checkpoint of a node that has completed, with everything held until now.
   *
   * - Resolves once it is as durable as the store makes it.
   *
   * @throws {WorkflowError} STATE_READ_ONLY, PAYLOAD_TOO_LARGE, LEASE_LOST, INVALID_STATUS, STORE_UNAVAILABLE
   */
  async createCheckpoint(nodeId: string, nodeName?: string): Promise<void> {
    this.#writable();
    checkNode(nodeId, nodeName);
    const attempt = this.#journal.nextAttempt(nodeId);
    const entry = { nodeId, nodeName: nodeName ?? "default", visit: 1, attempt, durationMs: 0 };
    await this.#journal.commitNode(entry, this.#heldStatus());
    this.#statusUnsaved = false;
  }

  /**
   * Writes the error checkpoint of a node that has failed: its error, and the context before it.
   *
   * - The execution is still running; call {@link markFailed} to end it.
   *
   * @throws {WorkflowError} STATE_READ_ONLY, PAYLOAD_TOO_LARGE, LEASE_LOST, INVALID_STATUS, STORE_UNAVAILABLE
   */
  async createErrorCheckpoint(nodeId: string, nodeName: string | undefined, error: unknown): Promise<void> {
    this.#writable();
    checkNode(nodeId, nodeName);
    const name = nodeName ?? "default";
    const attempt = this.#journal.nextAttempt(nodeId);
    const failure = describeFailure(error, { nodeId, nodeName: name, attempts: attempt });
    await commitError(
      this.#journal,
      { nodeId, nodeName: name, visit: 1, attempt, durationMs: 0, error: failure },
      { head: this.#heldStatus() },
    );
    this.#statusUnsaved = false;
  }

  /**
   * Writes context, step and status without a listed checkpoint.
   *
   * @throws {WorkflowError} STATE_READ_ONLY, PAYLOAD_TOO_LARGE, LEASE_LOST, INVALID_STATUS, STORE_UNAVAILABLE
   */
  async saveCheckpoint(): Promise<void> {
    this.#writable();
    await this.#journal.save(this.#heldStatus());
    this.#statusUnsaved = false;
  }

  /** Ends the execution as `completed`, with everything held until now. @throws as {@link saveCheckpoint} */
  async markCompleted(): Promise<void> {
    await this.#end({ status: "completed", failure: null });
  }

  /** Ends the execution as `failed`, resumable, with everything held until now. @throws as {@link saveCheckpoint} */
  async markFailed(error: unknown): Promise<void> {
    await this.#end({ status: "failed", failure: describeFailure(error) });
  }

  /**
   * Returns true if a resume without an answer would run something: pending, failed, or running with a lapsed lease.
   *
   * - False for a suspended execution: it waits for `resumeWorkflow({ executionId, data })`.
   * - False for one whose import was cut off.
   */
  canResume(): boolean {
    if (isIncompleteImport(this.#opened.record)) return false;
    return canResume(this.#status, this.#opened.leaseExpired);
  }

  /** The newest checkpoint without an error; `null` before the first. In a fork, before that, the node it was forked after. */
  getResumePoint(): ResumePoint | null {
    return this.#history.resumePoint(this.#journal.progress.ran.last?.nodeId);
  }

  /**
   * The JSON that the old `Execution.output` column held.
   *
   * - Values that JSON does not have stand there in a plain form; `waymarkTypes` tells which they are.
   */
  toExecutionOutput(): ExecutionOutput {
    return toExecutionOutput(this.#codec, {
      checkpoints: this.getCheckpoints(),
      context: this.#journal.context,
      currentStep: this.getCurrentStep(),
      totalSteps: this.getTotalSteps(),
      failure: this.#journal.failure,
    });
  }

  async #end(ended: Required<Pick<HeadChange, "status" | "failure">>): Promise<void> {
    this.#writable();
    await this.#journal.save(ended);
    this.#status = ended.status;
    this.#statusUnsaved = false;
  }

  #heldStatus(): { status?: WorkflowStatus } {
    return this.#statusUnsaved ? { status: this.#status } : {};
  }

  #writable(): void {
    if (!this.#opened.readOnly) return;
    throw new WorkflowError(
      "STATE_READ_ONLY",
      "This state was opened for reading. Use WorkflowState.resume or resumeWorkflow to continue the execution.",
      { executionId: this.getExecutionId() },
    );
  }
}
