import { notFound, type ReadCheckpointsOptions } from "@waymark/core";
import { keepsChanging, readHead } from "./commit-protocol.ts";
import { type SlotDocument, slotRange } from "./documents.ts";
import { isPresent } from "./expiry.ts";
import type { Call } from "./session.ts";

/** How often to look again where records were dropped while they were read. */
const MAX_LOOKS = 20;

/** Reads the records that the head covers: every one in the range, or none of those of an older head. */
export async function readSlots(
  call: Call,
  collection: string,
  id: string,
  { from = 0, to = Number.MAX_SAFE_INTEGER, limit = Number.MAX_SAFE_INTEGER, order = "asc" }: ReadCheckpointsOptions,
): Promise<SlotDocument[]> {
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const head = await readHead(call, collection, id);
    if (!isPresent(head)) throw notFound(id);
    const ascending = order === "asc";
    let first = Math.max(from, head.firstSeq);
    let last = Math.min(to, head.seq);
    if (ascending) last = Math.min(last, first + limit - 1);
    else first = Math.max(first, last - limit + 1);
    const count = last - first + 1;
    if (count < 1) return [];
    const sort = { _id: ascending ? 1 : -1 } as const;
    const filter = slotRange(id, head.incarnation, first, last);
    const slots = await call.find<SlotDocument>(collection, filter, { sort, projection: { move: 0 } });
    // Fewer: a commit has dropped some since, or the execution was deleted. Then the head says otherwise by now.
    if (slots.length === count) return slots;
  }
  throw keepsChanging(id);
}
