import { WorkflowError } from "../errors.ts";
import { isListed } from "../state/history.ts";
import { nextRun } from "../state/progress.ts";
import { newestFirst } from "../state/records-backwards.ts";
import { isPassedOver, readStateAt, stepsAfter, visitIn } from "../state/state-at.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import type { ForkPoint } from "./fork-options.ts";

/** The most ids that an error lists. */
const MOST_LISTED = 100;

/** A history in which a point is looked for. */
export interface Forked {
  surroundings: Surroundings;
  head: ExecutionRecord;
}

/** Returns the node that runs next in a state; `undefined` if none is left. */
type NextNode = (progress: Parameters<typeof nextRun>[0]) => Promise<string | undefined>;

/**
 * Finds the record after which a fork begins. Returns its number.
 *
 * - Reads the history backwards, as far as it must. Use it inside `readSteadily`.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if there is no such point, or its records were dropped
 */
export function findForkPoint(forked: Forked, at: ForkPoint, nextNode: NextNode): Promise<number> {
  if (at.checkpointId !== undefined) return findCheckpoint(forked, at.checkpointId);
  return at.stepNumber === undefined ? findNode(forked, at, nextNode) : findStep(forked, at.stepNumber);
}

async function findCheckpoint({ surroundings, head }: Forked, checkpointId: string): Promise<number> {
  const checkpoints: string[] = [];
  for await (const record of newestFirst(surroundings, head)) {
    if (!isListed(record)) continue;
    // The state after a failure that the execution has continued over includes it. The fork runs the node again.
    if (record.id === checkpointId) return isPassedOver(surroundings.codec, record) ? record.seq - 1 : record.seq;
    if (checkpoints.length < MOST_LISTED) checkpoints.push(record.id);
  }
  throw noSuchPoint(head, `has no checkpoint ${quoted(checkpointId)}`, { checkpointId, checkpoints });
}

async function findStep({ surroundings, head }: Forked, stepNumber: number): Promise<number> {
  const { codec } = surroundings;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for await (const record of newestFirst(surroundings, head)) {
    if (record.kind === "save" || (record.kind === "error" && !isPassedOver(codec, record))) continue;
    const step = stepsAfter(codec, record);
    if (step === stepNumber) return record.seq;
    first = Math.min(first, step);
    last = Math.max(last, step);
  }
  const steps = `the steps that it has are ${first} to ${last}`;
  const details = { stepNumber, firstStep: first, lastStep: last };
  throw noSuchPoint(head, `has no step ${stepNumber}; ${steps}`, details, stepNumber < first);
}

/** The record before the first one of a node's visit; the newest one if the node runs next. */
async function findNode(
  { surroundings, head }: Forked,
  { beforeNode, visit }: Extract<ForkPoint, { beforeNode: string }>,
  nextNode: NextNode,
): Promise<number> {
  const { codec } = surroundings;
  let wanted = visit;
  let first: number | undefined;
  for await (const record of newestFirst(surroundings, head)) {
    const found = visitIn(codec, record, beforeNode);
    if (found === undefined) continue;
    wanted ??= found;
    if (found < wanted) break;
    if (found === wanted) first = record.seq;
  }
  const run = wanted === undefined || wanted === 1 ? "" : `run ${wanted} of `;
  const details = { beforeNode, ...(wanted === undefined ? {} : { visit: wanted }) };
  if (first !== undefined && first > head.firstSeq) return first - 1;
  if (first !== undefined) {
    throw noSuchPoint(head, `has no record before ${run}node ${quoted(beforeNode)}`, details, true);
  }
  const { progress } = await readStateAt(surroundings, head, head.seq);
  const next = await nextNode(progress);
  if (next === beforeNode && (visit === undefined || visit === nextRun(progress, next).visit)) return head.seq;
  const ran = [...new Set(Array.from(progress.ran, ({ nodeId }) => nodeId))];
  const runs = nextRun(progress, beforeNode).visit - 1;
  const isEarlier = runs >= (wanted ?? 1);
  const problem = isEarlier
    ? `has no record of ${run}node ${quoted(beforeNode)}`
    : `has not begun ${run}node ${quoted(beforeNode)}, which does not come next either`;
  const nodes = { ran: ran.slice(0, MOST_LISTED), ...(next === undefined ? {} : { next }) };
  throw noSuchPoint(head, problem, { ...details, ...nodes }, isEarlier);
}

/** The error for a point that a history does not have. `isEarlier`: it would be before the oldest record. */
function noSuchPoint(
  { id, firstSeq, forkedFromId, forkedFromSeq }: ExecutionRecord,
  problem: string,
  details: Readonly<Record<string, unknown>>,
  isEarlier = true,
): WorkflowError {
  const dropped = firstSeq > 0 && isEarlier;
  const isOfOriginal = !dropped && isEarlier && forkedFromId !== undefined;
  const hint = dropped
    ? " Its older records were dropped, by the engine's historyLimit."
    : isOfOriginal
      ? ` What ran before it was forked is in the history of ${quoted(forkedFromId)}: fork that one.`
      : "";
  return new WorkflowError("INVALID_ARGUMENT", `Execution ${quoted(id)} ${problem}.${hint}`, {
    executionId: id,
    details: {
      ...details,
      ...(dropped ? { firstSeq } : {}),
      ...(isOfOriginal ? { forkedFromId, forkedFromSeq } : {}),
    },
  });
}
