import { isStoreAway, isWorkflowError, messageOf, WorkflowError } from "../errors.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { WaitingFor } from "../state/waiting.ts";
import type { ExecutionRecord, FailureRecord } from "../store/checkpoint-store.ts";
import { type Call, withinCall } from "./call.ts";
import { ChangeWaiter } from "./change-waiter.ts";
import { createFor } from "./create-for.ts";
import { dueIfOrphaned } from "./due-if-orphaned.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import type { Interrupts } from "./interrupts.ts";
import { recoveryPauseMs } from "./pauses.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import { isForOthers, isStartForOthers, LEFT_PAUSE_MS } from "./recoverable.ts";
import type { Resumer } from "./resumer.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunStarter } from "./run-starter.ts";

/** The parts of an engine that run children. */
export interface ChildEngine {
  parts: EngineParts;
  starter: RunStarter;
  resumer: Resumer;
}

/** A child of a node run. */
export interface Child {
  id: string;
  workflowId: string;
  run: NodeRun;
  /** Called if the child does not exist. */
  initialData(): object;
  /** It has been started before, as far as is known. */
  mayExist: boolean;
  /** Returns true if the child is resumed should it have failed: the failure was reported before. */
  resumesFailed(head: ExecutionRecord): boolean;
  /** The number of the node's attempt. */
  attempt: number;
  /** Aborts when the parent's node is to end. */
  signal: AbortSignal;
}

/** How a child is once its run is over. */
export type ChildEnd =
  | { status: "completed"; output: object }
  | { status: "failed" | "cancelled"; failure: FailureRecord }
  | { status: "suspended"; waiting: WaitingFor | undefined; wakeAt: number | undefined }
  | { status: "pending"; wakeAt: number | undefined };

/**
 * Starts or resumes a child, and runs it within the limits of its parent's run, until it ends, waits or is stopped.
 *
 * - A child that another process runs is waited for, as long as the parent's run may wait.
 *
 * @throws {WorkflowError} why it cannot be started or resumed
 */
export async function driveChild(engine: ChildEngine, parent: RunParts, child: Child): Promise<ChildEnd> {
  const { budgetMs, interrupts, nodeConcurrency, contextMode } = parent;
  const left = budgetMs === undefined ? {} : { budgetMs: Math.max(0, budgetMs - interrupts.elapsedMs) };
  const options = { ...left, nodeConcurrency };
  // The limit of the parent's run is that of its children's.
  const { timeoutMs: _engines, ...parts } = engine.parts;
  return withinCall(parts, { options, contextMode }, async (call) => {
    const unlink = link(child.signal, interrupts, call.interrupts);
    try {
      return await new ChildDrive({ ...engine, parts }, parent, child, { call, options }).toEnd();
    } catch (error) {
      // It says nothing about the child. If the store stays away, the parent's run says so. The budget ends a lookup, too.
      const isCutOff = call.interrupts.kind !== undefined || isWorkflowError(error, "EXECUTION_TIMEOUT");
      if (isStoreAway(error) || isCutOff) return STOPPED;
      throw error;
    } finally {
      unlink();
    }
  });
}

