import { type CommitRequest, commitRefusal, isEnded, type NewCheckpoint, notFound, WorkflowError } from "@waymark/core";
import {
  type HeadDocument,
  isLive,
  type Move,
  NOW,
  type SlotDocument,
  slotContent,
  slotId,
  toRecord,
} from "./documents.ts";
import { isExpired } from "./expiry.ts";
import { type CommitBase, commitUpdate, nextBase } from "./head-updates.ts";
import type { KnownBases } from "./known-bases.ts";
import type { Call, UpdateStatement } from "./session.ts";

/*
 * A commit is one ordered command of two statements:
 *
 *   1. the slot for the next number is made, with the commitId in it; if it is taken by another commit, the command stops;
 *   2. the head moves from (token, version) to version + 1, and with it what readers see.
 *
 * The second decides. What can be left between the two is a slot that no head covers, and nobody reads it:
 *
 *   - A slot is only made by who saw the head at its (token, version), so only the one number after the head's is ever
 *     taken in advance, and by a commit that either still may move the head or, once the head has another token or
 *     version, never will: both only rise.
 *   - Where it still may, whoever finds the slot moves the head on its behalf (the slot holds the update) and takes the
 *     next state from there. So a server's death between the statements blocks nobody.
 *   - Where it never will, whoever finds the slot replaces it, and who made it removes it: each only while it still holds
 *     the commitId that was seen.
 */

/** How often to look again at an execution that keeps changing. */
const MAX_LOOKS = 20;

export interface CommitContext {
  call: Call;
  collection: string;
  known: KnownBases;
  /** How long what ends is kept; for ever if absent. */
  endedTtlMs: number | undefined;
}

/** Commits, or says why it cannot. */
export async function commit(context: CommitContext, id: string, request: CommitRequest): Promise<void> {
  const { call, collection, known, endedTtlMs } = context;
  let guess = usable(known.get(id), request);
  let sent: Sent | undefined;
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const base: CommitBase | "done" = guess ?? (await look(context, id, request, sent));
    if (base === "done") return;
    guess = undefined;
    const statements = statementsOf(id, base, { request, endedTtlMs });
    const reply = await call.update(collection, statements);
    if (!reply.isTaken && reply.n === statements.length) {
      keep(known, id, nextBase(base, request));
      await drop(context, id, base, request);
      return;
    }
    known.forget(id);
    const slot = request.checkpoint === undefined ? undefined : slotId(id, base.incarnation, base.seq + 1);
    if (slot !== undefined && reply.isTaken) await settleSlot(context, slot, id);
    sent = { base, slot };
    if (looks > 2) await pause(looks);
  }
  throw keepsChanging(id);
}

/** Reads what to build on; first deals with what this commit has sent already. */
async function look(context: CommitContext, id: string, request: CommitRequest, sent: Sent | undefined) {
  const head = await readHead(context.call, context.collection, id);
  if (sent !== undefined) {
    if (await hasTakenEffect(context, head, sent, request)) return "done";
    await withdraw(context, head, sent, request);
  }
  return judge(context, id, head, request);
}

export async function readHead(call: Call, collection: string, id: string): Promise<HeadDocument | undefined> {
  const [head] = await call.aggregate<HeadDocument>(collection, [
    { $match: { _id: id, executionId: id } },
    { $limit: 1 },
    { $set: { now: NOW } },
  ]);
  return head;
}

export function keepsChanging(id: string): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", `Execution "${id}" changed each time it was looked at.`, {
    executionId: id,
    details: { reason: "conflict" },
  });
}

/** What was sent: on top of what, and the slot that it may have made. */
interface Sent {
  base: CommitBase;
  slot: string | undefined;
}

function usable(base: CommitBase | undefined, request: CommitRequest): CommitBase | undefined {
  if (base === undefined || base.token !== request.token || base.version !== request.version) return undefined;
  if (base.lastCommitId === request.commitId) return undefined;
  // Which snapshots are there is for the database to say.
  return request.dropBefore === undefined || dropsToNewSnapshot(base, request) ? base : undefined;
}

function dropsToNewSnapshot(base: CommitBase, { checkpoint, dropBefore }: CommitRequest): boolean {
  return checkpoint?.kind === "snapshot" && dropBefore === base.seq + 1;
}

function statementsOf(
  id: string,
  base: CommitBase,
  { request, endedTtlMs }: { request: CommitRequest; endedTtlMs: number | undefined },
): UpdateStatement[] {
  const { token, version, checkpoint } = request;
  const u = commitUpdate(base, request, endedTtlMs);
  const move = { q: { _id: id, executionId: id, token, version }, u };
  if (checkpoint === undefined) return [move];
  const { commitId, head, leaseMs, dropBefore } = request;
  const content = slotContent(checkpoint, base.seq + 1, { head, leaseMs, dropBefore } as Move);
  const q = { _id: slotId(id, base.incarnation, base.seq + 1), executionId: id, commitId, token, version };
  return [{ q, u: { $setOnInsert: content }, upsert: true }, move];
}

