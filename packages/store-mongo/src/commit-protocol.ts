import { randomUUID } from "node:crypto";
import { type CommitRequest, commitRefusal, notFound, WorkflowError } from "@waymark/core";
import type { Document } from "mongodb";
import { type HeadDocument, isLive, partRange } from "./documents.ts";
import { expirePartsMadeLate, isExpired } from "./expiry.ts";
import { type CommitBase, commitUpdate, nextBase } from "./head-updates.ts";
import type { KnownBases } from "./known-bases.ts";
import { keepsChanging, readHead } from "./read-head.ts";
import { findRecord } from "./read-records.ts";
import type { Call, UpdateStatement } from "./session.ts";
import { damaged, usableRecord } from "./stored-head.ts";
import { type Addition, addition, changeTail } from "./tail.ts";

/*
 * A commit is one statement: the head moves from (token, version) to version + 1, with the new record at the end of its
 * tail. A single document changes, so it happens as a whole or not at all, and of several writers one finds the head as
 * it must be. Now and then the same ordered command makes something else first:
 *
 *   - A segment, where the tail is full: the tail's records, which the same statement then takes out of the head. All of
 *     them are committed, so a segment whose commit came to nothing says nothing but the truth. Readers prefer the tail.
 *   - A part for a record that is too large for the tail, under a name that no other call uses. The record in the tail
 *     names it; a part that no record names is not read. Who made it in vain removes it.
 *
 * Where a writer dies before it has seen to a part that it made in vain, the part takes up room until the execution is
 * deleted or expires; or for ever, if it was made later than that.
 *
 * The records of a state (token, version) are always the same, so a writer that has seen it once need not read it again.
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
  const callKey = randomUUID();
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const base: CommitBase | Done = guess ?? (await look(context, id, request, sent));
    if ("doneIn" in base) return drop(context, id, { incarnation: base.doneIn, firstSeq: 0 }, request);
    guess = undefined;
    const { statements, next, added } = plan(id, base, { request, callKey, endedTtlMs });
    const reply = await call.update(collection, statements);
    if (!reply.isTaken && reply.n === statements.length) {
      known.set(id, next);
      return drop(context, id, base, request);
    }
    known.forget(id);
    sent = { base, parts: statements.slice(0, -1).map(({ q }) => q), large: added?.part?.q };
    if (looks > 2) await pause(looks);
  }
  throw keepsChanging(id);
}

interface Plan {
  statements: UpdateStatement[];
  next: CommitBase;
  added: Addition | undefined;
}

function plan(
  id: string,
  base: CommitBase,
  { request, callKey, endedTtlMs }: { request: CommitRequest; callKey: string; endedTtlMs: number | undefined },
): Plan {
  const { token, version, checkpoint, commitId } = request;
  const place = { id, incarnation: base.incarnation, token };
  const added = checkpoint && addition(place, { seq: base.seq + 1, commitId, callKey }, checkpoint);
  const firstSeq = Math.max(base.firstSeq, request.dropBefore ?? 0);
  const change = changeTail(place, base.tail, { firstSeq, added: added?.record });
  const u = commitUpdate(base, request, { change, endedTtlMs });
  // The tail is the one thing that is built on in place: if others have damaged it, the head is looked at first.
  const head = { q: { _id: id, executionId: id, token, version, tail: { $size: base.tail.length } }, u };
  const statements = [change.segment, added?.part, head].filter((statement) => statement !== undefined);
  return { statements, next: nextBase(base, request, change.tail), added };
}

/** Reads what to build on; first deals with what this commit has sent already. */
async function look(
  context: CommitContext,
  id: string,
  request: CommitRequest,
  sent: Sent | undefined,
): Promise<CommitBase | Done> {
  const head = await readHead(context.call, context.collection, id);
  if (sent !== undefined && (await settleSent(context, head, sent, request))) return { doneIn: sent.base.incarnation };
  return judge(context, id, head, request);
}

/** The commit has taken effect already, in this incarnation. */
interface Done {
  doneIn: string;
}

/** What was sent: on top of what, and the parts that it may have made. */
interface Sent {
  base: CommitBase;
  parts: Document[];
  /** The one of them that nobody else can have made. */
  large: Document | undefined;
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

/**
 * Whether the head that was found, or the history behind it, has what was sent. Sees to parts that were made in vain.
 *
 * - Where others have dropped the record meanwhile, it tells no; then the commit is refused though it took effect.
 */
async function settleSent(
  { call, collection }: CommitContext,
  head: HeadDocument | undefined,
  { base, parts, large }: Sent,
  { commitId, checkpoint }: CommitRequest,
): Promise<boolean> {
  const removeVain = (vain: Document[]) => (vain.length === 0 ? undefined : call.delete(collection, vain).catch(noop));
  if (!isLive(head) || head.incarnation !== base.incarnation) {
    await removeVain(parts);
    return false;
  }
  // An earlier send may still come to its effect.
  if (head.token === base.token && head.version === base.version) return false;
  const record = checkpoint && (await findRecord(call, collection, head, base.seq + 1));
  if (large !== undefined && record?.large !== large._id) await removeVain([large]);
  if (parts.length > 0 && head.expiresAt !== undefined) await expirePartsMadeLate(call, collection, head);
  return head.lastCommitId === commitId || record?.commitId === commitId;
}

/** What to build on, if the head allows the commit. */
async function judge(
  context: CommitContext,
  id: string,
  head: HeadDocument | undefined,
  request: CommitRequest,
): Promise<CommitBase | Done> {
  const { call, collection } = context;
  if (!isLive(head)) throw notFound(id);
  if (head.lastCommitId === request.commitId) return { doneIn: head.incarnation };
  if (isExpired(head)) throw notFound(id);
  const refusal = commitRefusal(id, usableRecord(head), request);
  if (refusal !== undefined) throw refusal;
  const { dropBefore } = request;
  if (dropBefore === undefined || dropsToNewSnapshot(head, request)) return head;
  const isKept = dropBefore >= head.firstSeq && dropBefore <= head.seq;
  const record = isKept ? await findRecord(call, collection, head, dropBefore) : undefined;
  if (record?.kind === "snapshot") return head;
  // Gone since the head was read? Then there is another reason.
  const now = await readHead(call, collection, id);
  if (!isLive(now) || now.token !== head.token || now.version !== head.version) {
    return judge(context, id, now, request);
  }
  if (isKept && record === undefined) throw damaged(id);
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `dropBefore must be the number of a snapshot, which ${dropBefore} is not.`,
    {
      executionId: id,
      details: { argument: "dropBefore", dropBefore },
    },
  );
}

/** Removes the records that a commit has dropped. If it is kept from that, the next one does it: nobody reads them. */
async function drop(
  { call, collection }: CommitContext,
  id: string,
  { incarnation, firstSeq }: Pick<CommitBase, "incarnation" | "firstSeq">,
  { dropBefore = 0 }: CommitRequest,
): Promise<void> {
  if (dropBefore <= firstSeq) return;
  await call.delete(collection, [partRange(id, incarnation, 0, dropBefore - 1)]).catch(noop);
}

/** Others are at it: let them finish, a little longer each time. */
async function pause(looks: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(100, 2 ** looks)));
}

function noop(): void {}
