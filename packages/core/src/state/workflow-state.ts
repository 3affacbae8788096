import { WorkflowError } from "../errors.ts";
import type { CheckpointStore, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { Codec } from "./codec.ts";
import { type ContextMode, ContextValues } from "./context-values.ts";
import { type ExecutionOutput, toExecutionOutput } from "./execution-output.ts";
import { describeFailure } from "./failure.ts";
import type { Checkpoint, History, ResumePoint } from "./history.ts";
import type { ImportedExecution } from "./import-execution.ts";
import { isIncompleteImport, shownStatus } from "./incomplete-import.ts";
import type { Journal } from "./journal.ts";
import type { HeadChange } from "./journal-entries.ts";
import type { OpenedExecution, ReadQuery } from "./open-execution.ts";
import { checkContext, checkNode, checkStatus, checkUser } from "./state-arguments.ts";
import { checkWorkflowStateOptions } from "./state-options.ts";
import { canResume } from "./status-policy.ts";
import { surroundingsOf } from "./surroundings.ts";
import { type WaitingFor, waitsOf } from "./waiting.ts";
import type { ResumeStateOptions, WorkflowStateOptions } from "./workflow-state-options.ts";

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

/** A {@link WorkflowState} class bound to a store. */
export interface WorkflowStateClass<Context extends object = Record<string, unknown>> {
  /**
   * Creates an execution and holds its lease; its status is `running`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   */
  create(
    workflowId: string,
    userId: string,
    initialData?: Partial<Context>,
    totalSteps?: number,
  ): Promise<WorkflowState<Context>>;
  /**
   * Claims an execution, as `resumeWorkflow` does, and runs nothing.
   *
   * - With a `userId`, an execution of another user is reported as one that does not exist.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD,
   *   STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE
   */
  resume(executionId: string, options?: ResumeStateOptions): Promise<WorkflowState<Context>>;
  /**
   * Takes in a row of an old `Execution` table: its checkpoints become a new execution's.
   *
   * - Runs nothing, and nothing else runs it: what was not finished arrives as failed, with the code IMPORTED, to be
   *   resumed by hand.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, PAYLOAD_TOO_LARGE, STATE_TYPE_UNKNOWN,
   *   STORE_UNAVAILABLE
   */
  importExecutionOutput(row: ImportedExecution): Promise<ReadonlyWorkflowState<Context>>;
  /** The same class, bound to another store. */
  withStore(store: CheckpointStore): WorkflowStateClass<Context>;
}

/** Makes a state; only the class itself can. */
let wrap: <Context extends object>(opened: OpenedExecution, codec: Codec, mode: ContextMode) => WorkflowState<Context>;

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
    this.#history = opened.history as History<Context>;
    this.#values = new ContextValues(codec);
    this.#mode = mode;
    this.#status = shownStatus(opened.record);
    opened.journal.watchRecords((record) => this.#history.append(record));
  }

  /** The class bound to a store, without an engine. */
  static withStore<Context extends object = Record<string, unknown>>(
    store: CheckpointStore,
    options: Omit<WorkflowStateOptions, "store"> = {},
  ): WorkflowStateClass<Context> {
    return bindWorkflowState<Context>(checkWorkflowStateOptions({ ...options, store }));
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
   * The checkpoints that the state was opened with: all, the last one, or a page. Oldest first.
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
   * - The execution goes on running; call {@link markFailed} to end it.
   *
   * @throws {WorkflowError} STATE_READ_ONLY, PAYLOAD_TOO_LARGE, LEASE_LOST, INVALID_STATUS, STORE_UNAVAILABLE
   */
  async createErrorCheckpoint(nodeId: string, nodeName: string | undefined, error: unknown): Promise<void> {
    this.#writable();
    checkNode(nodeId, nodeName);
    const name = nodeName ?? "default";
    const attempt = this.#journal.nextAttempt(nodeId);
    const failure = describeFailure(error, { nodeId, nodeName: name, attempts: attempt });
    await this.#journal.commitError(
      { nodeId, nodeName: name, visit: 1, attempt, durationMs: 0, error: failure },
      this.#heldStatus(),
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
      "This state was opened for reading. Use WorkflowState.resume or resumeWorkflow to go on with the execution.",
      { executionId: this.getExecutionId() },
    );
  }
}

/**
 * Binds the class to all that an engine knows.
 *
 * - With a `userId`, it creates, imports and resumes executions of that user only.
 */
export function bindWorkflowState<Context extends object>(
  options: WorkflowStateOptions,
  boundUserId?: string,
): WorkflowStateClass<Context> {
  const { contextMode = "frozen" } = options;
  const surroundings = surroundingsOf(options);
  const wrapped = (opened: OpenedExecution) => wrap<Context>(opened, surroundings.codec, contextMode);
  return {
    create: async (workflowId, userId, initialData = {}, totalSteps = 0) => {
      checkUser("create", userId, boundUserId);
      const { createExecution } = await opening();
      return wrapped(await createExecution(surroundings, { workflowId, userId, initialData, totalSteps }));
    },
    resume: async (executionId, given = {}) => {
      const { checkResumeStateOptions } = await import("./resume-state-options.ts");
      const { userId = boundUserId } = checkResumeStateOptions(given);
      checkUser("resume", userId, boundUserId);
      const { claimExecution, readHead } = await opening();
      const head = await readHead(surroundings, executionId, userId);
      return wrapped(await claimExecution(surroundings, head, { history: true }));
    },
    importExecutionOutput: async (row) => {
      const copy = { ...row };
      checkUser("importExecutionOutput", copy.userId, boundUserId);
      const { importExecution } = await import("./import-execution.ts");
      return readWorkflowState<Context>(options, await importExecution(surroundings, copy));
    },
    withStore: (other) => {
      const { store } = checkWorkflowStateOptions({ store: other });
      return bindWorkflowState<Context>({ ...options, store }, boundUserId);
    },
  };
}

/** Opens an execution for reading. */
export async function readWorkflowState<Context extends object>(
  options: WorkflowStateOptions,
  executionId: string,
  query: ReadQuery = {},
): Promise<ReadonlyWorkflowState<Context>> {
  const surroundings = surroundingsOf(options);
  const { readExecution } = await opening();
  const opened = await readExecution(surroundings, executionId, query);
  return wrap<Context>(opened, surroundings.codec, options.contextMode ?? "frozen");
}

/** Loaded by the first call that opens an execution: importing the package costs less without it. */
function opening(): Promise<typeof import("./open-execution.ts")> {
  return import("./open-execution.ts");
}
