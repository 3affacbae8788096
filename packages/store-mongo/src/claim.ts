import { type ClaimRequest, claimRefusal, type ExecutionRecord, REFUSED, type Refused } from "@waymark/core/store";
import type { Call } from "./call.ts";
import type { LiveHead } from "./documents.ts";
import { type EndedExpiry, isPresent, keepParts } from "./expiry.ts";
import { claimUpdate } from "./head-updates.ts";
import type { KnownBases } from "./known-bases.ts";
import { readHead } from "./read-head.ts";
import { toStoredHead, toWholeRecord } from "./stored-head.ts";

interface ClaimContext {
  call: Call;
  collection: string;
  known: KnownBases;
  expiry: EndedExpiry;
  endedTtlMs: number | undefined;
}

/**
 * Claims an execution, or ends it if the claim cancels.
 *
 * - The head is read first, so that a damaged one is not changed. The claim itself is one step that names neither the
 *   version nor the token that was read: it claims the head in whatever state commits have left it by then.
 */
export async function claim(
  { call, collection, known, expiry, endedTtlMs }: ClaimContext,
  id: string,
  request: ClaimRequest,
): Promise<ExecutionRecord | Refused> {
  const head = await readHead(call, collection, id);
  if (!isPresent(head)) return { refused: true, head: null };
  const stored = toStoredHead(head);
  const isRepeated = head.lastClaimId === request.claimId;
  if (isRepeated || claimRefusal(id, stored.record, request, stored.record.readAt) !== undefined) {
    return { refused: true, head: stored };
  }
  const kept = await keepParts(call, collection, head);
  if (kept === undefined) return REFUSED;
  const q = {
    _id: id,
    executionId: id,
    incarnation: head.incarnation,
    ...grantable(request, stored.record.readAt),
    ...kept,
  };
  const claimed = await call.findAndUpdate<LiveHead>(collection, q, claimUpdate(request, endedTtlMs));
  if (claimed === undefined) return REFUSED;
  known.set(id, claimed);
  const record = toWholeRecord({ ...claimed, now: claimed.updatedAt });
  const { token, version, status } = record;
  if (request.cancel !== undefined) await expiry.afterEnd(call, status, { id, token, version });
  return record;
}

/** Selects a head that may be claimed, by the times that have already passed at `now`. */
function grantable({ claimId, from, force }: ClaimRequest, now: number): object {
  const isNew = { lastClaimId: { $ne: claimId } };
  if (force === true || !from.includes("running")) return { ...isNew, status: { $in: from } };
  const others = from.filter((status) => status !== "running");
  // A lease that had lapsed at `now`, and has not been renewed since, has lapsed.
  return { ...isNew, $or: [{ status: { $in: others } }, { status: "running", leaseUntil: { $not: { $gt: now } } }] };
}
