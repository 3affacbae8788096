import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { ok } from "./assert.ts";
import { headOf } from "./fixtures.ts";

/** Reads until the store's clock has passed a time: so that a case can tell times apart without sleeping. */
export async function untilAfter(store: CheckpointStore, id: string, time: number): Promise<void> {
  for (let looks = 0; looks < 100_000; looks++) {
    if ((await headOf(store, id)).readAt > time) return;
  }
  ok(
    false,
    "The store's clock stands still, or readAt is not its time: open the store with a clock that runs, and read readAt from it.",
  );
}
