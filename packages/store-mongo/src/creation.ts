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
import { isLive, madeAtOf, newEntry, wholeRange } from "./documents.ts";
import { type EndedExpiry, isPresent } from "./expiry.ts";
import { createUpdate } from "./head-updates.ts";
import { readHead } from "./read-head.ts";
import { toStoredHead, toWholeRecord } from "./stored-head.ts";
import { additions } from "./tail.ts";

/** The most reads of an id that keeps changing. */
const MAX_LOOKS = 20;

interface CreateContext extends CommitContext {
  expiry: EndedExpiry;
}

/** Makes an execution, or returns a refusal with the one that has its id, which this same call may have made before. */
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
    // Made before the head, so that no head exists without them.
    const before = [{ q: { _id, executionId }, u: { $setOnInsert: rest }, upsert: true }, ...added.parts];
    // A head that exists, or the mark of this very execution after its deletion, does not match, so its _id is taken.
    const q = { _id: id, executionId: id, deletedBy: { $exists: true }, incarnation: { $ne: incarnation } };
    const u = createUpdate(execution, { entry, tail: added.records, endedTtlMs });
    const { isTaken, wasResent } = await call.update(collection, [...before, { q, u, upsert: true }]);
    const head = await readHead(call, collection, id);
    if (head?.incarnation === incarnation) {
      const { firstToken, bornAt, token, version } = head;
      // It was deleted meanwhile; a second send may have made its entry and part again after that.
      if (!isLive(head)) await call.delete(collection, [wholeRange(id, incarnation)]).catch(() => {});
      await expiry.afterEnd(call, execution.status, { id, token: firstToken, version: 0 });
      // Others may have claimed or deleted it since. This call returns its first state.
      if (!isLive(head) || token !== firstToken || version !== 0) {
        return structuredClone(createdHead(execution, firstToken, bornAt));
      }
      known.set(id, head);
      const record = toWholeRecord(head);
      if (record.unreadable !== undefined) throw damagedExecution(id, record.unreadable);
      return record;
    }
    // Unless an earlier send may still make the head, which needs its entry and its snapshot.
    if (!wasResent) await call.delete(collection, before.map(queryOf)).catch(() => {});
    // It was made and deleted, and others have made the id anew: their first token is above the one of this call.
    if (!isTaken && !wasResent && head !== undefined) {
      return structuredClone(createdHead(execution, head.firstToken - 1, madeAtOf(entry)));
    }
    if (isPresent(head)) return { refused: true, head: toStoredHead(head) };
    // It has expired, and the server has not removed it yet.
    if (isLive(head)) await deleteExecutions(call, collection, [{ id, version: head.version, token: head.token }]);
    // Either the execution that had the id is gone, and this one can be made; or this one is, and must not be made
    // twice.
    if (wasResent || !isTaken) break;
  }
  throw keepsChanging(id);
}

function queryOf({ q }: UpdateStatement): Document {
  return q;
}
