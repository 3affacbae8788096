import { type Clock, steadyClock, systemClock } from "../clock.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { Codec } from "./codec.ts";
import type { CodecOptions } from "./codec-types.ts";
import { retryStore, type WaitLimits } from "./retry-store.ts";

/** How long a run is trusted to be alive after its last sign of life, in milliseconds, unless the user says otherwise. */
const DEFAULT_LEASE_MS = 30_000;

/** What everything that reads or writes an execution works with. */
export interface Surroundings {
  /** Its calls are tried again while the store cannot be reached. */
  store: CheckpointStore;
  /** The same store without that: the queue of commits has a patience of its own. */
  bareStore: CheckpointStore;
  codec: Codec;
  clock: Clock;
  leaseMs: number;
  storeRetryMs: number;
  /** The checkpoints of an execution that are kept at least. Default: all. */
  historyLimit?: number | undefined;
  limits?: WaitLimits | undefined;
}

/** Makes them from a user's options. */
export function surroundingsOf(options: {
  store: CheckpointStore;
  codec?: CodecOptions;
  leaseMs?: number;
  storeRetryMs?: number;
  historyLimit?: number;
  clock?: Clock;
}): Surroundings {
  const { store: bareStore, leaseMs = DEFAULT_LEASE_MS, storeRetryMs = leaseMs, historyLimit } = options;
  const clock = steadyClock(options.clock ?? systemClock);
  const store = retryStore(bareStore, { clock, storeRetryMs });
  return { store, bareStore, codec: new Codec(options.codec), clock, leaseMs, storeRetryMs, historyLimit };
}

/** The same within the limits of one run: a wait for the store ends with them. */
export function withinLimits(surroundings: Surroundings, limits: WaitLimits): Surroundings {
  const { bareStore, clock, storeRetryMs } = surroundings;
  return { ...surroundings, limits, store: retryStore(bareStore, { clock, storeRetryMs, limits }) };
}
