import { steadyClock, systemClock } from "../clock.ts";
import { Codec } from "./codec.ts";
import type { JournalOptions } from "./journal.ts";
import { retryStore, type WaitLimits } from "./retry-store.ts";
import type { WorkflowStateOptions } from "./workflow-state.ts";

/** How long a run is trusted to be alive after its last sign of life, in milliseconds, unless the user says otherwise. */
const DEFAULT_LEASE_MS = 30_000;

/** What everything that reads or writes an execution works with, from a user's options. */
export function surroundingsOf(options: WorkflowStateOptions): JournalOptions {
  const { store: bareStore, leaseMs = DEFAULT_LEASE_MS, storeRetryMs = leaseMs } = options;
  const clock = steadyClock(options.clock ?? systemClock);
  const store = retryStore(bareStore, { clock, storeRetryMs });
  return { store, bareStore, codec: new Codec(options.codec), clock, leaseMs, storeRetryMs };
}

/** The same within the limits of one run: a wait for the store ends with them. */
export function withinLimits(surroundings: JournalOptions, limits: WaitLimits): JournalOptions {
  const { bareStore, clock, storeRetryMs } = surroundings;
  return { ...surroundings, limits, store: retryStore(bareStore, { clock, storeRetryMs, limits }) };
}
