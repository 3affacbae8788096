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
  cancel(executionId: string): Promise<void>;
  fork(executionId: string, stepNumber: number): Promise<string | undefined>;
  statuses(executionIds: readonly string[]): Promise<Record<string, WorkflowStatus>>;
  /** Describes executions that run, that are due, or that wait for a time. */
  busy(): Promise<string[]>;
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
    cancel: (executionId) => engine.cancelExecution({ executionId }),
    fork: async (executionId, stepNumber) => {
      const { forkExecution } = engine as Forking;
      return (await forkExecution?.({ executionId, at: { stepNumber } }))?.executionId;
    },
    statuses: async (executionIds) => {
      const heads = await Promise.all(executionIds.map((id) => store.getExecution(id)));
      return Object.fromEntries(heads.flatMap((head) => (head === undefined ? [] : [[head.id, head.status]])));
    },
    busy: async () => {
      const filters = [{ status: "running" }, { status: "pending" }, { due: true }, { status: "suspended" }] as const;
      const pages = await Promise.all(filters.map((filter) => store.listExecutions(filter)));
      const [suspended, ...others] = pages.map(({ items }) => items).reverse();
      const timed = suspended?.filter(({ wakeAt }) => wakeAt !== undefined) ?? [];
      return [...others.flat(), ...timed].map(
        ({ id, status, wakeAt, leaseUntil, readAt, token, owner }) =>
          `${id} (${status}, due in ${(wakeAt ?? Number.NaN) - readAt} ms, token ${token}, of ${owner} for ${(leaseUntil ?? Number.NaN) - readAt} ms)`,
      );
    },
  };
}

/** An engine that can fork has this member. */
interface Forking {
  forkExecution?: (options: { executionId: string; at: { stepNumber: number } }) => Promise<{ executionId: string }>;
}

/** The code of an error, for what may be tried again. */
export function codeOf(error: unknown): string {
  return isWorkflowError(error) ? error.code : ((error as { code?: string }).code ?? String(error));
}
