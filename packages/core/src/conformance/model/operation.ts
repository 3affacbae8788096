import type {
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
  NewExecution,
  ReadCheckpointsOptions,
} from "../../store/checkpoint-store.ts";
import { type Outcome, outcome } from "../assert.ts";

/** A call to a store, as data. */
export type Operation =
  | { kind: "create"; execution: NewExecution }
  | { kind: "get"; id: string }
  | { kind: "claim"; id: string; request: ClaimRequest }
  | { kind: "commit"; id: string; request: CommitRequest }
  | { kind: "read"; id: string; options: ReadCheckpointsOptions }
  | { kind: "list"; options: ListExecutionsOptions & { limit: number } }
  | { kind: "delete"; refs: ExecutionRef[] };

/** Makes the call. A listing is read to its end. */
export function perform(store: CheckpointStore, operation: Operation): Promise<Outcome<unknown>> {
  switch (operation.kind) {
    case "create":
      return outcome(() => store.createExecution(operation.execution));
    case "get":
      return outcome(() => store.getExecution(operation.id));
    case "claim":
      return outcome(() => store.claimExecution(operation.id, operation.request));
    case "commit":
      return outcome(() => store.commit(operation.id, operation.request));
    case "read":
      return outcome(() => store.readCheckpoints(operation.id, operation.options));
    case "list":
      return outcome(() => walk(store, operation.options));
    case "delete":
      return outcome(() => store.deleteExecutions(operation.refs));
  }
}

async function walk(store: CheckpointStore, options: ListExecutionsOptions): Promise<ExecutionRecord[]> {
  const rows: ExecutionRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions({ ...options, ...(cursor !== undefined && { cursor }) });
    rows.push(...page.items);
    cursor = page.nextCursor;
    // A model holds a handful of executions. A store that returns more pages repeats rows, and the comparison shows it.
  } while (cursor !== undefined && rows.length < 50);
  return rows;
}

/** A time in the far future and a time long ago: the only times that requests in the model contain. */
export const FAR_FUTURE = 253_402_300_799_999;
export const LONG_AGO = 0;

/** A time in the model's terms: one of the two above, or whether a time by the store's clock has passed. */
export type TimeView = typeof FAR_FUTURE | typeof LONG_AGO | "later" | "by now";

/**
 * Returns a head in the model's terms, in which a time of the store's clock is only known to have passed or not.
 *
 * - Durations in the model are either 0 ms or far longer than a case takes.
 */
export function viewOf(head: ExecutionRecord): Record<string, unknown> {
  const { createdAt, readAt, updatedAt, leaseUntil, wakeAt, deadlineAt, endedAt, ...rest } = head;
  return {
    ...rest,
    isHeld: leaseUntil === undefined ? undefined : leaseUntil - updatedAt > 60_000,
    createdAt: timeView(createdAt, readAt),
    wakeAt: timeView(wakeAt, readAt),
    deadlineAt: timeView(deadlineAt, readAt),
    endedAt: timeView(endedAt, readAt),
  };
}

function timeView(time: number | undefined, now: number): TimeView | undefined {
  if (time === undefined || time === FAR_FUTURE || time === LONG_AGO) return time;
  return time - now > 60_000 ? "later" : "by now";
}

/** Returns, in the model's terms, a time that is this many milliseconds from now. */
export function spanView(ms: number | undefined): TimeView | undefined {
  return ms === undefined ? undefined : ms > 0 ? "later" : "by now";
}
