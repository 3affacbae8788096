import { damagedExecution, type ExecutionRef, isEnded, type WorkflowStatus } from "@waymark/core/store";
import type { Call } from "./call.ts";
import { deleteExecutions, sweep, TOKENS_KEPT_MS } from "./deletion.ts";
import {
  entryId,
  type HeadDocument,
  isLive,
  type LargeRecord,
  type LiveHead,
  type Segment,
  wholeRange,
} from "./documents.ts";
import { NEVER, type Pipeline } from "./head-updates.ts";
import { History } from "./history.ts";
import { readHead } from "./read-head.ts";
import { isTime } from "./stored-head.ts";

/*
 * An ended execution expires when the server removes its head and its parts, each by its own `forgetAt` and in any
 * order. So a head must not be claimed while one of its parts may still go. What keeps the two together:
 *
 *   1. The commit that ends the execution sets `expiresAt` on the head, and `sweepingSince`, since its parts are not
 *      marked yet. From `expiresAt` on, by the server's clock, every reader treats the head as gone.
 *   2. The parts get their `forgetAt`; then the head gets its own, and `sweepingSince` is removed.
 *   3. A claim sets `sweepingSince` again, takes `forgetAt` off the parts, counts them, and only then moves the head.
 *
 * A process that is to change parts first reads the head's `expiryEpoch`, which is even if they go and odd if they
 * stay, and raises it if it is the other. It changes only parts of a lower epoch, sets its own on them, and moves the
 * head only from this epoch:
 *
 *   - A process that comes late, even years late, changes no part that a later epoch has reached, nor the head. A claim
 *     counts every part that the head covers as reached, so nothing can mark one of them once it is granted.
 *   - Processes that want the same share an epoch and do the same to the parts: one continues where another has
 *     stopped.
 *   - A part that is made after the claim has the claim's token, and none with a token above the ended head's is
 *     marked.
 *   - A process that dies between two steps leaves `sweepingSince`, with the `forgetAt` NEVER, by which the index finds
 *     it: the next process that ends an execution or opens a store lets it expire. Parts may be removed before that; by
 *     then the head counts as gone, too.
 *
 * Tokens: the head stays until an hour after the time that its token stands for, however soon it expires. A creation in
 * its place deletes it first, and so starts above its token; a creation after it has the server's clock, which is above
 * it. So an owner of the old life gets LEASE_LOST; and a part that it makes has another incarnation, so it is not read.
 */

/** Milliseconds for which work on parts is left to the process that has begun it. */
const ABANDONED_AFTER_MS = 60_000;
const FINISH_AT_ONCE = 100;

const IS_THERE = { $exists: true };
const EPOCH = { $ifNull: ["$expiryEpoch", 0] };
const IS_ODD = { $mod: [EPOCH, 2] };
/** This epoch if it is even, else the next one. A running execution has an odd epoch, or none. */
const TO_GO = { $add: [EPOCH, IS_ODD] };
/** This epoch if it is odd, else the next one. */
const TO_STAY = { $subtract: [{ $add: [EPOCH, 1] }, IS_ODD] };

/** One state of an ended execution. */
type EndedRef = Required<ExecutionRef>;
type Raised = LiveHead & { expiresAt: number; expiryEpoch: number };

/** Returns whether a head is that of an execution that is there: not of one that was deleted or has expired. */
export function isPresent(head: HeadDocument | undefined): head is LiveHead {
  return isLive(head) && !isExpired(head);
}

/** Returns whether a head that was read with the server's clock has expired. If its time cannot be read, it has not. */
export function isExpired({ expiresAt, now }: HeadDocument): boolean {
  return isTime(expiresAt) && now !== undefined && expiresAt <= now;
}

/** Selects, for a listing, heads that have not expired. */
export function notExpired(now: number) {
  return { expiresAt: { $not: { $gte: 0, $lte: now } } };
}

/**
 * Lets the executions that this store ends expire, and from time to time those that other processes left unfinished.
 */
export class EndedExpiry {
  readonly #collection: string;
  readonly #isOn: boolean;
  #finishedAt = 0;

  constructor(collection: string, endedTtlMs: number | undefined) {
    this.#collection = collection;
    this.#isOn = endedTtlMs !== undefined;
  }

