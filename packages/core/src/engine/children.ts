import { isStoreAway, isWorkflowError, WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { NodeAnswer } from "../state/progress.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { isOfAnother } from "../state/token-owner.ts";
import type { CommitRequest, ExecutionRecord, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import { isEnded } from "../store/status.ts";
import { quoted } from "../text.ts";
import { ThrownByNode } from "./call-executor.ts";
import { cancellation } from "./cancellation.ts";
import type { ChildCall } from "./child-call.ts";
import { ChildNode } from "./child-node.ts";
import { ChildOutcome, ChildUnfinished } from "./child-outcome.ts";
import type { ChildRuns } from "./child-runs.ts";
import { afterRefusal } from "./decide.ts";
import { cancelChildren, progressOf } from "./descendants.ts";
import type { ChildEngine } from "./drive-child.ts";
import type { EngineParts } from "./engine-parts.ts";
import { handOver, stillWaits, wakeAncestors, wakeParent } from "./family.ts";
import { runMapNode } from "./map-node.ts";
import type { NodeOutcome } from "./node-outcome.ts";
import type { Resumer } from "./resumer.ts";
import { NO_WAITS } from "./run-ends.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import type { RunStarter } from "./run-starter.ts";
import { containsItself, MAX_NESTING } from "./self-containing.ts";
import { runSubNode } from "./sub-node.ts";
import { withCommit } from "./with-commit.ts";

/** Runs the children of executions, and connects them with their parents. */
export class Children implements ChildRuns {
  readonly #engine: ChildEngine;
  /** By the run of a parent: the children whose failures it has reported. */
  readonly #reported = new WeakMap<RunParts, Set<string>>();
  /** By the run of a parent: the executions that it is inside of, the nearest first. */
  readonly #above = new WeakMap<RunParts, Promise<readonly ExecutionRecord[]>>();

  constructor(parts: EngineParts, starter: RunStarter, resumer: Resumer) {
    this.#engine = { parts, starter, resumer };
  }

  async runNode(parent: RunParts, call: ChildCall): Promise<ChildOutcome> {
    try {
      const outcome = await this.#run(parent, call);
      return new ChildOutcome(() => outcome);
    } catch (error) {
      if (error instanceof ThrownByNode) throw error.value;
      const cause = isStoreAway(error) ? new ChildUnfinished(undefined) : error;
      return new ChildOutcome(() => {
        throw cause;
      });
    }
  }

  handOver(answer: NodeAnswer, parentId: string): Promise<void> {
    return handOver(this.#engine.parts, answer, parentId);
  }

  wakeAncestors(child: ExecutionRecord): Promise<void> {
    return wakeAncestors(this.#engine.parts, child);
  }

  announcing(surroundings: Surroundings, child: ExecutionRecord): Surroundings {
    const { bareStore } = surroundings;
    const commit = async (id: string, request: CommitRequest): Promise<void> => {
      const { status } = request.head ?? {};
      const isOver = status === "suspended" || (status !== undefined && isEnded(status));
      if (isOver) await wakeParent(this.#engine.parts, child);
      await bareStore.commit(id, request);
      // The parent may have looked in between, and would look again only once the lease has ended.
      if (isOver) await wakeParent(this.#engine.parts, child).catch(() => undefined);
    };
    return withCommit(surroundings, commit);
  }

  progressOf(parentId: string, runs: readonly NodeRun[]): Promise<number> {
    return progressOf(this.#engine.parts.surroundings.store, parentId, runs);
  }

  async orphaned(child: ExecutionRecord): Promise<FailureRecord | undefined> {
    for (let head = child; head.parentId !== undefined; ) {
      const parent = await this.#engine.parts.surroundings.store.getExecution(head.parentId);
      if (parent === undefined) return cancellation(`its parent ${quoted(head.parentId)} is gone`);
      if (parent.status === "cancelled") return cancellation(`its parent ${quoted(head.parentId)} was cancelled`);
      head = parent;
    }
    return undefined;
  }

  async endCancelled(journal: Journal, failure: FailureRecord): Promise<void> {
    await journal.save({ status: "cancelled", failure, wakeAt: null, ...NO_WAITS });
    this.#engine.parts.emitter.of(journal.record)({ type: "execution.cancelled", failure });
    await cancelChildren(this.#engine.parts, journal.executionId);
  }

  async afterRun(journal: Journal, end: RunEnd): Promise<void> {
    const { executionId, progress } = journal;
    const { parts } = this.#engine;
    if (end.status === "cancelled") return cancelChildren(parts, executionId);
    if (end.status === "lost") return this.#afterLoss(executionId);
    // Only one that waits for a child is pending yet.
    if (end.status !== "suspended" || journal.status !== "pending") return;
    for (const { token, nodeId } of progress.waiting.values()) {
      // What happened while the run suspended the execution was none of the run's business any more.
      const isLate = isOfAnother({ token }, executionId) && !(await stillWaits(parts, token));
      if (isLate) return wakeParent(parts, { parentId: executionId, parentNodeId: nodeId });
    }
    try {
      await journal.save({ status: "suspended", wakeAt: end.wakeAt ?? null });
    } catch (error) {
      // The owner that it has now was told of the child's end, or reads it.
      if (!isWorkflowError(error) || afterRefusal(error.code) !== "lost") throw error;
    }
  }

  /** Cancels the children that a run has started after its execution was cancelled: the cancel did not see them. */
  async #afterLoss(executionId: string): Promise<void> {
    const { parts } = this.#engine;
    try {
      const head = await parts.surroundings.store.getExecution(executionId);
      if (head?.status === "cancelled") await cancelChildren(parts, executionId);
    } catch (error) {
      // The run is over anyway; the children look at their parent before they continue.
      if (!isWorkflowError(error)) throw error;
    }
  }

  async #run(parent: RunParts, call: ChildCall): Promise<NodeOutcome> {
    await this.#refuseNesting(parent, call);
    let reported = this.#reported.get(parent);
    if (reported === undefined) {
      reported = new Set();
      this.#reported.set(parent, reported);
    }
    const node = new ChildNode(this.#engine, parent, call, reported);
    const { child } = call;
    return child.kind === "sub"
      ? runSubNode(node, child, call)
      : runMapNode(node, child, call, () => this.#known(parent, call));
  }

  /** @throws {WorkflowError} WORKFLOW_CONTAINS_ITSELF, NESTING_LIMIT */
  async #refuseNesting(parent: RunParts, { child }: ChildCall): Promise<void> {
    const { record } = parent.journal;
    if (record.parentId === undefined && record.workflowId !== child.workflowId) return;
    let above = this.#above.get(parent);
    if (above === undefined) {
      above = this.#ancestorsOf(record);
      this.#above.set(parent, above);
    }
    const path = [record, ...(await above)].map(({ workflowId }) => workflowId);
    const at = path.indexOf(child.workflowId);
    if (at !== -1) throw containsItself([...path.slice(0, at + 1).reverse(), child.workflowId]);
    if (path.length <= MAX_NESTING) return;
    throw new WorkflowError(
      "NESTING_LIMIT",
      `Workflow ${quoted(child.workflowId)} is not started: executions can be nested ${MAX_NESTING} deep.`,
      { details: { limit: MAX_NESTING } },
    );
  }

  async #ancestorsOf(record: Pick<ExecutionRecord, "parentId">): Promise<ExecutionRecord[]> {
    const above: ExecutionRecord[] = [];
    for (let { parentId } = record; parentId !== undefined && above.length <= MAX_NESTING; ) {
      const head = await this.#engine.parts.surroundings.store.getExecution(parentId);
      if (head === undefined) break;
      above.push(head);
      ({ parentId } = head);
    }
    return above;
  }

  /** The statuses of all children that a node run has started. */
  async #known({ journal }: RunParts, { run }: ChildCall): Promise<ReadonlyMap<string, WorkflowStatus>> {
    const { store } = this.#engine.parts.surroundings;
    const known = new Map<string, WorkflowStatus>();
    for (let cursor: string | undefined; ; ) {
      const query = { parentId: journal.executionId, limit: 1_000, order: "asc" } as const;
      const page = await store.listExecutions(cursor === undefined ? query : { ...query, cursor });
      for (const { id, status, parentNodeId, parentVisit } of page.items) {
        if (parentNodeId === run.nodeId && parentVisit === run.visit) known.set(id, status);
      }
      cursor = page.nextCursor;
      if (cursor === undefined) return known;
    }
  }
}
