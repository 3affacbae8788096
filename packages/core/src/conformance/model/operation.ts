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

/** One call to a store, as data. */
export type Operation =
  | { kind: "create"; execution: NewExecution }
  | { kind: "get"; id: string }
  | { kind: "claim"; id: string; request: ClaimRequest }
  | { kind: "commit"; id: string; request: CommitRequest }
  | { kind: "read"; id: string; options: ReadCheckpointsOptions }
  | { kind: "list"; options: ListExecutionsOptions & { limit: number } }
  | { kind: "delete"; refs: ExecutionRef[] };

/** Makes the call. A listing is walked to its end. */
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
    // A model holds a handful of executions: whoever gives more pages gives rows twice, and the comparison will show it.
  } while (cursor !== undefined && rows.length < 50);
  return rows;
}

/**
 * A head without what only the store's clock knows: the lease is held or not, the end has come or not.
 *
 * - Leases in the model are either of 0 ms or far longer than a case takes.
 */
export function viewOf(head: ExecutionRecord): Record<string, unknown> {
  const { createdAt: _createdAt, updatedAt, leaseUntil, endedAt, ...rest } = head;
  return {
    ...rest,
    isHeld: leaseUntil === undefined ? undefined : leaseUntil - updatedAt > 60_000,
    hasEnded: endedAt !== undefined,
  };
}
