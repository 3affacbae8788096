import { WorkflowError } from "../errors.ts";
import type { WaitingFor } from "../state/waiting.ts";
import type { ExecutionRecord, FailureRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { ThrownByNode } from "./call-executor.ts";
import type { ChildCall } from "./child-call.ts";
import { childIdOf } from "./child-id.ts";
import type { ParentArgs } from "./child-spec.ts";
import { type ChildEnd, type ChildEngine, driveChild } from "./drive-child.ts";
import type { SuspendedOutcome } from "./node-outcome.ts";
import type { RunParts } from "./run-parts.ts";
import { Turns } from "./turns.ts";

/** A node run that starts executions, and what is known of them in this run of its parent. */
export class ChildNode {
  readonly #engine: ChildEngine;
  readonly #parent: RunParts;
  readonly #call: ChildCall;
  /** The children whose failure the parent has on record since this run began. */
  readonly #reported: Set<string>;

  constructor(engine: ChildEngine, parent: RunParts, call: ChildCall, reported: Set<string>) {
    this.#engine = engine;
    this.#parent = parent;
    this.#call = call;
    this.#reported = reported;
  }

  /** True if the node may have started children before. */
  get mayHaveBegun(): boolean {
    const { run, attempt } = this.#call;
    return attempt > 1 || this.#parent.journal.progress.answers.has(run.nodeId);
  }

  /** Lets the process do something else now and then, if no child ever waits. */
  turns(): Turns {
    return new Turns(this.#parent.clock);
  }

  idOf(item?: number): string {
    const { executionId: id, progress } = this.#parent.journal;
    return childIdOf({ id, instance: progress.instance }, this.#call.run, item);
  }

  drive(child: { id: string; mayExist: boolean; initialData: () => object }): Promise<ChildEnd> {
    const { child: spec, run, args, attempt } = this.#call;
    const { signal } = args;
    const resumesFailed = (head: ExecutionRecord) => this.#reported.has(head.id) || this.#isNewTry(head);
    return driveChild(this.#engine, this.#parent, {
      ...child,
      ...{ workflowId: spec.workflowId, run, attempt, resumesFailed, signal },
    });
  }

  /** Makes the error of the node for a child that has failed. The next attempt resumes that child. */
  failed(id: string, status: "failed" | "cancelled", failure: FailureRecord): WorkflowError {
    this.#reported.add(id);
    const { workflowId } = this.#call.child;
    const message = `Execution ${quoted(id)} of workflow ${quoted(workflowId)} ${status === "failed" ? "has failed" : "was cancelled"}: ${failure.message}`;
    const { code, errorCode, nodeId, name } = failure;
    const cause = Object.assign(new Error(failure.message), { code: errorCode ?? code, stack: undefined });
    if (name !== undefined) cause.name = name;
    const details = { workflowId, status, code, ...(nodeId === undefined ? {} : { nodeId }) };
    return new WorkflowError("CHILD_FAILED", message, { executionId: id, details, cause });
  }

  /**
   * The attempt follows a failure of the child that was on record before this run began.
   *
   * - After a crash, one that has ended later has failed in the attempt that the crash has cut off: nobody has reported it.
   */
  #isNewTry({ endedAt = Number.POSITIVE_INFINITY }: ExecutionRecord): boolean {
    const { from, retryTimes } = this.#parent;
    const retryAtMs = retryTimes?.get(this.#call.run.nodeId);
    return from === "failed" || (retryAtMs !== undefined && (from === "pending" || endedAt <= retryAtMs));
  }
}

/** The node waits for the answer that a child waits for, and takes part in its wait: by the same token. */
export function suspendedFor(waiting: WaitingFor | undefined, untilMs: number | undefined): SuspendedOutcome {
  const { reason, payload, waitToken: token } = waiting ?? {};
  return {
    kind: "suspended",
    change: {},
    ...(reason === undefined ? {} : { reason }),
    ...(payload === undefined ? {} : { payload }),
    ...(token === undefined ? {} : { token }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

/** Calls a function of the user's. What it throws is an error of the node. */
export function byUser<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ThrownByNode(error);
  }
}

export function parentArgsOf(args: ChildCall["args"]): ParentArgs {
  const { context, node, data, userId, workflowId, executionId, visit } = args;
  return { context, node, data: data as ParentArgs["data"], userId, workflowId, executionId, visit };
}