/** Whether the head that was found, or the history behind it, has what was sent. */
async function hasTakenEffect(
  { call, collection }: CommitContext,
  head: HeadDocument | undefined,
  { base, slot }: Sent,
  { commitId }: CommitRequest,
): Promise<boolean> {
  if (!isLive(head) || head.incarnation !== base.incarnation) return false;
  if (head.lastCommitId === commitId) return true;
  // Another may have moved the head on behalf of this commit, and others have built on it since.
  if (slot === undefined || head.seq <= base.seq || head.firstSeq > base.seq + 1) return false;
  const [found] = await call.find(collection, { _id: slot, executionId: head.executionId, commitId }, { limit: 1 });
  return found !== undefined;
}

/** Removes a slot that was made in vain: the head has left the state that it was for, and does not cover it. */
async function withdraw(
  { call, collection }: CommitContext,
  head: HeadDocument | undefined,
  { base, slot }: Sent,
  request: CommitRequest,
): Promise<void> {
  if (slot === undefined) return;
  const isSameLife = isLive(head) && head.incarnation === base.incarnation;
  if (isSameLife && head.token === base.token && head.version === base.version) return;
  if (isSameLife && head.seq > base.seq && head.firstSeq <= base.seq + 1) return;
  const executionId = slot.slice(0, slot.indexOf("\u0000"));
  await call.delete(collection, [{ _id: slot, executionId, commitId: request.commitId }]);
}

/** What to build on, if the head allows the commit. */
async function judge(
  context: CommitContext,
  id: string,
  head: HeadDocument | undefined,
  request: CommitRequest,
): Promise<CommitBase | "done"> {
  const { call, collection } = context;
  if (!isLive(head)) throw notFound(id);
  if (head.lastCommitId === request.commitId) return "done";
  if (isExpired(head)) throw notFound(id);
  const refusal = commitRefusal(id, toRecord(head), request);
  if (refusal !== undefined) throw refusal;
  const { dropBefore } = request;
  if (dropBefore === undefined || dropsToNewSnapshot(head, request)) return head;
  const isKept = dropBefore >= head.firstSeq && dropBefore <= head.seq;
  const filter = { _id: slotId(id, head.incarnation, dropBefore), executionId: id, kind: "snapshot" };
  const found = isKept ? await call.find(collection, filter, { limit: 1, projection: { _id: 1 } }) : [];
  if (found.length > 0) return head;
  // Gone since the head was read? Then there is another reason.
  const now = await readHead(call, collection, id);
  if (!isLive(now) || now.token !== head.token || now.version !== head.version) {
    return judge(context, id, now, request);
  }
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `dropBefore must be the number of a snapshot, which ${dropBefore} is not.`,
    {
      executionId: id,
      details: { argument: "dropBefore", dropBefore },
    },
  );
}

/** Deals with a slot that another commit has taken: does the rest of that commit, or frees the slot. */
async function settleSlot({ call, collection, endedTtlMs }: CommitContext, slotKey: string, id: string): Promise<void> {
  const [slot] = await call.find<SlotDocument>(
    collection,
    { _id: slotKey, executionId: id },
    { limit: 1, projection: { payload: 0 } },
  );
  if (slot === undefined) return;
  const { token, version, commitId, kind } = slot;
  const head = await readHead(call, collection, id);
  if (!isLive(head)) return;
  if (head.token === token && head.version === version) {
    const move = JSON.parse(slot.move) as Move;
    // Of its checkpoint, the kind is all that the head is told.
    const request = { ...move, commitId, token, version, checkpoint: { kind } as NewCheckpoint };
    const u = commitUpdate(head, request, endedTtlMs);
    await call.update(collection, [{ q: { _id: id, executionId: id, token, version }, u }]);
    return;
  }
  const isCovered = slotKey <= slotId(id, head.incarnation, head.seq);
  if (!isCovered) await call.delete(collection, [{ _id: slotKey, executionId: id, commitId }]);
}

/** Removes the records that a commit has dropped. If it is kept from that, the next one does it: nobody reads them. */
async function drop({ call, collection }: CommitContext, id: string, base: CommitBase, request: CommitRequest) {
  const { dropBefore = 0 } = request;
  if (dropBefore <= base.firstSeq) return;
  const _id = { $gte: slotId(id, base.incarnation, 0), $lt: slotId(id, base.incarnation, dropBefore) };
  await call.delete(collection, [{ _id, executionId: id }]).catch(() => {});
}

function keep(known: KnownBases, id: string, base: CommitBase): void {
  if (base.status === "suspended" || isEnded(base.status as never)) known.forget(id);
  else known.set(id, base);
}

/** Others are at it: let them finish, a little longer each time. */
async function pause(looks: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(100, 2 ** looks)));
}