  /** Marks an execution that has just ended for removal. If that fails, another process does it later. */
  async afterEnd(call: Call, status: WorkflowStatus | undefined, ref: EndedRef): Promise<void> {
    if (!this.#isOn || status === undefined || !isEnded(status)) return;
    await call.hasTimeFor(async () => {
      await letExpire(call, this.#collection, ref);
      if (performance.now() - this.#finishedAt > ABANDONED_AFTER_MS) await this.finishOthers(call);
    });
  }

  /** Finishes removals that were cut off, including those of deleted executions. */
  async finishOthers(call: Call): Promise<void> {
    this.#finishedAt = performance.now();
    const before = (await call.now()) - ABANDONED_AFTER_MS;
    const abandoned = { forgetAt: NEVER, sweepingSince: { $lte: before } };
    const seen = new Set<string>();
    for (;;) {
      const heads = await call.find<HeadDocument>(this.#collection, abandoned, { limit: FINISH_AT_ONCE });
      await sweep(
        call,
        this.#collection,
        heads.filter((head) => !isLive(head)),
      );
      const isDone = await call.hasTimeFor(async () => {
        // One that is damaged and cannot be finished does not prevent the others.
        for (const ended of heads.filter(isLive)) await letExpire(call, this.#collection, ended).catch(() => {});
      });
      const isNew = heads.some(({ _id }) => !seen.has(_id));
      for (const { _id } of heads) seen.add(_id);
      if (heads.length < FINISH_AT_ONCE || !isDone || !isNew) return;
    }
  }
}

/**
 * Ensures that the server removes no part of an ended head any more, before the head is claimed.
 *
 * - Returns what the claim must find in the head, or `undefined` if the head has changed meanwhile or has expired.
 *
 * @throws {WorkflowError} STATE_CORRUPT if parts are missing that the server cannot have removed
 */
export async function keepParts(call: Call, collection: string, head: LiveHead): Promise<object | undefined> {
  if (head.expiresAt === undefined) return { expiresAt: { $exists: false } };
  const raised = await raise(call, collection, { ...refQuery(head), expiresAt: IS_THERE }, TO_STAY);
  if (raised === undefined) return undefined;
  await changeParts(call, collection, raised, { $unset: { forgetAt: "" } });
  const { expiryEpoch } = raised;
  if (await hasAllParts(call, collection, raised, { expiryEpoch })) return { expiryEpoch };
  // Some are missing: another process has raised the epoch again, or the server has removed parts that have expired
  // since.
  if (await hasAllParts(call, collection, raised, {})) return undefined;
  const now = await readHead(call, collection, raised._id);
  // The server removes nothing before its time.
  if (isPresent(now) && now.expiryEpoch === expiryEpoch) throw damagedExecution(raised._id);
  await deleteExecutions(call, collection, [raised]);
  return undefined;
}

/** Returns whether the entry is selected, and every record that the head covers is selected or in the tail. */
async function hasAllParts(call: Call, collection: string, head: LiveHead, which: object): Promise<boolean> {
  const { _id, incarnation, firstSeq, seq, tail } = head;
  const filter = { ...wholeRange(_id, incarnation), ...which };
  const projection = { _id: 1, "records.seq": 1, "records.large": 1 };
  const parts = await call.find<Segment | LargeRecord>(collection, filter, { projection });
  const isListed = parts.some((part) => part._id === entryId(_id, incarnation));
  return isListed && new History(tail, parts).hasAll(firstSeq, seq);
}

/** Lets the parts expire that an earlier owner has made for an ended execution. If it cannot, they stay. */
export async function expirePartsMadeLate(call: Call, collection: string, head: LiveHead): Promise<void> {
  await call.hasTimeFor(() => letExpire(call, collection, head, { expiresAt: IS_THERE }));
}

async function letExpire(
  call: Call,
  collection: string,
  ref: EndedRef,
  which: object = { sweepingSince: IS_THERE },
): Promise<void> {
  const raised = await raise(call, collection, { ...refQuery(ref), ...which }, TO_GO);
  if (raised === undefined) return;
  const { expiresAt, expiryEpoch, token } = raised;
  // The server would take an invalid date for one in the past.
  if (!isTime(expiresAt) || !isTime(token)) return;
  await changeParts(call, collection, raised, { $set: { forgetAt: new Date(expiresAt) } });
  const forgetAt = new Date(Math.max(expiresAt, token + TOKENS_KEPT_MS));
  const u = [{ $set: { forgetAt } }, { $unset: ["sweepingSince"] }];
  await call.update(collection, [{ q: { ...refQuery(raised), expiryEpoch }, u }]);
}

async function raise(call: Call, collection: string, q: object, expiryEpoch: object): Promise<Raised | undefined> {
  const u: Pipeline = [{ $set: { expiryEpoch, sweepingSince: { $toLong: "$$NOW" }, forgetAt: NEVER } }];
  return call.findAndUpdate<Raised>(collection, q, u);
}

/** Changes the parts of one incarnation that no later epoch has reached and no later owner has made. */
async function changeParts(call: Call, collection: string, head: Raised, change: { $set?: object; $unset?: object }) {
  const { _id, incarnation, token, expiryEpoch } = head;
  const q = { ...wholeRange(_id, incarnation), token: { $lte: token }, expiryEpoch: { $not: { $gte: expiryEpoch } } };
  // Their token rises, so that an earlier owner that writes a part again does not remove its mark (see tail.ts).
  const u = { ...change, $set: { ...change.$set, expiryEpoch }, $max: { token } };
  await call.update(collection, [{ q, u, multi: true }]);
}

function refQuery({ id, token, version }: EndedRef) {
  return { _id: id, executionId: id, token, version };
}
