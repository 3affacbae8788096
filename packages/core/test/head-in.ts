import type { CheckpointStore, ExecutionRecord } from "../src/index.ts";

/** Reads a head, to be compared with what it is later: without the time of the reading. */
export async function headIn(
  store: Pick<CheckpointStore, "getExecution">,
  id: string,
): Promise<Omit<ExecutionRecord, "readAt"> | undefined> {
  const head = await store.getExecution(id);
  if (head === undefined) return undefined;
  const { readAt: _readAt, ...rest } = head;
  return rest;
}
