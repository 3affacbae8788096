import type { CheckpointStore, ExecutionRecord } from "../src/index.ts";

/** Reads a head without `readAt`, so that it can be compared with a later head. */
export async function headIn(
  store: Pick<CheckpointStore, "getExecution">,
  id: string,
): Promise<Omit<ExecutionRecord, "readAt"> | undefined> {
  const head = await store.getExecution(id);
  if (head === undefined) return undefined;
  const { readAt: _readAt, ...rest } = head;
  return rest;
}
