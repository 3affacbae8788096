import { randomUUID } from "node:crypto";
import type { ExecutionRef } from "@waymark/core/store";
import type { Call } from "./call.ts";
import { allRange, type HeadDocument, isIncarnation, namesIn, wholeRange } from "./documents.ts";
import { deleteUpdate } from "./head-updates.ts";

/*
 * A deletion has three steps: the head becomes the mark of a deleted execution, which no reader returns; the parts of
 * its incarnation are removed; the mark gets the date from which the server may remove it. A deletion that is cut off
 * between two steps is found by its `sweepingSince`, and finished by the next store that is opened (see expiry.ts).
 */

/** Milliseconds for which a deleted execution's last token is kept: longer than any server's clock is set back. */
export const TOKENS_KEPT_MS = 3_600_000;

/**
 * Deletes executions that are still at the version and token named, and returns their number.
 *
 * - A reference without a version deletes the execution in any state, even if its head lacks the shard key.
 */
export async function deleteExecutions(call: Call, collection: string, refs: readonly ExecutionRef[]): Promise<number> {
  const callId = randomUUID();
  const u = deleteUpdate(callId);
  const ids = [...new Set(refs.map((ref) => ref.id))];
  const isAny = refs.some(({ version }) => version === undefined);
  const inIds = { _id: { $in: ids }, ...(isAny ? {} : { executionId: { $in: ids } }) };
  const before = await call.find<HeadDocument>(collection, inIds, { projection: { incarnation: 1 } });
  const { n } = await call.update(
    collection,
    refs.map(({ id, version, token }) => {
      const shard = version === undefined ? {} : { executionId: id, version };
      const q = { _id: id, deletedBy: { $exists: false }, ...shard, ...(token === undefined ? {} : { token }) };
      return { q, u };
    }),
  );
  const after = await call.find<HeadDocument>(collection, inIds, { projection: { tail: 0 } });
  const marks = after.filter(({ deletedBy }) => deletedBy === callId);
  await sweep(call, collection, marks);
  await removeFormer(call, collection, { before, after });
  // The answer to the update may have been lost, and the update sent again, which then found nothing.
  return Math.max(n, marks.length);
}

/** Removes the parts of a deleted life whose mark a new life of the id has replaced already: nothing names them. */
async function removeFormer(
  call: Call,
  collection: string,
  { before, after }: { before: readonly HeadDocument[]; after: readonly HeadDocument[] },
): Promise<void> {
  const now = new Map(after.map(({ _id, incarnation }) => [_id, incarnation]));
  const isFormer = ({ _id, incarnation }: HeadDocument) => now.has(_id) && now.get(_id) !== incarnation;
  const former = before.filter((head) => isIncarnation(head.incarnation) && isFormer(head));
  if (former.length === 0) return;
  await call.delete(
    collection,
    former.map(({ _id, incarnation }) => wholeRange(_id, incarnation)),
  );
}

/** Removes the parts of deleted executions, and lets the server remove the marks. */
export async function sweep(call: Call, collection: string, marks: readonly HeadDocument[]): Promise<void> {
  if (marks.length === 0) return;
  const ranges = await Promise.all(marks.map((mark) => rangesOf(call, collection, mark)));
  if (ranges.flat().length > 0) await call.delete(collection, ranges.flat());
  const u = [{ $set: { forgetAt: { $add: ["$$NOW", TOKENS_KEPT_MS] } } }, { $unset: ["sweepingSince"] }];
  await call.update(
    collection,
    marks.map(({ _id, deletedBy }) => ({
      q: { _id, executionId: _id, deletedBy, sweepingSince: { $exists: true } },
      u,
    })),
  );
}

/** Selects what belongs to a deleted execution: of its incarnation, or of all if the head does not name one. */
async function rangesOf(call: Call, collection: string, { _id, incarnation }: HeadDocument) {
  if (isIncarnation(incarnation)) return [wholeRange(_id, incarnation)];
  const found = await call.find<{ _id: string }>(collection, allRange(_id), { projection: { _id: 1 } });
  const incarnations = new Set(found.map((part) => namesIn(part._id).incarnation));
  return [...incarnations].map((each) => wholeRange(_id, each));
}
