import type { CheckpointStore, ExecutionRecord, ListExecutionsOptions } from "../store/checkpoint-store.ts";
import { ok } from "./assert.ts";

/** Reads a listing to its end, and calls `between` after every page except the last. Returns the ids. */
export async function walk(
  store: CheckpointStore,
  options: ListExecutionsOptions & { limit: number },
  between?: (page: number, last: ExecutionRecord) => Promise<void>,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 500; page++) {
    const { items, nextCursor } = await store.listExecutions({ ...options, ...(cursor !== undefined && { cursor }) });
    ok(items.length <= options.limit, `A page with limit ${options.limit} must not have ${items.length} rows.`);
    ids.push(...items.map(({ id }) => id));
    if (nextCursor === undefined) return ids;
    cursor = nextCursor;
    const last = items.at(-1);
    if (last !== undefined) await between?.(page, last);
  }
  ok(false, "A listing must end: after 500 pages there was still a nextCursor.");
  return ids;
}
