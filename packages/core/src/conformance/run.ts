import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { ConformanceFailure, showError } from "./assert.ts";
import {
  type CaseContext,
  type ConformanceCase,
  type ConformanceHarness,
  type OpenedStore,
  skipReason,
} from "./case.ts";
import { conformanceCases } from "./cases/index.ts";
import { INVARIANTS } from "./invariants.ts";
import type { CaseResult, ConformanceReport } from "./report.ts";

/** Milliseconds that a case may take if the harness does not set a limit. */
export const DEFAULT_TIMEOUT_MS = 30_000;

// Read when the module is loaded: a case sets the caller's clock wrong, and a runner may replace the timers.
const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

/** The options of {@link runConformance}. */
export interface RunConformanceOptions {
  /** The cases to run. Default: all. */
  cases?: readonly ConformanceCase[];
  /** The seed of the random cases. Overrides the harness's seed. */
  seed?: number;
  /** Called after every case. */
  onResult?: (result: CaseResult) => void;
}

/**
 * Runs the suite against a store without a test framework.
 *
 * - Does not reject if the store fails: check `report.success`.
 *
 * @example
 * ```ts
 * const report = await runConformance({ name: "my-store", capabilities: MyStore.capabilities, open });
 * console.log(formatReport(report));
 * process.exitCode = report.success ? 0 : 1;
 * ```
 */
export async function runConformance(
  harness: ConformanceHarness,
  options: RunConformanceOptions = {},
): Promise<ConformanceReport> {
  const { cases = conformanceCases, seed = harness.seed ?? newSeed(), onResult } = options;
  const started = now();
  const results: CaseResult[] = [];
  for (const one of cases) {
    const result = await resultOf(one, harness, seed);
    results.push(result);
    onResult?.(result);
  }
  const count = (status: CaseResult["status"]) => results.filter((result) => result.status === status).length;
  return {
    name: harness.name,
    success: count("failed") === 0,
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
    seed,
    durationMs: now() - started,
    cases: results,
  };
}

/**
 * Runs one case against its own store, and rejects if the store breaks the promise.
 *
 * - The message of the error contains the case, its invariant, and the seed if the case is random.
 */
export async function runCase(one: ConformanceCase, harness: ConformanceHarness, seed: number): Promise<void> {
  const opened: OpenedStore[] = [];
  let usedSeed: number | undefined;
  const handles: CheckpointStore[] = [];
  const open = async () => {
    const another = await harness.open();
    opened.push(another);
    const reopen = async () => {
      const handle = await another.reopen();
      handles.push(handle);
      return handle;
    };
    return { ...another, reopen };
  };
  const attempt = async () => {
    const { store, reopen, ageDefinitions } = await open();
    const context: CaseContext = {
      store,
      reopen,
      open,
      ageDefinitions: async (ms) => {
        if (ageDefinitions === undefined) {
          throw new ConformanceFailure(
            "If a harness has agesDefinitions: true, its open() must return ageDefinitions(ms) with the store.",
          );
        }
        await ageDefinitions(ms);
      },
      capabilities: harness.capabilities,
      get seed() {
        usedSeed = seed;
        return seed;
      },
    };
    await one.run(context);
  };
  const timeoutMs = harness.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const problems: unknown[] = [];
  await within(attempt(), timeoutMs, "The case").catch((error) => problems.push(error));
  const closers = [...handles.map((handle) => () => handle.close()), ...opened.map((one) => () => one.close())];
  for (const close of closers) {
    await within(close(), timeoutMs, "close()").catch((error) => problems.push(error));
  }
  if (problems.length > 0) throw explain(one, problems[0], usedSeed);
}

/** Makes a seed for a run without one: 32 bits, as the random cases take it. */
export function newSeed(): number {
  return Math.floor(Math.random() * 0x7fff_ffff);
}

async function resultOf(one: ConformanceCase, harness: ConformanceHarness, seed: number): Promise<CaseResult> {
  const { id, title, invariant } = one;
  const reason = skipReason(one, harness);
  if (reason !== undefined) return { id, title, invariant, status: "skipped", durationMs: 0, reason };
  const started = now();
  try {
    await runCase(one, harness, seed);
    return { id, title, invariant, status: "passed", durationMs: now() - started };
  } catch (error) {
    const { message, stack } = error as Error;
    const durationMs = now() - started;
    return { id, title, invariant, status: "failed", durationMs, reason: message, ...(stack && { stack }) };
  }
}

function explain(one: ConformanceCase, problem: unknown, seed: number | undefined): ConformanceFailure {
  const header = `${one.id} (invariant ${one.invariant}, ${INVARIANTS[one.invariant]})`;
  const seeded = seed === undefined ? "" : `\n  seed: ${seed}`;
  const ours = problem instanceof ConformanceFailure ? problem : undefined;
  const message =
    ours?.message ?? `A call that must resolve was rejected, or the store could not be opened: ${showError(problem)}`;
  const failure = new ConformanceFailure(`${header}\n  ${message}${seeded}`, {
    actual: ours?.actual,
    expected: ours?.expected,
    cause: problem,
  });
  const frames = (problem as Error | undefined)?.stack?.match(/\n\s+at [\s\S]*$/)?.[0];
  if (frames !== undefined) failure.stack = `${failure.name}: ${failure.message}${frames}`;
  return failure;
}

async function within<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new ConformanceFailure(
          `${what} had not ended after ${timeoutMs} ms. A call must not hang: if it gets no answer, it must reject with STORE_UNAVAILABLE within a bounded time.`,
        ),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