/** Ends a child's run together with its parent's node: by the same timeout, or as aborted. */
function link(signal: AbortSignal, parent: Interrupts, child: Interrupts): () => void {
  const abort = () => {
    const reason: unknown = signal.reason;
    const isTimeout =
      parent.kind === "timeout" || (parent.kind === undefined && isWorkflowError(reason, "NODE_TIMEOUT"));
    if (!isTimeout) return child.raise("aborted", reason);
    const message = `The run of its parent hit a timeout: ${messageOf(reason)}`;
    child.raise("timeout", new WorkflowError("EXECUTION_TIMEOUT", message));
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}

class ChildDrive {
  readonly #engine: ChildEngine;
  readonly #parent: RunParts;
  readonly #child: Child;
  readonly #call: Call;
  readonly #options: { budgetMs?: number; nodeConcurrency: number };

  constructor(
    engine: ChildEngine,
    parent: RunParts,
    child: Child,
    { call, options }: { call: Call; options: { budgetMs?: number; nodeConcurrency: number } },
  ) {
    this.#engine = engine;
    this.#parent = parent;
    this.#child = child;
    this.#call = call;
    this.#options = options;
  }

  async toEnd(): Promise<ChildEnd> {
    const { id: executionId, mayExist } = this.#child;
    const { changes, runs } = this.#engine.parts;
    const { interrupts, surroundings } = this.#call;
    const waiter = new ChangeWaiter(changes, { executionId, interrupts, budgetMs: this.#options.budgetMs });
    try {
      if (!mayExist) {
        const end = await this.#unlessDeleted(this.#start());
        if (end !== undefined) return end;
      }
      const { holdMs } = this.#parent;
      const startedMs = interrupts.elapsedMs;
      for (;;) {
        if (interrupts.kind !== undefined) return STOPPED;
        const [own] = runs.of(executionId);
        if (own !== undefined) {
          const isOver = own.result.then(always, always);
          if (await Promise.race([isOver, waiter.wait()])) continue;
          return this.#later();
        }
        const head = await surroundings.store.getExecution(executionId);
        const end = await this.#unlessDeleted(head === undefined ? this.#start() : this.#continue(head));
        if (end !== undefined) return end;
        const isRunning = (await surroundings.store.getExecution(executionId))?.status === "running";
        if (!isRunning || runs.of(executionId).length > 0) continue;
        // Another process runs it.
        const mayWait = interrupts.elapsedMs - startedMs < holdMs && (await waiter.wait());
        if (!mayWait) return this.#later();
      }
    } finally {
      waiter.end();
    }
  }

  /** Returns `undefined` if the child was deleted by itself: it is then started anew. */
  async #unlessDeleted(driven: Promise<ChildEnd | undefined>): Promise<ChildEnd | undefined> {
    try {
      return await driven;
    } catch (error) {
      const isDeleted = isWorkflowError(error, "EXECUTION_NOT_FOUND") && error.executionId === this.#child.id;
      // A parent that is deleted goes before its children.
      const { store } = this.#call.surroundings;
      const isAlone = isDeleted && (await store.getExecution(this.#parent.journal.executionId)) !== undefined;
      if (!isAlone) throw error;
      return undefined;
    }
  }

  /** Creates and runs it; returns `undefined` if it exists. */
  async #start(): Promise<ChildEnd | undefined> {
    // No further node starts, and so no child.
    if (this.#call.interrupts.kind !== undefined || this.#call.interrupts.isStopping) return STOPPED;
    if (this.#options.budgetMs === 0) return STOPPED;
    const found = await this.#find();
    if (found === undefined) return STOPPED;
    const { parts, starter } = this.#engine;
    const { journal, deadlineAt, holdMs, onLeft } = this.#parent;
    const { id, workflowId, run, initialData } = this.#child;
    const { userId, metadata } = journal.record;
    const deadlineMs = deadlineAt === undefined ? undefined : Math.max(1, deadlineAt - journal.storeNow());
    const call = { ...this.#call, surroundings: dueIfOrphaned(this.#call.surroundings, journal.executionId) };
    const { workflow, opened } = await createFor(parts, call, {
      workflow: found,
      options: {
        ...{ workflowId, userId, executionId: id, initialData: initialData(), ifExists: "join" },
        ...(metadata === undefined ? {} : { metadata }),
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      },
      parent: { parentId: journal.executionId, parentNodeId: run.nodeId, parentVisit: run.visit },
    });
    if (opened === undefined) return undefined;
    const { journal: own, record } = opened;
    parts.emitter.of(record)({ type: "execution.started", totalSteps: own.totalSteps });
    const begun = { options: this.#options, workflow, journal: own, record, holdMs, onLeft, definitionChanged: false };
    return endOf((await starter.run(call, begun)).result);
  }

  /**
   * Finds its workflow. A recovery for which it cannot be looked up, or that lacks an executor for it, leaves the parent
   * to others, as it leaves any such execution: then `undefined`.
   */
  async #find(): Promise<PreparedWorkflow | undefined> {
    const { catalog } = this.#engine.parts;
    const { onLeft, journal } = this.#parent;
    const { interrupts } = this.#call;
    const { workflowId } = this.#child;
    try {
      const { userId } = journal.record;
      return catalog.atHand(workflowId) ?? (await interrupts.within(catalog.current(workflowId, userId)));
    } catch (error) {
      if (onLeft === undefined || !isStartForOthers(error) || interrupts.kind !== undefined) throw error;
      onLeft(error);
      return undefined;
    }
  }

  /**
   * Resumes it if it can be; returns `undefined` if another owner has it.
   *
   * - One that this engine cannot run is left to those that can. They make the parent due.
   */
  async #continue(head: ExecutionRecord): Promise<ChildEnd | undefined> {
    const { parts, resumer } = this.#engine;
    const { id: executionId, workflowId } = this.#child;
    const resumesFailed = this.#child.resumesFailed(head);
    const { holdMs, onLeft } = this.#parent;
    const { status, userId, failure } = head;
    if (status === "cancelled" || (status === "failed" && !resumesFailed)) {
      return { status, failure: failure ?? { code: "NODE_FAILED", message: `The execution is ${status}.` } };
    }
    try {
      if (status === "completed") return endOf((await resumer.recorded(this.#call, head)).result);
      const settings = { workflowId, holdMs, sparesFailed: !resumesFailed, isDriven: true, onLeft };
      const { result } = await resumer.resume(this.#call, { ...this.#options, executionId, userId }, settings);
      return result.status === "lost" ? undefined : endOf(result);
    } catch (error) {
      if (this.#call.interrupts.kind === undefined && isForOthers(error)) return this.#lookAfterPause();
      if (!isWorkflowError(error, "LEASE_HELD") && !isWorkflowError(error, "INVALID_STATUS")) throw error;
      // A recovery of this engine may have claimed it just now, and then runs it.
      await parts.runs.claimed(executionId);
      return undefined;
    }
  }

  #lookAfterPause(): ChildEnd {
    const pauseMs = recoveryPauseMs(this.#child.attempt, LEFT_PAUSE_MS);
    return { status: "pending", wakeAt: Math.ceil(this.#parent.journal.storeNowAtMost() + pauseMs) };
  }

  /** The parent looks again when the lease of the child's owner ends. */
  async #later(): Promise<ChildEnd> {
    const head = await this.#engine.parts.surroundings.store.getExecution(this.#child.id);
    return head?.status === "running"
      ? { status: "pending", wakeAt: Math.max(head.leaseUntil ?? 0, head.readAt) }
      : STOPPED;
  }
}

const always = () => true;

const STOPPED: ChildEnd = { status: "pending", wakeAt: undefined };

function endOf(result: ExecuteWorkflowResult<object>): ChildEnd | undefined {
  switch (result.status) {
    case "completed":
      return { status: "completed", output: result.output };
    case "failed":
    case "cancelled":
      return { status: result.status, failure: result.failure };
    case "suspended":
      return { status: "suspended", waiting: result.waiting?.[0], wakeAt: msOf(result.wakeAt) };
    case "pending":
      return { status: "pending", wakeAt: msOf(result.wakeAt) };
    case "lost":
      return undefined;
  }
}

function msOf(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}
