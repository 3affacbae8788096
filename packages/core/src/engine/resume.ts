import type { RetryPolicy } from "../definition/schema.ts";
import { listedWaits } from "../state/listed-waits.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { ClaimedExecution } from "../state/open-execution.ts";
import { type ChildProgress, type NodeAnswer, nextRun, type RecordParts } from "../state/progress.ts";
import { isOfAnother } from "../state/token-owner.ts";
import type { FailureRecord, HeadUpdate } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { answerFor, refusal } from "./answers.ts";
import { deadlineMessage } from "./deadline-message.ts";
import { startsOnce } from "./decide.ts";
import { onResume } from "./decide-resume.ts";
import type { EventBody } from "./events.ts";
import { nodeNames } from "./node-names.ts";
import { isOver, timedOut } from "./open-wait.ts";
import type { PreparedStep, PreparedWorkflow } from "./prepared-workflow.ts";
import { restorePlanner } from "./restored-planner.ts";
import { usedAttempts } from "./retried-children.ts";
import type { CrashedNode } from "./run-parts.ts";
import { type Found, inFlight, openWaits, standingOf } from "./standing.ts";

/** The part of a resume's call that decides what happens to the execution. */
export interface ResumeCall {
  nodeId?: string | undefined;
  /** The answer that the call gives. */
  answer?: { data: unknown } | undefined;
  /** The longest wait for an attempt, in milliseconds, for which the call keeps the execution. */
  holdMs: number;
  /** Hands an answer over to the execution that waits, if it is another one. */
  handOver(answer: NodeAnswer): Promise<void>;
}

/** Returns what a resume would do with an execution as it is. @throws {WorkflowError} NOT_WAITING, INVALID_ARGUMENT */
export function whatToDo(call: ResumeCall, found: Found): "run" | "rest" {
  const { nodeId, answer, holdMs } = call;
  if (answer !== undefined) {
    answerFor(found, { nodeId, data: undefined });
    return "run";
  }
  const { what } = onResume(standingOf(found), { nodeId, hasData: false, holdMs });
  if (what === "refuse") throw refusal(found, nodeId);
  return what === "rest" ? "rest" : "run";
}

/**
 * Writes what must be on record before the first node of a resumed run starts: the answer of the call, the waits whose
 * time is over, the attempts that a crash has cut off, and the definition that the run uses.
 *
 * - Returns `rest`, and writes nothing, if the execution was suspended since it was looked at.
 *
 * @throws {WorkflowError} NOT_WAITING if another call was faster, and the codes of a commit; nothing is written then
 */
export async function prepareResume(
  call: ResumeCall,
  { claimed, workflow, emit, retry, crashed, children }: PreparedResume,
): Promise<"run" | "rest"> {
  const { journal, before } = claimed;
  const found: Found = { journal, head: before, workflow };
  if (whatToDo(call, found) === "rest") return "rest";
  const answers = await handedOver(call, journal.executionId, answersOf(call, found));
  const { waiting, attempts } = journal.progress;
  const passedOver = crashed.map(({ nodeId }) => nodeId);
  const cutOff = cutOffNodes(found, retry).filter((nodeId) => !passedOver.includes(nodeId));
  const counted = before.status === "failed" ? [...attempts].filter(([, { failures }]) => failures !== undefined) : [];
  const planner = restorePlanner(workflow, journal);
  for (const { nodeId } of answers) planner.wake(workflow.graph.indexOf.get(nodeId) ?? -1);
  const next = workflow.graph.nodes[planner.next() ?? -1];
  // Those that must not start again are on record until they are passed over, or have begun.
  const begin = next === undefined || startsOnce(next.retry, retry) || crashed.length > 0 ? passedOver : [next.id];
  const used = cutOff.map((nodeId) => ({ nodeId, attempt: journal.nextAttempt(nodeId) }));
  const cutOffAttempts = usedAttempts(workflow, journal.progress, used);
  const parts: RecordParts = {
    ...(cutOffAttempts.length === 0 ? {} : { attempts: cutOffAttempts }),
    ...(counted.length === 0 ? {} : { counted: counted.map(([nodeId, { attempt }]) => ({ nodeId, attempt })) }),
    ...(answers.length === 0 ? {} : { answers }),
    ...(children === undefined ? {} : { children }),
    ...(workflow.hash === journal.definitionHash ? {} : { definition: workflow.hash }),
    ...((next === undefined && crashed.length === 0) || journal.progress.begin === undefined ? {} : { begin }),
  };
  const totalSteps = journal.currentStep + planner.open;
  if (totalSteps === journal.totalSteps && Object.keys(parts).length === 0) return "run";
  const left = new Map(waiting);
  for (const { nodeId } of answers) left.delete(nodeId);
  const waits: HeadUpdate = left.size === waiting.size ? {} : listedWaits(left, nodeNames({ workflow }));
  await journal.save({ totalSteps, definitionHash: workflow.hash, ...waits }, parts);
  for (const { nodeId, visit, timedOut } of answers)
    if (timedOut !== true) emit({ type: "node.answered", nodeId, visit });
  return "run";
}

