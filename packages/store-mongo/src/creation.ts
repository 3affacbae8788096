import { randomUUID } from "node:crypto";
import {
  createdHead,
  damagedExecution,
  type ExecutionRecord,
  keepsChanging,
  type NewExecution,
  type Refused,
} from "@waymark/core/store";
import type { Document } from "mongodb";
import type { UpdateStatement } from "./call.ts";
import type { CommitContext } from "./commit.ts";
import { deleteExecutions } from "./deletion.ts";
import { isLive, newEntry, wholeRange } from "./documents.ts";
import { type EndedExpiry, isPresent } from "./expiry.ts";
import { createUpdate } from "./head-updates.ts";
import { readHead } from "./read-head.ts";
import { toStoredHead, toWholeRecord } from "./stored-head.ts";
import { additions } from "./tail.ts";

/** How often to look again at an id that keeps changing. */
const MAX_LOOKS = 20;

interface CreateContext extends CommitContext {
  expiry: EndedExpiry;
}

/** Makes an execution, or returns the one that has its id: this very call may have made it before. */
export async function create(
  { call, collection, known, expiry, endedTtlMs }: CreateContext,
  execution: NewExecution,
): Promise<ExecutionRecord | Refused> {
  const { id, checkpoint } = execution;
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const entry = newEntry(execution, { incarnation: randomUUID(), now: await call.now() });
    const { incarnation } = entry;
    const place = { id, incarnation, token: 0 };
    const added = additions(place, { seq: 0, commitId: checkpoint.id, callKey: "" }, [checkpoint]);
    const { _id, executionId, ...rest } = entry;
    // Once there is a head, there is all of it.
    const before = [{ q: { _id, executionId }, u: { $setOnInsert: rest }, upsert: true }, ...added.parts];
    // If there is a head already, or what a deletion left of this very one, it does not match, and its _id is taken.
    const q = { _id: id, executionId: id, deletedBy: { $exists: true }, incarnation: { $ne: incarnation } };
    const u = createUpdate(execution, { entry, tail: added.records, endedTtlMs });
    const { isTaken, wasResent } = await call.update(collection, [...before, { q, u, upsert: true }]);
    const head = await readHead(call, collection, id);
    if (head?.incarnation === incarnation) {
      const { firstToken, bornAt, token, version } = head;
      // Deleted meanwhile, and perhaps before what was sent again has made its entry and part again.
      if (!isLive(head)) await call.delete(collection, [wholeRange(id, incarnation)]).catch(() => {});
      await expiry.afterEnd(call, execution.status, { id, token: firstToken, version: 0 });
      // Others may have claimed or deleted it since; this call made what it was at first.
      if (!isLive(head) || token !== firstToken || version !== 0) {
        return structuredClone(createdHead(execution, firstToken, bornAt));
      }
      known.set(id, head);
      const record = toWholeRecord(head);
      if (record.unreadable !== undefined) throw damagedExecution(id, record.unreadable);
      return record;
    }
    // An earlier send of it may be about to make the head, which must not be without its entry and its snapshot.
    if (!wasResent) await call.delete(collection, before.map(queryOf)).catch(() => {});
    if (isPresent(head)) return { refused: true, head: toStoredHead(head) };
    // Its time is over; only the server has not removed it yet.
    if (isLive(head)) await deleteExecutions(call, collection, [{ id, version: head.version, token: head.token }]);
    // The execution that was in the way is gone; or so is the one made here, which must not be made twice.
    if (wasResent || !isTaken) break;
  }
  throw keepsChanging(id);
}

function queryOf({ q }: UpdateStatement): Document {
  return q;
}
