import { type CheckpointStore, isWorkflowError, type WorkflowEngine, type WorkflowStatus } from "@waymark/core";
import { INITIAL_DATA } from "./chaos-children.ts";
import type { ChaosAnswer } from "./chaos-executor.ts";

/** What people and other services do to the executions of a trial: by an engine of this process, or through a worker. */
export interface ChaosControl {
  /** Makes an execution due, unless there is one. */
  start(executionId: string, deadlineMs: number | undefined): Promise<void>;
  /** Runs an execution, or joins its run; returns how that ended. */
  execute(executionId: string, deadlineMs: number | undefined): Promise<string>;
  answer(waitToken: string, data: ChaosAnswer): Promise<void>;
  /** Cancels an execution unless it has ended. Returns whether it did, and the store's time afterwards. */
  cancel(executionId: string): Promise<{ isDone: boolean; overAt: number }>;
  /** Forks an execution after a step; returns the id of the fork. */
  fork(executionId: string, stepNumber: number): Promise<string>;
  statuses(executionIds: readonly string[]): Promise<Record<string, WorkflowStatus>>;
  /** Returns the executions that run, that are due, or that wait for a time. */
  busy(): Promise<BusyExecution[]>;
}

/** An execution to which something is still to happen. */
export interface BusyExecution {
  id: string;
  /** Its status, times and owner. */
  state: string;
  /** It wants to run now, and has no owner. */
  isOverdue: boolean;
}

const USER_ID = "u1";

/** Controls executions by an engine. */
export function engineControl(engine: WorkflowEngine, store: CheckpointStore): ChaosControl {
  const begin = (executionId: string, deadlineMs: number | undefined) => ({
    ...{ executionId, workflowId: executionId, userId: USER_ID, ifExists: "join" as const, initialData: INITIAL_DATA },
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return {
    start: async (executionId, deadlineMs) => {
      await engine.startExecution(begin(executionId, deadlineMs));
    },
    execute: async (executionId, deadlineMs) => (await engine.executeWorkflow(begin(executionId, deadlineMs))).status,
    answer: (waitToken, data) => engine.answerWait({ waitToken, data }),
    cancel: async (executionId) => {
      const isDone = await engine.cancelExecution({ executionId }).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) === "INVALID_STATUS") return false;
          throw error;
        },
      );
      return { isDone, overAt: (await store.getExecution(executionId))?.readAt ?? Number.NaN };
    },
    fork: async (executionId, stepNumber) =>
      (await engine.forkExecution({ executionId, at: { stepNumber } })).executionId,
    statuses: async (executionIds) => {
      const heads = await Promise.all(executionIds.map((id) => store.getExecution(id)));
      return Object.fromEntries(heads.flatMap((head) => (head === undefined ? [] : [[head.id, head.status]])));
    },
    busy: async () => {
      const filters = [{ leaseExpired: true }, { due: true }, { status: "running" }, { status: "pending" }] as const;
      const pages = await Promise.all(
        [...filters, { status: "suspended" as const }].map((filter) => store.listExecutions(filter)),
      );
      const [suspended, ...others] = pages.map(({ items }) => items).reverse();
      const listed = new Set(pages.slice(0, 2).flatMap(({ items }) => items.map(({ id }) => id)));
      const timed = suspended?.filter(({ wakeAt }) => wakeAt !== undefined) ?? [];
      const heads = new Map([...others.flat(), ...timed].map((head) => [head.id, head]));
      return [...heads.values()].map((head) => {
        const { id, status, wakeAt = Number.NaN, leaseUntil = Number.NaN, readAt, token, owner } = head;
        const times = `due in ${wakeAt - readAt} ms, token ${token}, of ${owner} for ${leaseUntil - readAt} ms`;
        const isOverdue = (status === "running" ? leaseUntil : wakeAt) <= readAt;
        const how = listed.has(id) ? "listed as such" : "not listed as such";
        return { id, state: `${status}, ${times}${isOverdue ? `, ${how}` : ""}`, isOverdue };
      });
    },
  };
}

/** The code of an error, for what may be tried again. */
export function codeOf(error: unknown): string {
  return isWorkflowError(error) ? error.code : ((error as { code?: string }).code ?? String(error));
}