/** Returns the answers to write before a resumed run starts: the call's, and one for every wait whose time is over. */
function answersOf({ nodeId, answer }: ResumeCall, found: Found): NodeAnswer[] {
  const now = found.journal.storeNow();
  const over = openWaits(found).filter((wait) => isOver(wait, now));
  const given = answer === undefined ? [] : [answerFor(found, { nodeId, ...answer })];
  return [...given, ...over.filter((wait) => wait.nodeId !== given[0]?.nodeId).map(timedOut)];
}

/** Hands answers over that other executions wait for. Their nodes here only become ready. */
async function handedOver(
  { handOver }: ResumeCall,
  executionId: string,
  answers: readonly NodeAnswer[],
): Promise<NodeAnswer[]> {
  const kept: NodeAnswer[] = [];
  for (const answer of answers) {
    const isForeign = answer.timedOut !== true && isOfAnother(answer, executionId);
    if (isForeign) await handOver(answer);
    kept.push(isForeign ? { ...answer, data: undefined } : answer);
  }
  return kept;
}

/** The nodes that may have been running when their process died; of those that must not start twice, those that were. */
function cutOffNodes({ journal, head, workflow }: Found, retry: RetryPolicy | undefined): readonly string[] {
  if (head.status !== "running") return [];
  const { attempts } = journal.progress;
  return inFlight(workflow.plans, journal, retry).filter((nodeId) => {
    const { retryAtMs } = attempts.get(nodeId) ?? {};
    // A node that waited for its next attempt had not begun it.
    return retryAtMs === undefined || (!isOnce(workflow, nodeId, retry) && retryAtMs <= journal.storeNow());
  });
}

function isOnce(workflow: PreparedWorkflow, nodeId: string, retry: RetryPolicy | undefined): boolean {
  return startsOnce(stepOf(workflow, nodeId)?.node.retry, retry);
}

function stepOf({ steps, graph }: PreparedWorkflow, nodeId: string): PreparedStep | undefined {
  return steps[graph.indexOf.get(nodeId) ?? -1];
}

/** The end of an execution whose run must not start a node, with the node that it would have started. */
export interface Overdue {
  /** Absent if the failure is on record: a process has died while it waited for other nodes. */
  node?: { nodeId: string; nodeName: string; attempt: number };
  failure: FailureRecord;
  /** The attempts of other nodes that the crash has cut off: a later resume must not give their numbers again. */
  cutOff: readonly { nodeId: string; attempt: number }[];
}

/** A claimed execution, and what decides how it continues. */
interface ClaimedResume {
  claimed: ClaimedExecution;
  workflow: PreparedWorkflow;
  emit: (event: EventBody) => void;
  /** The engine's policy. */
  retry: RetryPolicy | undefined;
}

/** What is known of a claimed execution once it was looked at. */
interface PreparedResume extends ClaimedResume {
  crashed: readonly CrashedNode[];
  /** What to put on record of the progress of its children. */
  children: ChildProgress | undefined;
}

/**
 * Returns what to put on record of the progress of a claimed execution's children, if anything. That of its children is
 * its own: the recoveries before it count no more. It is looked at only once there are too many.
 *
 * - `markOf` returns a number that changes when the children of node runs progress.
 */
export async function childProgress(
  { claimed: { journal, before, record }, workflow, retry }: ClaimedResume,
  maxRecoveries: number,
  markOf: (runs: readonly NodeRun[]) => Promise<number>,
): Promise<ChildProgress | undefined> {
  const { recoveries, mark } = journal.progress.children ?? { recoveries: 0, mark: 0 };
  // The claim has set the head's number to 0.
  if (before.status !== "running") return recoveries === 0 ? undefined : { recoveries: 0, mark };
  if (record.recoveries - recoveries <= maxRecoveries) return undefined;
  const cutOff = cutOffNodes({ journal, head: before, workflow }, retry).filter((id) => stepOf(workflow, id)?.child);
  if (cutOff.length === 0) return undefined;
  const newMark = await markOf(cutOff.map((nodeId) => nextRun(journal.progress, nodeId)));
  return newMark === mark ? undefined : { recoveries: record.recoveries - 1, mark: newMark };
}

