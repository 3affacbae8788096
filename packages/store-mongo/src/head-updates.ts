import {
  type ClaimRequest,
  type CommitRequest,
  isEnded,
  type NewExecution,
  type WorkflowStatus,
} from "@waymark/core/store";
import { type Entry, type KeptRecord, madeAtOf, NOW } from "./documents.ts";
import { type Counters, claimChange, commitChange, newHeadFields, seenBy } from "./request-fields.ts";
import type { TailChange } from "./tail.ts";

/** The change that an `update` command makes to documents: a list of stages. */
export type Pipeline = Record<string, unknown>[];

/** The part of a head that a commit builds on. `token` and `version` together name one state of an execution. */
export interface CommitBase extends Counters {
  incarnation: string;
  token: number;
  lastCommitId?: string;
  tail: readonly KeptRecord[];
}

/** Returns the expression for the document's token, or for `other` if it is no token. */
function tokenOr(other: unknown) {
  const isToken = { $and: [{ $gte: ["$token", 0] }, { $lt: ["$token", Number.MAX_SAFE_INTEGER] }] };
  return { $toLong: { $cond: [isToken, "$token", other] } };
}

/**
 * Returns the update that makes a head if there is none, or in the place of a deleted one.
 *
 * - The token is the server's clock, or one more than the deleted execution's last: higher than any this id has had,
 *   as long as a deleted head is kept longer than a server's clock may be set back.
 */
export function createUpdate(
  execution: NewExecution,
  { entry, tail, endedTtlMs }: { entry: Entry; tail: readonly KeptRecord[]; endedTtlMs: number | undefined },
): Pipeline {
  const fields = newHeadFields(execution, entry);
  const token = { $max: [{ $add: [tokenOr(0), 1] }, NOW] };
  const end = isEnded(execution.status) ? endFields(endedTtlMs, { now: madeAtOf(entry) }) : {};
  return [
    {
      $replaceWith: { $mergeObjects: [fields, { token, firstToken: token, ...end }, { $literal: { tail } }] },
    },
  ];
}

/** Returns the update that makes of a head what it is after a commit. */
export function commitUpdate(
  base: CommitBase,
  request: CommitRequest,
  { change, endedTtlMs }: { change: TailChange; endedTtlMs: number | undefined },
): Pipeline {
  const { set, unset, status } = commitChange(base, request);
  if (change.appended === undefined) set.tail = { $literal: change.tail };
  else if (change.appended.length > 0) set.tail = { $concatArrays: ["$tail", { $literal: change.appended }] };
  if (isEnded(status as WorkflowStatus)) Object.assign(set, endFields(endedTtlMs, { endedAt: request.head?.endedAt }));
  return unset.length === 0 ? [{ $set: set }] : [{ $set: set }, { $unset: unset }];
}

/** Returns the update that claims a head for an owner, or ends it if the claim cancels. */
export function claimUpdate(request: ClaimRequest, endedTtlMs: number | undefined): Pipeline {
  const { set, unset } = claimChange(request);
  if (request.cancel !== undefined) Object.assign(set, endFields(endedTtlMs, {}));
  const ofEnd = ["endedAt", "expiresAt", "forgetAt", "sweepingSince"].filter((name) => !(name in set));
  return [{ $set: set }, { $unset: [...unset, ...ofEnd] }];
}

/** The `forgetAt` of a head whose parts are not all marked or removed yet. */
export const NEVER = new Date("9999-01-01");
/** A hundred years, so that the time plus this is still a valid date. */
const LONGEST_TTL_MS = 36_500 * 24 * 3_600_000;

/**
 * Returns the fields that an end adds to a head. If ended executions expire, their parts are marked next (expiry.ts).
 */
function endFields(
  endedTtlMs: number | undefined,
  { now = NOW, endedAt: given }: { now?: number | typeof NOW; endedAt?: number | undefined },
): Record<string, unknown> {
  const endedAt = given === undefined ? now : { $min: [given, now] };
  if (endedTtlMs === undefined) return { endedAt };
  const ttl = Math.min(endedTtlMs, LONGEST_TTL_MS);
  // Counted from the end in this store, so that an imported execution does not expire at once.
  return { endedAt, expiresAt: { $add: [now, ttl] }, sweepingSince: NOW, forgetAt: NEVER };
}

/** Returns the update that makes the mark of a deleted execution, with the fields that a creation and a sweep need. */
export function deleteUpdate(callId: string): Pipeline {
  return [
    {
      $replaceWith: {
        _id: "$_id",
        executionId: "$_id",
        incarnation: "$incarnation",
        // A token that cannot be read is at most the time.
        token: tokenOr(NOW),
        firstToken: "$firstToken",
        bornAt: "$bornAt",
        deletedBy: { $literal: callId },
        sweepingSince: NOW,
        forgetAt: NEVER,
      },
    },
  ];
}

/** Returns the base of the next commit, as far as this store knows. */
export function nextBase(base: CommitBase, request: CommitRequest, tail: readonly KeptRecord[]): CommitBase {
  const { checkpoints = [], dropBefore, head } = request;
  return {
    incarnation: base.incarnation,
    token: base.token,
    version: base.version + 1,
    seq: base.seq + checkpoints.length,
    firstSeq: Math.max(base.firstSeq, dropBefore ?? 0),
    checkpointsCount: base.checkpointsCount + seenBy(checkpoints),
    status: head?.status ?? base.status,
    lastCommitId: request.commitId,
    tail,
  };
}
