import type { CommitRequest } from "@waymark/core";
import { encodeHeadUpdate, encodeRecord } from "./heads.ts";

/** What the script of a commit answers. */
export type CommitAnswer =
  | ["done"]
  /** Done, and the execution has left this status, where its entry had this stamp. */
  | ["changed", string, string]
  | ["missing"]
  /** Nothing was changed; the head says why. */
  | ["refused", string[]]
  | ["no-snapshot"]
  /** It would be granted, once there is an index entry with this creation time. */
  | ["index", string];

/** The arguments of the script, given the creation time with which an index entry was made, or "". */
export function encodeCommit(request: CommitRequest, endedTtlMs: string): (prepared: string) => string[] {
  const { commitId, token, version, checkpoint, head, leaseMs, dropBefore } = request;
  const { removed, set } = encodeHeadUpdate(head);
  const record = checkpoint === undefined ? "" : encodeRecord(checkpoint);
  return (prepared) => [
    commitId,
    String(token),
    String(version),
    record,
    checkpoint?.kind ?? "",
    leaseMs === undefined ? "" : String(leaseMs),
    dropBefore === undefined ? "" : String(dropBefore),
    head?.status ?? "",
    prepared,
    endedTtlMs,
    String(removed.length),
    ...removed,
    ...set,
  ];
}
