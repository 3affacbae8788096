import type { WorkflowContext } from "../engine/node-executor.ts";
import { isPlain } from "../state/live-values.ts";
import type { ExecutorName } from "./outcomes.ts";

/** The arguments of the old executor's `executeWorkflowSync`. An application may pass further fields of its own. */
export interface V1Call {
  workflowId: string;
  userId: string;
  initialData?: Record<string, unknown>;
}

/** The result of the old executor's `executeWorkflowSync`. */
export interface V1Result<Context = WorkflowContext> {
  success: boolean;
  /** The final context. Absent if the run failed. */
  output?: Context;
  error?: string;
}

/**
 * Adds to a result of V1 who served it.
 *
 * - An instance of a class stays what it is: it may have accessors and private fields. If it is frozen, only V1's three
 *   fields are returned.
 */
export function servedBy<Result>(executor: ExecutorName, result: Result): Result & { executor: ExecutorName } {
  type Served = Result & { executor: ExecutorName };
  if (typeof result !== "object" || result === null) return { executor } as Served;
  try {
    if (isPlain(result)) return { ...result, executor };
    const property = { value: executor, configurable: true, enumerable: true, writable: true };
    if (Reflect.defineProperty(result, "executor", property)) return result as Served;
    const { success, output, error } = result as Partial<V1Result>;
    return { success, output, error, executor } as unknown as Served;
  } catch {
    // It throws when it is read: that is V1's business.
    return result as Served;
  }
}
