import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { ok } from "./assert.ts";
import { headOf } from "./fixtures.ts";

/** Reads a head until the store's clock has passed a time, so that a case gets distinct times without a sleep. */
export async function untilAfter(store: CheckpointStore, id: string, time: number): Promise<void> {
  for (let looks = 0; looks < 100_000; looks++) {
    if ((await headOf(store, id)).readAt > time) return;
  }
  ok(
    false,
    "The store's clock does not advance, or readAt is not read from it. Open the store with a running clock, and take readAt from that clock.",
  );
}