/** Returns the nodes that a crash has cut off and that must not start again (`onCrash: "fail"`). */
export function crashedNodes({
  claimed: { journal, before },
  workflow,
  retry,
}: Pick<ClaimedResume, "claimed" | "workflow" | "retry">): readonly CrashedNode[] {
  const cutOff = cutOffNodes({ journal, head: before, workflow }, retry);
  return cutOff
    .filter((nodeId) => isOnce(workflow, nodeId, retry))
    .map((nodeId) => {
      const message = `The process died while it ran node ${quoted(nodeId)}. The node's retry policy (onCrash: "fail") does not allow another start.`;
      return failedNode({ journal, workflow }, { nodeId, code: "NODE_CRASHED", message });
    });
}

function failedNode(
  { journal, workflow }: Pick<Found, "journal" | "workflow">,
  { nodeId, code, message }: { nodeId: string; code: string; message: string },
): CrashedNode {
  const [nodeName, attempt] = [stepOf(workflow, nodeId)?.nodeName ?? "", journal.nextAttempt(nodeId)];
  return { nodeId, nodeName, attempt, failure: { code, message, nodeId, nodeName, attempts: attempt } };
}

/**
 * Returns the failure that ends a claimed execution before any node starts. It has failed already, its deadline has
 * passed, it was recovered too often, or a crash has cut off a node that must not start twice.
 *
 * - `isRecovery`: nobody has asked for the resume, so an execution that was failing starts no node.
 */
export function endsBefore(
  { claimed, workflow, retry, crashed, children }: PreparedResume,
  { maxRecoveries, isRecovery }: { maxRecoveries: number; isRecovery: boolean },
): Overdue | undefined {
  const { journal, before, record } = claimed;
  const found: Found = { journal, head: before, workflow };
  const cutOff = cutOffNodes(found, retry);
  const attemptsOf = (nodeIds: readonly string[]) =>
    nodeIds.map((nodeId) => ({ nodeId, attempt: journal.nextAttempt(nodeId) }));
  if (isRecovery && hasFailedForGood(claimed)) {
    return { failure: before.failure as FailureRecord, cutOff: attemptsOf(cutOff) };
  }
  const overdueBy = ({ failure, ...node }: CrashedNode): Overdue => {
    return { node, failure, cutOff: attemptsOf(cutOff.filter((nodeId) => nodeId !== node.nodeId)) };
  };
  const failureOf = (nodeId: string, code: string, message: string): Overdue =>
    overdueBy(failedNode(found, { nodeId, code, message }));
  const [first] = cutOff;
  const { next } = standingOf(found);
  const nodeId = first ?? next ?? openWaits(found)[0]?.nodeId;
  if (nodeId !== undefined && record.deadlineAt !== undefined && record.deadlineAt <= journal.storeNow()) {
    return failureOf(nodeId, "EXECUTION_TIMEOUT", deadlineMessage(record.deadlineAt));
  }
  const begins = first ?? (before.status === "running" ? next : undefined);
  if (begins === undefined) return undefined;
  const { recoveries = 0 } = children ?? journal.progress.children ?? {};
  if (record.recoveries - recoveries > maxRecoveries) {
    const whose = recoveries === 0 ? "" : " of it or of its children";
    const times = `The processes that ran the execution have died ${record.recoveries - recoveries} times without a checkpoint${whose}.`;
    const starts = cutOff.map((id) => `Node ${quoted(id)} was started ${journal.nextAttempt(id)} times.`);
    const advice = "Look for what it does to its process, then resume the execution.";
    const message = [times, ...starts, advice].join(" ");
    return failureOf(begins, "RECOVERY_LIMIT", message);
  }
  const ends = crashed.find(({ nodeId: id }) => (stepOf(workflow, id)?.node.onError ?? "fail") === "fail");
  return ends === undefined ? undefined : overdueBy(ends);
}

/** A node has failed for good, and the process died while it waited for the nodes that ran beside it. */
function hasFailedForGood({ before, journal }: ClaimedExecution): boolean {
  if (before.status !== "running" || before.failure === undefined) return false;
  const failed = journal.progress.attempts.get(before.failure.nodeId ?? "");
  return failed !== undefined && failed.failures === undefined;
}
