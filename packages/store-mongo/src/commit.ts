import { randomUUID } from "node:crypto";
import {
  bringsSnapshot,
  type CommitRequest,
  commitRefusal,
  damagedExecution,
  keepsChanging,
  type Refused,
} from "@waymark/core/store";
import type { Document } from "mongodb";
import type { Call, UpdateStatement } from "./call.ts";
import { type HeadDocument, isLive, type KeptRecord, partRange } from "./documents.ts";
import { expirePartsMadeLate, isExpired } from "./expiry.ts";
import { type CommitBase, commitUpdate, nextBase } from "./head-updates.ts";
import type { KnownBases } from "./known-bases.ts";
import { readHead } from "./read-head.ts";
import { findRecord } from "./read-records.ts";
import { inCommands } from "./size.ts";
import { toStoredHead } from "./stored-head.ts";
import { additions, changeTail } from "./tail.ts";

/*
 * A commit is one statement: the head moves from (token, version) to version + 1, with the new records at the end of
 * its tail. A single document changes, so it happens as a whole or not at all, and of several writers one finds the
 * head at the right version. Some commits make something else first, in the same ordered command:
 *
 *   - A segment, if the tail is full: the tail's records, which the same statement then takes out of the head. All of
 *     them are committed, so a segment is right even if the commit that made it failed. Readers prefer the tail.
 *     So the new records are never in it, however many they are: they stay in the tail until the next commit.
 *   - A part for each record that the tail has no room for, under a name that no other call uses. The record in the
 *     tail names it; a part that no record names is not read. A commit that fails removes the parts it made.
 *
 * If a writer dies after it has made a part and before its commit, the part takes up room until the execution is
 * deleted or expires, or forever if it was made later than that.
 *
 * The records of a state (token, version) are always the same, so a writer that has seen it once need not read it
 * again.
 */

/** The most reads of an execution that keeps changing. */
const MAX_LOOKS = 20;

export interface CommitContext {
  call: Call;
  collection: string;
  known: KnownBases;
  /** Milliseconds for which ended executions are kept; forever if `undefined`. */
  endedTtlMs: number | undefined;
}

/** Commits, or returns a refusal with the head that does not allow it. */
export async function commit(context: CommitContext, id: string, request: CommitRequest): Promise<Refused | undefined> {
  const { known, endedTtlMs } = context;
  let guess = usable(known.get(id), request);
  let sent: Sent | undefined;
  const callKey = randomUUID();
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const base: CommitBase | Refused | Done = guess ?? (await look(context, id, request, sent));
    if ("refused" in base) return base;
    if ("isDone" in base) return undefined;
    guess = undefined;
    const { statements, next, large } = plan(id, base, { request, callKey, endedTtlMs });
    if (await updateAll(context, statements)) {
      known.set(id, next);
      return drop(context, id, base, request);
    }
    known.forget(id);
    sent = { base, made: statements.slice(0, -1).map(({ q }) => q), large };
    if (looks > 2) await pause(looks);
  }
  throw keepsChanging(id);
}

interface Plan {
  /** The last statement is that of the head. */
  statements: UpdateStatement[];
  next: CommitBase;
  /** The records that have parts. */
  large: KeptRecord[];
}

function plan(
  id: string,
  base: CommitBase,
  { request, callKey, endedTtlMs }: { request: CommitRequest; callKey: string; endedTtlMs: number | undefined },
): Plan {
  const { token, version, checkpoints = [], commitId } = request;
  const place = { id, incarnation: base.incarnation, token };
  const firstSeq = Math.max(base.firstSeq, request.dropBefore ?? 0);
  // Records that the same commit drops are not written.
  const skipped = Math.max(0, firstSeq - base.seq - 1);
  const added = additions(place, { seq: base.seq + 1 + skipped, commitId, callKey }, checkpoints.slice(skipped));
  const change = changeTail(place, base.tail, { firstSeq, added: added.records });
  const u = commitUpdate(base, request, { change, endedTtlMs });
  // The tail is changed in place. If it was damaged, the statement does not match and the head is read first.
  const head = { q: { _id: id, executionId: id, token, version, tail: { $size: base.tail.length } }, u };
  const large = added.records.filter((record) => record.large !== undefined);
  return { statements: [...change.segments, ...added.parts, head], next: nextBase(base, request, change.tail), large };
}

/** Sends statements in order, in as many commands as their size requires. Returns whether each of them took effect. */
async function updateAll({ call, collection }: CommitContext, statements: UpdateStatement[]): Promise<boolean> {
  for (const some of inCommands(statements)) {
    const { isTaken, n } = await call.update(collection, some);
    if (isTaken || n !== some.length) return false;
  }
  return true;
}

