import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { type Clock, systemClock } from "../clock.ts";
import { milliseconds } from "../durations.ts";
import { WorkflowError } from "../errors.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { interceptStore, STORE_METHODS, type StoreMethod } from "../store/intercept-store.ts";
import { tell } from "../tell.ts";

/** How often a method goes wrong, and how: probabilities from 0 to 1, each tried for every call. */
export interface FaultRates {
  /** Fails without having done anything. */
  failBefore?: number;
  /** Does what it should, and the answer is lost. */
  failAfter?: number;
  /** Takes `delayMs` longer. */
  delay?: number;
  /** Milliseconds. Default: 10. */
  delayMs?: number;
}

/** A fault that was injected. */
export interface InjectedFault {
  method: StoreMethod;
  kind: "failBefore" | "failAfter" | "delay";
}

/** What {@link injectFaults} takes. */
export interface InjectFaultsOptions {
  /** The same seed and the same calls give the same faults. */
  seed: number;
  /** By method; `all` for every method that is not named. */
  faults: Partial<Record<StoreMethod | "all", FaultRates>>;
  /** For delays. */
  clock?: Clock;
  /** Called with every fault. What it throws or rejects with is ignored. */
  onFault?: (fault: InjectedFault) => unknown;
}

/**
 * Wraps a store so that some of its calls fail with STORE_UNAVAILABLE, before or after they were made, or are late.
 *
 * - A store that promises to be retry-safe, and an engine that retries, must come through with nothing lost or doubled.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const flaky = injectFaults(store, { seed: 1, faults: { all: { failBefore: 0.01, failAfter: 0.01 } } });
 * ```
 */
export function injectFaults(store: CheckpointStore, options: InjectFaultsOptions): CheckpointStore {
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
      throw lost(method, "was not made");
    }
    const result = await call();
    if (!failsAfter) return result;
    note("failAfter");
    throw lost(method, "was made, its answer was lost");
  });
}

function lost(method: StoreMethod, what: string): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", `${method} ${what} (a fault of @waymark/core/testing).`);
}

const probability = z.optional(
  z.number().check(z.refine((rate) => rate >= 0 && rate <= 1, "must be a probability from 0 to 1")),
);
const rates: OptionSchemas<FaultRates> = {
  failBefore: probability,
  failAfter: probability,
  delay: probability,
  delayMs: z.optional(milliseconds),
};
const methods = [...Object.keys(STORE_METHODS), "all"];

const checkOptions = checker<InjectFaultsOptions>("injectFaults", {
  seed: z.number(),
  faults: z.strictObject(Object.fromEntries(methods.map((method) => [method, z.optional(z.strictObject(rates))]))),
  clock: z.optional(
    z.custom<unknown>((value) => typeof (value as Partial<Clock> | null)?.schedule === "function", "must be a Clock"),
  ),
  onFault: z.optional(z.custom<unknown>((value) => typeof value === "function", "must be a function")),
});

/** Random numbers from 0 to 1 out of a seed: Mulberry32, by Tommy Ettinger. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
