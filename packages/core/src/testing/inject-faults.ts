import { checker } from "../checker.ts";
import { type Clock, systemClock } from "../clock.ts";
import { milliseconds } from "../durations.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { type Check, callback, numberFrom, numeric, type OptionTable, optional, options } from "../option.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { interceptStore, STORE_METHODS, type StoreMethod } from "../store/intercept-store.ts";
import { tell } from "../tell.ts";
import { checkStore } from "./check-store.ts";

/** The probabilities of a method's faults, from 0 to 1. Each of them is applied to every call. */
export interface FaultRates {
  /** The call fails and is not made. */
  failBefore?: number;
  /** The call is made, and its result is lost. */
  failAfter?: number;
  /** The call is delayed by `delayMs`. */
  delay?: number;
  /** Milliseconds. Default: 10. */
  delayMs?: number;
}

/** A fault that was injected. */
export interface InjectedFault {
  method: StoreMethod;
  kind: "failBefore" | "failAfter" | "delay";
}

/**
 * The options of {@link injectFaults}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/testing.md#a-store-that-fails-now-and-then
 */
export interface InjectFaultsOptions {
  /** The seed of the random numbers. The same seed and the same calls lead to the same faults. */
  seed: number;
  /** The faults of each method. `all` applies to every method that is not named. */
  faults: Partial<Record<StoreMethod | "all", FaultRates>>;
  /** The clock that measures the delays. */
  clock?: Clock;
  /** Called for every fault. Its errors and rejections are ignored. */
  onFault?: (fault: InjectedFault) => unknown;
}

/**
 * Wraps a store so that some of its calls are delayed, or fail with STORE_UNAVAILABLE before or after they were made.
 *
 * - With a store that is safe to retry and an engine that retries, nothing may be lost or written twice.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const flaky = injectFaults(store, { seed: 1, faults: { all: { failBefore: 0.01, failAfter: 0.01 } } });
 * ```
 */
export function injectFaults(store: CheckpointStore, options: InjectFaultsOptions): CheckpointStore {
  checkStore("injectFaults", store);
  const { seed, faults, clock = systemClock, onFault = () => undefined } = checkOptions(options);
  const random = mulberry32(seed);
  return interceptStore(store, async (method, call) => {
    const { failBefore = 0, failAfter = 0, delay = 0, delayMs = 10 } = faults[method] ?? faults.all ?? {};
    const [isLate, failsBefore, failsAfter] = [random() < delay, random() < failBefore, random() < failAfter];
    const note = (kind: InjectedFault["kind"]) => tell(onFault, { method, kind });
    if (isLate) {
      note("delay");
      await new Promise<void>((resolve) => clock.schedule(delayMs, resolve));
    }
    if (failsBefore) {
      note("failBefore");
      throw lost(method, "failed before it was made");
    }
    const result = await call();
    if (!failsAfter) return result;
    note("failAfter");
    throw lost(method, "was made, but its result was lost");
  });
}

function lost(method: StoreMethod, what: string): WorkflowError {
  return new WorkflowError(
    "STORE_UNAVAILABLE",
    `${method} ${what} (simulated by injectFaults of @waymark/core/testing).`,
  );
}

const probability = optional(numberFrom(0, 1, "a probability from 0 to 1"));
const rates: OptionTable<FaultRates> = {
  failBefore: probability,
  failAfter: probability,
  delay: probability,
  delayMs: optional(milliseconds),
};
const RATES = optional(options(rates, "an object { failBefore?, failAfter?, delay?, delayMs? }"));
const methods = [...Object.keys(STORE_METHODS), "all"];
const clockOption: Check = (value) =>
  typeof (value as Partial<Clock> | null)?.schedule === "function" ? undefined : mustBe("a Clock", value);

const checkOptions = checker<InjectFaultsOptions>(
  "injectFaults",
  {
    seed: numeric,
    faults: options(Object.fromEntries(methods.map((method) => [method, RATES])), "an object { all: { failBefore } }"),
    clock: optional(clockOption),
    onFault: optional(callback),
  },
  "options",
);

/** Returns a generator of random numbers from 0 to 1: Mulberry32, by Tommy Ettinger. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
