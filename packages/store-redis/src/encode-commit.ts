import type { CommitRequest, WorkflowStatus } from "@waymark/core";
import { encodeHeadUpdate, encodeRecord } from "./heads.ts";

/** What the script of a commit answers. */
export type CommitAnswer =
  | ["done"]
  /**
   * Done, and entries are out of force: in the index of this status ("" for none) that with this stamp, and in the index
   * of those that have a `wakeAt` that with this one ("" for none).
   */
  | ["changed", WorkflowStatus | "", string, string]
  | ["missing"]
  /** Nothing was changed; the head says why. */
  | ["refused", string[]]
  | ["no-snapshot"]
  /** It would be granted, once there are index entries with this creation time: for the status, for the `wakeAt`. */
  | ["index", string, "status" | "", "wake" | ""];

/** The arguments of the script, given the creation time with which index entries were made, or "". */
export function encodeCommit(request: CommitRequest, endedTtlMs: string): (prepared: string) => string[] {
  const { commitId, token, version, checkpoint, head, leaseMs, dropBefore } = request;
  const { removed, set } = encodeHeadUpdate(head);
  const wakes = head?.wakeAt === undefined ? "" : head.wakeAt === null ? "clear" : "set";
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
    wakes,
    String(removed.length),
    ...removed,
    ...set,
  ];
}