/** Reads the head to build on, after it has settled what this commit has already sent. */
async function look(
  context: CommitContext,
  id: string,
  request: CommitRequest,
  sent: Sent | undefined,
): Promise<CommitBase | Refused | Done> {
  const head = await readHead(context.call, context.collection, id);
  if (sent !== undefined && (await settleSent(context, head, sent, request))) return { isDone: true };
  return judge(context, id, head, request);
}

/** The commit has already taken effect. The next commit that drops records removes those that this one dropped. */
interface Done {
  isDone: true;
}

/** A commit that was sent: its base, and what it may have made beside the head. */
interface Sent {
  base: CommitBase;
  made: Document[];
  /** The records whose parts only this call can have made. */
  large: KeptRecord[];
}

function usable(base: CommitBase | undefined, request: CommitRequest): CommitBase | undefined {
  if (base === undefined || base.token !== request.token || base.version !== request.version) return undefined;
  if (base.lastCommitId === request.commitId) return undefined;
  // Only the database knows which snapshots exist.
  return request.dropBefore === undefined || bringsSnapshot(base, request) ? base : undefined;
}

/**
 * Returns whether the head that was found, or its history, contains the commit that was sent. Removes parts that no
 * record names.
 *
 * - If others have dropped the records meanwhile, it returns false. Then the commit is refused although it took effect.
 */
async function settleSent(
  { call, collection }: CommitContext,
  head: HeadDocument | undefined,
  { base, made, large }: Sent,
  { commitId, checkpoints = [] }: CommitRequest,
): Promise<boolean> {
  const removeUnused = (unused: Document[]) =>
    unused.length === 0 ? undefined : call.delete(collection, unused).catch(noop);
  if (!isLive(head) || head.incarnation !== base.incarnation) {
    await removeUnused(made);
    return false;
  }
  // An earlier send may still take effect.
  if (head.token === base.token && head.version === base.version) return false;
  const find = (seq: number) => findRecord(call, collection, head, seq);
  // Looks for the last one, since `dropBefore` may have dropped those before it.
  const record = checkpoints.length > 0 ? await find(base.seq + checkpoints.length) : undefined;
  // Either all parts are named or none is: the same commit may also have been sent by another call, with parts of its
  // own.
  const [one] = large;
  const isUnused = one !== undefined && (await find(one.seq))?.large !== one.large;
  if (isUnused) await removeUnused(large.map((each) => ({ _id: each.large, executionId: head._id })));
  if (made.length > 0 && head.expiresAt !== undefined) await expirePartsMadeLate(call, collection, head);
  return head.lastCommitId === commitId || record?.commitId === commitId;
}

/** Returns the head to build on if it allows the commit, or a refusal. */
async function judge(
  context: CommitContext,
  id: string,
  head: HeadDocument | undefined,
  request: CommitRequest,
): Promise<CommitBase | Refused | Done> {
  const { call, collection } = context;
  if (!isLive(head)) return { refused: true, head: null };
  if (head.lastCommitId === request.commitId) return { isDone: true };
  if (isExpired(head)) return { refused: true, head: null };
  const stored = toStoredHead(head);
  if (commitRefusal(id, stored.record, request) !== undefined) return { refused: true, head: stored };
  const { dropBefore } = request;
  if (dropBefore === undefined || bringsSnapshot(head, request)) return head;
  const isKept = dropBefore >= head.firstSeq && dropBefore <= head.seq;
  const record = isKept ? await findRecord(call, collection, head, dropBefore) : undefined;
  if (record?.kind === "snapshot") return head;
  // If the record has gone since the head was read, there is another reason.
  const now = await readHead(call, collection, id);
  if (!isLive(now) || now.token !== head.token || now.version !== head.version) {
    return judge(context, id, now, request);
  }
  if (isKept && record === undefined) throw damagedExecution(id);
  return { refused: true, head: stored };
}

/** Removes the records that a commit has dropped. If that fails, the next such commit does it; nothing reads them. */
async function drop(
  { call, collection }: CommitContext,
  id: string,
  { incarnation, firstSeq }: Pick<CommitBase, "incarnation" | "firstSeq">,
  { dropBefore = 0 }: CommitRequest,
): Promise<undefined> {
  if (dropBefore <= firstSeq) return;
  await call.delete(collection, [partRange(id, incarnation, 0, dropBefore - 1)]).catch(noop);
}

/** Waits for other writers to finish, a little longer each time. */
async function pause(looks: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(100, 2 ** looks)));
}

function noop(): void {}
