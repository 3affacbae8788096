import { randomUUID } from "../crypto.ts";
import type { EngineInternals } from "../engine/engine-internals.ts";
import { isWorkflowError } from "../errors.ts";
import { createExecution } from "../state/create-execution.ts";
import { retryStore } from "../state/retry-store.ts";
import { CANCELLABLE } from "../state/status-policy.ts";
import type { ExecutionRecord, FailureRecord } from "../store/checkpoint-store.ts";
import type { V1Call } from "./v1-shape.ts";

/*
 * A creation whose answer was lost may have taken effect, or may still do so. Then a recovery would run the workflow,
 * although V1 runs it as well. So before V1 runs, the id is taken: by an execution that is cancelled from the start. Of
 * the two creations one wins. If V2's has won, it is cancelled, unless somebody may have run it since.
 */

/** The key of the metadata by which a rollout recognizes the executions that it has created. */
const METADATA_KEY = "waymark.rollout";
/** Milliseconds for which an unreachable store is tried again. */
const FENCE_MS = 2_000;

const FAILURE: FailureRecord = Object.freeze({
  code: "EXECUTION_CANCELLED",
  message: "The store did not answer when this execution was created, so the old executor ran the workflow instead.",
});

/** The metadata of an execution that a rollout creates. `creation` is unique to the call. */
export function metadataOf(creation: string): Record<string, string> {
  return { [METADATA_KEY]: creation };
}

/** Returns true if V1 has served the call that this execution was to serve. */
export function isServedByV1({ status, failure }: ExecutionRecord): boolean {
  return status === "cancelled" && failure?.message === FAILURE.message;
}

/**
 * Makes sure that nothing has run and nothing will run under an id.
 *
 * @param creation The value in the metadata of the creation whose answer was lost.
 * @returns false if something may have run, or the store cannot be reached
 */
export async function fenceOff(
  { surroundings }: EngineInternals,
  {
    workflowId,
    userId,
    executionId,
    creation,
  }: Pick<V1Call, "workflowId" | "userId"> & { executionId: string; creation: string },
): Promise<boolean> {
  const { bareStore, clock, leaseMs } = surroundings;
  const store = retryStore(bareStore, { clock, storeRetryMs: FENCE_MS });
  try {
    await createExecution(
      { ...surroundings, store },
      { workflowId, userId, executionId, initialData: {}, totalSteps: 0, cancelled: FAILURE },
    );
    return true;
  } catch (error) {
    if (!isWorkflowError(error, "EXECUTION_ALREADY_EXISTS")) return false;
  }
  try {
    const head = await store.getExecution(executionId);
    if (head?.metadata?.[METADATA_KEY] !== creation || !isUntouched(head, 0)) return false;
    const claimId = randomUUID();
    const claim = { claimId, owner: claimId, leaseMs, from: [...CANCELLABLE], force: true, cancel: FAILURE };
    // The claim itself counts as one recovery. A second one would be another process that came before it.
    return isUntouched(await store.claimExecution(executionId, claim), 1);
  } catch {
    return false;
  }
}

/** Returns true if nobody has committed anything since the creation, or claimed the execution more often than this. */
function isUntouched({ version, seq, recoveries }: ExecutionRecord, claims: number): boolean {
  return version === 0 && seq === 0 && recoveries === claims;
}
