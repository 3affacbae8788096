import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { ConformanceFailure, describeError, Late, OpenFailure } from "./assert.ts";
import {
  type CaseContext,
  type ConformanceCase,
  type ConformanceHarness,
  type OpenedStore,
  skipReason,
} from "./case.ts";
import { conformanceCases } from "./cases/index.ts";
import { EarlyStop } from "./early-stop.ts";
import { checkHarness, checkOpened } from "./harness.ts";
import { INVARIANTS } from "./invariants.ts";
import type { CaseResult, ConformanceReport } from "./report.ts";

/** Milliseconds that a case may take if the harness does not set a limit. */
export const DEFAULT_TIMEOUT_MS = 30_000;

// Read when the module is loaded: a case sets the caller's clock wrong, and a runner may replace the timers.
const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

/**
 * The options of {@link runConformance}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/conformance.md
 */
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
 * - Stops after the first cases if no store can be opened, or its database does not answer: see `report.stopped`.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if the harness is none
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
  checkHarness(harness);
  const { cases = conformanceCases, seed = harness.seed ?? newSeed(), onResult } = options;
  const started = now();
  const results: CaseResult[] = [];
  const earlyStop = new EarlyStop();
  let stopped: string | undefined;
  for (const one of cases) {
    const { result, problem } = await resultOf(one, harness, seed);
    results.push(result);
    onResult?.(result);
    if (result.status === "skipped") continue;
    stopped = earlyStop.after(problem);
    if (stopped !== undefined) break;
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
    ...(stopped !== undefined && { stopped, notRun: cases.length - results.length }),
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
    const another = await openStore(harness, timeoutMs);
    opened.push(another);
    const reopen = async () => {
      const handle = await another.reopen();
      handles.push(handle);
      return handle;
    };
    return { ...another, reopen };
  };
  const timeoutMs = harness.timeoutMs ?? DEFAULT_TIMEOUT_MS;
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

/** Returns the result of a case, and the problem that it found in its store. */
async function resultOf(
  one: ConformanceCase,
  harness: ConformanceHarness,
  seed: number,
): Promise<{ result: CaseResult; problem?: unknown }> {
  const { id, title, invariant } = one;
  const reason = skipReason(one, harness);
  if (reason !== undefined) return { result: { id, title, invariant, status: "skipped", durationMs: 0, reason } };
  const started = now();
  try {
    await runCase(one, harness, seed);
    return { result: { id, title, invariant, status: "passed", durationMs: now() - started } };
  } catch (error) {
    const { message, stack, cause: problem } = error as Error;
    const result = { id, title, invariant, status: "failed", durationMs: now() - started, reason: message } as const;
    return { result: { ...result, ...(stack && { stack }) }, problem };
  }
}

async function openStore(harness: ConformanceHarness, timeoutMs: number): Promise<OpenedStore> {
  let opened: OpenedStore;
  try {
    opened = await within(Promise.resolve(harness.open()), timeoutMs, "open()");
  } catch (error) {
    const problem = error instanceof Late ? error.message : `open() failed: ${describeError(error)}`;
    throw new OpenFailure(problem, { cause: error });
  }
  checkOpened(opened);
  return opened;
}

function explain(one: ConformanceCase, problem: unknown, seed: number | undefined): ConformanceFailure {
  const header = `${one.id} (invariant ${one.invariant}, ${INVARIANTS[one.invariant]})`;
  const seeded = seed === undefined ? "" : `\n  seed: ${seed}`;
  const ours = problem instanceof ConformanceFailure ? problem : undefined;
  const message = ours?.message ?? `A call that must resolve was rejected: ${describeError(problem)}`;
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
        new Late(
          `${what} had not ended after ${timeoutMs} ms. A call must not hang: if it gets no answer, it must reject with STORE_UNAVAILABLE within a bounded time. If the store is only slow, raise the limit: timeoutMs of the harness, or --timeout.`,
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
