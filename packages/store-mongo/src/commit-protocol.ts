import { randomUUID } from "node:crypto";
import { type CommitRequest, commitRefusal, isEnded, notFound, WorkflowError } from "@waymark/core";
import { type HeadDocument, isLive, partRange, toRecord } from "./documents.ts";
import { isExpired } from "./expiry.ts";
import { type CommitBase, commitUpdate, nextBase } from "./head-updates.ts";
import type { KnownBases } from "./known-bases.ts";
import { keepsChanging, readHead } from "./read-head.ts";
import { findRecord } from "./read-records.ts";
import type { Call, UpdateStatement } from "./session.ts";
import { type Addition, addition, changeTail } from "./tail.ts";

/*
 * A commit is one statement: the head moves from (token, version) to version + 1, with the new record at the end of its
 * tail. A single document changes, so it happens as a whole or not at all, and of several writers one finds the head as
 * it must be. Now and then the same ordered command makes something else first:
 *
 *   - A segment, where the tail is full: the tail's records, which the same statement then takes out of the head. All of
 *     them are committed, so a segment whose commit came to nothing says nothing but the truth. Readers prefer the tail.
 *   - A part for a record that is too large for the tail, under a name that no other call uses. The record in the tail
 *     names it; a part that no record names is not read. Who made it in vain removes it; where it dies before that, the
 *     part takes up room until the execution is deleted, or for ever if it was made later than that.
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
    const base: CommitBase | "done" = guess ?? (await look(context, id, request, sent));
    if (base === "done") return;
    guess = undefined;
    const { statements, next, added } = plan(id, base, { request, callKey, endedTtlMs });
    const reply = await call.update(collection, statements);
    if (!reply.isTaken && reply.n === statements.length) {
      keep(known, id, next);
      await drop(context, id, base, request);
      return;
    }
    known.forget(id);
    sent = { base, parts: statements.slice(0, -1).map(({ q }) => q), large: added?.record.large };
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
  const head = { q: { _id: id, executionId: id, token, version }, u };
  const statements = [change.segment, added?.part, head].filter((statement) => statement !== undefined);
  return { statements, next: nextBase(base, request, change.tail), added };
}

/** Reads what to build on; first deals with what this commit has sent already. */
async function look(
  context: CommitContext,
  id: string,
  request: CommitRequest,
  sent: Sent | undefined,
): Promise<CommitBase | "done"> {
  const head = await readHead(context.call, context.collection, id);
  if (sent !== undefined && (await hasTakenEffect(context, head, sent, request))) return "done";
  return judge(context, id, head, request);
}

/** What was sent: on top of what, and the parts that it may have made. */
interface Sent {
  base: CommitBase;
  parts: object[];
  /** The one of them that nobody else can have made. */
  large: string | undefined;
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

/** Whether the head that was found, or the history behind it, has what was sent. Removes what was made in vain. */
async function hasTakenEffect(
  { call, collection }: CommitContext,
  head: HeadDocument | undefined,
  { base, parts, large }: Sent,
  { commitId, checkpoint }: CommitRequest,
): Promise<boolean> {
  if (!isLive(head) || head.incarnation !== base.incarnation) {
    if (parts.length > 0) await call.delete(collection, parts);
    return false;
  }
  // An earlier send may still come to its effect.
  if (head.token === base.token && head.version === base.version) return false;
  const record = checkpoint && (await findRecord(call, collection, head, base.seq + 1));
  if (large !== undefined && record?.large !== large) {
    await call.delete(collection, [{ _id: large, executionId: head.id }]);
  }
  return head.lastCommitId === commitId || record?.commitId === commitId;
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
  if (isKept && (await findRecord(call, collection, head, dropBefore))?.kind === "snapshot") return head;
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

/** Removes the records that a commit has dropped. If it is kept from that, the next one does it: nobody reads them. */
async function drop({ call, collection }: CommitContext, id: string, base: CommitBase, request: CommitRequest) {
  const { dropBefore = 0 } = request;
  if (dropBefore <= base.firstSeq) return;
  await call.delete(collection, [partRange(id, base.incarnation, 0, dropBefore - 1)]).catch(() => {});
}

function keep(known: KnownBases, id: string, base: CommitBase): void {
  if (base.status === "suspended" || isEnded(base.status as never)) known.forget(id);
  else known.set(id, base);
}

/** Others are at it: let them finish, a little longer each time. */
async function pause(looks: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(100, 2 ** looks)));
}
