import { nodeName } from "../definition/node-type.ts";
import type { Plans } from "../definition/plan.ts";
import { isWorkflowError } from "../errors.ts";
import type { HeadChange } from "../state/journal-entries.ts";
import { listedWaits } from "../state/listed-waits.ts";
import { type ClaimedExecution, claimExecution, putBack, readExecution } from "../state/open-execution.ts";
import type { RecordParts } from "../state/progress.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { answerByToken, tokenRefused } from "./answers.ts";
import { afterRefusal } from "./decide.ts";
import type { EngineParts } from "./engine-parts.ts";
import { meaningOf, taken } from "./recoverable.ts";
import { inFlight } from "./standing.ts";

/** An answer from outside, to the wait of an execution that has this token. */
export interface GivenAnswer {
  executionId: string;
  userId?: string | undefined;
  waitToken: string;
  data: unknown;
  /** A child has changed for which the node waits: nobody has answered. */
  wakes?: true;
}

/**
 * Keeps an answer for an execution that this engine does not run, and makes the execution due. One that has failed at
 * another node stays failed.
 *
 * - Needs no executors: a process that takes answers need not run workflows.
 * - An execution whose run has crashed stays `running`, with a lapsed lease. The record names the node that was in
 *   flight, so that the next run can decide what the crash means for it. It is not claimed, because that would count as a
 *   recovery: the commit, which must be the next one, fences its old run off.
 *
 * @throws {WorkflowError} NOT_WAITING, LEASE_HELD, STATE_CORRUPT, STORE_UNAVAILABLE
 */
export async function keepAnswer(
  { surroundings, catalog, emitter, retry }: Pick<EngineParts, "surroundings" | "catalog" | "emitter" | "retry">,
  answer: GivenAnswer,
): Promise<ExecutionRecord> {
  const { executionId, userId, waitToken, data } = answer;
  const { codec } = surroundings;
  const read = await readExecution(surroundings, executionId, {
    checkpoints: "last",
    ...(userId === undefined ? {} : { userId }),
  }).catch((error: unknown) => {
    throw isWorkflowError(error, "EXECUTION_NOT_FOUND") ? tokenRefused() : error;
  });
  const { journal: found, record: head } = read;
  if (head.status === "completed" || head.status === "cancelled") throw tokenRefused();
  answerByToken(found, waitToken, data);
  // A second click: the same answer is kept, and the execution is to run anyway, or runs.
  const kept = [...found.progress.answers.values()].find(({ token }) => token === waitToken);
  const isKept = kept !== undefined && codec.encode(kept.data) === codec.encode(data);
  if (isKept && (head.status === "running" || head.status === "pending")) return head;
  const opened = read.leaseExpired ? { ...read, before: head } : await claimed(surroundings, head);
  const { journal, before, record } = opened;
  try {
    const newest = answerByToken(journal, waitToken, data);
    const { nodeId, visit } = newest;
    const save = async (head: HeadChange, parts: RecordParts = {}) => {
      await journal.save(head, { answers: [newest], ...parts });
      if (answer.wakes !== true) emitter.of(record)({ type: "node.answered", nodeId, visit });
    };
    const left = new Map(journal.progress.waiting);
    left.delete(newest.nodeId);
    const { failure, definitionHash } = journal;
    const listed = new Map(before.waiting?.map(({ nodeId, nodeName }) => [nodeId, nodeName]));
    // A head names the first waits only.
    const needsGraph = before.status === "running" || [...left.keys()].some((nodeId) => !listed.has(nodeId));
    const plans =
      needsGraph && definitionHash !== undefined ? await (await catalog.kept()).plans(definitionHash) : undefined;
    const waits = listedWaits(left, (nodeId) => listed.get(nodeId) ?? nodeNameIn(plans, nodeId));
    const head = { ...waits, ...(failure === undefined ? {} : { failure }) };
    if (before.status === "running") {
      const begin = plans === undefined ? {} : { begin: inFlight(plans, journal, retry) };
      await save(head, begin);
      await journal.releaseLease().catch(() => undefined);
    } else if (before.status === "failed" && before.failure?.nodeId !== newest.nodeId) {
      // Another node has failed: whether that one runs again is for those to decide who resume the execution.
      const { failure: failed = null, endedAt } = before;
      const ended = endedAt === undefined ? {} : { endedAt };
      await save({ ...head, status: "failed", failure: failed, ...ended });
    } else {
      await save({ status: "pending", wakeInMs: 0, ...head });
    }
    return record;
  } catch (error) {
    if (isWorkflowError(error) && afterRefusal(error.code) === "lost") throw taken(executionId);
    await putBack(surroundings, record, before);
    throw error;
  }
}

function nodeNameIn(plans: Plans | undefined, nodeId: string): string {
  const node = plans?.graph.nodes[plans.graph.indexOf.get(nodeId) ?? -1];
  return node === undefined ? nodeId : nodeName(node);
}

async function claimed(surroundings: Surroundings, head: ExecutionRecord): Promise<ClaimedExecution> {
  try {
    return await claimExecution(surroundings, head);
  } catch (error) {
    // It has ended meanwhile.
    throw isWorkflowError(error, "INVALID_STATUS") ? tokenRefused() : error;
  }
}

/** Makes an execution that has failed or is pending due, so that a recovery resumes it. Others may have been faster. */
export async function makeDue(surroundings: Surroundings, head: ExecutionRecord): Promise<void> {
  try {
    const { journal } = await claimExecution(surroundings, head);
    const { failure } = journal;
    await journal.save({ status: "pending", wakeInMs: 0, ...(failure === undefined ? {} : { failure }) });
  } catch (error) {
    if (!isWorkflowError(error) || meaningOf(error.code) !== "taken") throw error;
  }
}
