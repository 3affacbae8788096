import { shownStatus } from "../state/incomplete-import.ts";
import { isoTime, waitingFor } from "../state/waiting.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { readStoredHead } from "../store/stored-records.ts";
import type { ExecutionSummary } from "./execution-queries.ts";

/** The fields of a head that cannot be read, by the store or by core. */
export function unreadableOf(head: ExecutionRecord): readonly string[] | undefined {
  return head.unreadable ?? readStoredHead(head).unreadable;
}

/** A head as people see it. One that cannot be read, in part, comes as far as it can. */
export function summarize(given: ExecutionRecord): ExecutionSummary {
  const unreadable = unreadableOf(given);
  const head = readStoredHead(given);
  const { createdAt, updatedAt, readAt, endedAt, leaseUntil, wakeAt, deadlineAt, waiting, ...rest } = head;
  const optional = { endedAt, leaseUntil, wakeAt, deadlineAt };
  return {
    ...rest,
    status: shownStatus(head),
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
    readAt: isoTime(readAt),
    ...Object.fromEntries(
      Object.entries(optional).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, isoTime(ms)]])),
    ),
    ...(waiting === undefined ? {} : { waiting: waiting.map(waitingFor) }),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}
