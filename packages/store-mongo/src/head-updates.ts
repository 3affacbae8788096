import { type CommitRequest, createdHead, type ExecutionRecord, isEnded, type NewExecution } from "@waymark/core";
import { type Entry, type HeadDocument, type KeptRecord, NOW } from "./documents.ts";
import type { TailChange } from "./tail.ts";

/** How an `update` command changes documents: a list of stages. */
export type Pipeline = Record<string, unknown>[];

/** The part of a head that a commit builds on. `token` and `version` together name one state of an execution. */
export interface CommitBase {
  incarnation: string;
  token: number;
  version: number;
  seq: number;
  firstSeq: number;
  checkpointsCount: number;
  status: string;
  lastCommitId?: string;
  tail: readonly KeptRecord[];
}

/**
 * Makes a head where there is none, or in the place of a deleted one.
 *
 * - The token is the server's clock, or one more than the deleted execution's last: higher than any this id has had,
 *   as long as a deleted head is kept longer than a server's clock may be set back.
 */
export function createUpdate(
  execution: NewExecution,
  { entry, record, endedTtlMs }: { entry: Entry; record: KeptRecord; endedTtlMs: number | undefined },
): Pipeline {
  const { failure, createdAt, updatedAt, token, leaseUntil, endedAt, ...fields } = createdHead(execution, 0, 0);
  const { id } = execution;
  const { incarnation, listedAt: bornAt } = entry;
  const literal: Partial<HeadDocument> = { _id: id, executionId: id, ...fields, incarnation };
  literal.initialCheckpointId = execution.checkpoint.id;
  if (failure !== undefined) literal.failureJson = JSON.stringify(failure);
  const newToken = { $max: [{ $add: [{ $ifNull: ["$token", 0] }, 1] }, NOW] };
  const made: Record<string, unknown> = {
    createdAt: bornAt,
    updatedAt: bornAt,
    bornAt,
    token: newToken,
    firstToken: newToken,
  };
  if (leaseUntil !== undefined) made.leaseUntil = bornAt + (execution.leaseMs ?? 0);
  if (endedAt !== undefined) Object.assign(made, endFields(endedTtlMs, bornAt));
  return [{ $replaceWith: { $mergeObjects: [{ $literal: literal }, made, { $literal: { tail: [record] } }] } }];
}

/** Moves the head to what it is after the commit. */
export function commitUpdate(
  base: CommitBase,
  request: CommitRequest,
  { change, endedTtlMs }: { change: TailChange; endedTtlMs: number | undefined },
): Pipeline {
  const { checkpoint, head: update = {}, leaseMs, dropBefore } = request;
  const set: Record<string, unknown> = { version: base.version + 1, updatedAt: NOW };
  const unset: string[] = [];
  set.lastCommitId = { $literal: request.commitId };
  if (checkpoint !== undefined) {
    set.seq = base.seq + 1;
    if (checkpoint.kind === "snapshot") set.snapshotSeq = base.seq + 1;
    if (checkpoint.kind !== "save") set.checkpointsCount = base.checkpointsCount + 1;
  }
  if (change.isLonger) set.tail = { $concatArrays: ["$tail", { $literal: change.tail.slice(-1) }] };
  else if (checkpoint !== undefined || dropBefore !== undefined) set.tail = { $literal: change.tail };
  if (dropBefore !== undefined) set.firstSeq = Math.max(base.firstSeq, dropBefore);
  if (update.currentStep !== undefined) set.currentStep = update.currentStep;
  if (update.totalSteps !== undefined) set.totalSteps = update.totalSteps;
  if (update.wakeAt === null) unset.push("wakeAt");
  else if (update.wakeAt !== undefined) set.wakeAt = update.wakeAt;
  if (update.failure === null) unset.push("failureJson");
  else if (update.failure !== undefined) set.failureJson = { $literal: JSON.stringify(update.failure) };
  if (update.definitionHash !== undefined) set.definitionHash = { $literal: update.definitionHash };
  const status = update.status ?? base.status;
  if (update.status !== undefined) set.status = status;
  if (status !== "running") unset.push("owner", "leaseUntil");
  else if (leaseMs !== undefined) set.leaseUntil = { $add: [NOW, leaseMs] };
  if (isEnded(status as never)) Object.assign(set, endFields(endedTtlMs));
  return unset.length === 0 ? [{ $set: set }] : [{ $set: set }, { $unset: unset }];
}

/** Makes the head that of `claimed`. */
export function claimUpdate(claimed: ExecutionRecord, claimId: string): Pipeline {
  const { status, token, leaseUntil, updatedAt, owner } = claimed;
  const set = { status, token, leaseUntil, updatedAt, owner: { $literal: owner }, lastClaimId: { $literal: claimId } };
  const unset = ["wakeAt", "failureJson", "endedAt", "expiresAt", "forgetAt", "sweepingSince"];
  return [{ $set: set }, { $unset: unset }];
}

/** When what is left of an execution is forgotten whose parts are not all gone yet. */
export const NEVER = new Date("9999-01-01");
/** A hundred years: so that no sum of it and the time is beyond what a date can be. */
const LONGEST_TTL_MS = 36_500 * 24 * 3_600_000;

/** What an end adds to the head. Where ended executions expire, the parts are to be seen to next (see expiry.ts). */
function endFields(endedTtlMs: number | undefined, endedAt: number | typeof NOW = NOW): Record<string, unknown> {
  if (endedTtlMs === undefined) return { endedAt };
  const ttl = Math.min(endedTtlMs, LONGEST_TTL_MS);
  return { endedAt, expiresAt: { $add: [endedAt, ttl] }, sweepingSince: NOW, forgetAt: NEVER };
}

/** What a deleted execution leaves for a while. Its fields are those that a later creation and a sweep need. */
export function deleteUpdate(callId: string): Pipeline {
  return [
    {
      $replaceWith: {
        _id: "$_id",
        executionId: "$executionId",
        incarnation: "$incarnation",
        token: "$token",
        firstToken: "$firstToken",
        bornAt: "$bornAt",
        deletedBy: { $literal: callId },
        sweepingSince: NOW,
        forgetAt: NEVER,
      },
    },
  ];
}

/** The base of the next commit, as far as this store knows. */
export function nextBase(base: CommitBase, request: CommitRequest, tail: readonly KeptRecord[]): CommitBase {
  const { checkpoint, dropBefore, head } = request;
  return {
    incarnation: base.incarnation,
    token: base.token,
    version: base.version + 1,
    seq: checkpoint === undefined ? base.seq : base.seq + 1,
    firstSeq: Math.max(base.firstSeq, dropBefore ?? 0),
    checkpointsCount: base.checkpointsCount + (checkpoint === undefined || checkpoint.kind === "save" ? 0 : 1),
    status: head?.status ?? base.status,
    lastCommitId: request.commitId,
    tail,
  };
}
