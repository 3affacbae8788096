import type { WorkflowStatus } from "@waymark/core/store";
import type { Head } from "./heads.ts";

/*
 * The order in which index entries come and go, in a cluster as on one server:
 *
 *   create   take a token, add the entries with the token as stamp, make the head
 *   claim, commit that change the status, commit that sets a first wakeAt or an earlier one, or an earlier end of the lease
 *            add the entries with the head's `token.version` as stamp, change the head, remove the old entries
 *            (a cancel and a claim by force: the token and the highest version there can be)
 *   delete   remove the head, remove the entries
 *
 * A head that changes names the stamp of its entry. So a crash in between leaves entries too many, never too few. A
 * process that removes an entry removes only that one: an entry that is made later has another stamp.
 */

/** One entry of an index. */
export interface IndexEntry {
  /** The index. */
  key: string;
  id: string;
  stamp: string;
  /** The score. */
  time: number;
}

/** The fields that identify an entry. */
export type Removal = Pick<IndexEntry, "key" | "id" | "stamp">;

/** The stamps of entries in the indexes of a status and of executions that have a `wakeAt`. */
export interface Stamps {
  status?: WorkflowStatus;
  statusStamp: string;
  /** The stamp, or "" for none. */
  wakeStamp: string;
}

/** A verdict on an entry, by the head that was read after it. */
export type EntryVerdict =
  /** It is in force, or may still come into force: its writer may be between its two steps. */
  | "keep"
  /** No head will ever name it. */
  | "remove"
  /** No head names it, unless the execution that it was made for is being created just now. */
  | "unborn";

export function memberOf(id: string, stamp: string): string {
  return `${id}\0${stamp}`;
}

export function parseMember(key: string, member: string, score: string): IndexEntry {
  const end = member.indexOf("\0");
  return { key, id: member.slice(0, end), stamp: member.slice(end + 1), time: Number(score) };
}

/** The field of a head that names its entry in an index which the execution may leave; none for other indexes. */
export type StampField = "statusStamp" | "wakeStamp" | undefined;

/** Judges an entry of an index which the execution may leave, or of one that it is in from creation to deletion. */
export function judgeEntry(stamp: string, field: StampField, head: Head | undefined): EntryVerdict {
  const [token, version] = stamp.split(".") as [string, string | undefined];
  if (version === undefined) {
    if (head?.creationStamp !== token) return "unborn";
    return field !== undefined && head[field] !== stamp ? "remove" : "keep";
  }
  if (head === undefined) return "remove";
  if (field !== undefined && head[field] === stamp) return "keep";
  const { record } = head;
  const isPast = record.token > Number(token) || (record.token === Number(token) && record.version > Number(version));
  return isPast ? "remove" : "keep";
}

/** Returns the latest time at which an entry was made, by its token, which is at least the clock in microseconds. */
export function madeAtMs({ stamp }: IndexEntry): number {
  return Number.parseInt(stamp, 10) / 1_000;
}
