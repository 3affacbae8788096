import { type CheckpointStore, WorkflowError } from "../../src/index.ts";
import type { ManualClock } from "../../src/testing/index.ts";
import { watchCalls } from "./driven-run.ts";

/** When a store goes away: at which of its calls, with that call's effect or without, and for how long. */
export interface Away {
  at: number;
  when: "before" | "after";
  forMs: number;
}

/** A store that cannot be reached for a while, from a chosen call on. `calls` describes those that were made before. */
export function goingAway(store: CheckpointStore, clock: ManualClock, { at, when, forMs }: Away) {
  const calls: string[] = [];
  let backAtMs: number | undefined;
  const restarting = () => new WorkflowError("STORE_UNAVAILABLE", "restarting");
  const away = watchCalls(store, async (what, call) => {
    if (backAtMs !== undefined && clock.elapsed() < backAtMs) throw restarting();
    if (backAtMs !== undefined || calls.push(what) - 1 !== at) return call();
    backAtMs = clock.elapsed() + forMs;
    if (when === "after") await call();
    throw restarting();
  });
  return { away, calls };
}
