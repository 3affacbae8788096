import { ConformanceFailure } from "./assert.ts";
import { type ConformanceCase, type ConformanceHarness, skipReason } from "./case.ts";
import { conformanceCases } from "./cases/index.ts";
import { EarlyStop } from "./early-stop.ts";
import { checkHarness, checkRunner } from "./harness.ts";
import { INVARIANTS, type InvariantNumber } from "./invariants.ts";
import { DEFAULT_TIMEOUT_MS, newSeed, runCase } from "./run.ts";

/** The functions of a test runner that the suite needs. vitest, `node:test` and Jest have them. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it: ItFunction & { skip: ItFunction };
}

// The third argument is the time limit for vitest and Jest; node:test ignores it.
type ItFunction = (title: string, body: () => Promise<void>, timeoutMs?: number) => unknown;

/**
 * Declares the conformance suite in a test runner: one test per case, grouped by invariant.
 *
 * - Cases that do not apply to the store are declared with `it.skip`. Their titles contain the reason.
 * - Every case opens its own store and closes it.
 * - If no store can be opened, or its database does not answer, the tests after the first fail at once and say so.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if the runner or the harness is none
 *
 * @example
 * ```ts
 * import { describe, it } from "vitest"; // or "node:test", or "@jest/globals"
 *
 * describeCheckpointStore({ describe, it }, {
 *   name: "my-store",
 *   capabilities: MyStore.capabilities,
 *   open: async () => {
 *     const store = await MyStore.connect({ file: newFile() });
 *     return { store, reopen: () => store.reopen(), close: () => store.destroy() };
 *   },
 * });
 * ```
 */
export function describeCheckpointStore(
  runner: TestRunner,
  harness: ConformanceHarness,
  options: { cases?: readonly ConformanceCase[] } = {},
): void {
  checkRunner(runner);
  checkHarness(harness);
  const { describe, it } = runner;
  const { cases = conformanceCases } = options;
  const earlyStop = new EarlyStop();
  let stopped: string | undefined;
  const run = async (one: ConformanceCase) => {
    if (stopped !== undefined) throw new ConformanceFailure(`Not run. ${stopped}`);
    try {
      await runCase(one, harness, seed);
      earlyStop.after(undefined);
    } catch (error) {
      stopped = earlyStop.after((error as Error).cause);
      throw error;
    }
  };
  const seed = harness.seed ?? newSeed();
  // A little longer than the case's own limit, so that the case's own message is shown.
  const timeoutMs = 2 * (harness.timeoutMs ?? DEFAULT_TIMEOUT_MS) + 1_000;
  describe(`${harness.name}: CheckpointStore conformance`, () => {
    for (const [key, promise] of Object.entries(INVARIANTS)) {
      const invariant = Number(key) as InvariantNumber;
      const group = cases.filter((one) => one.invariant === invariant);
      if (group.length === 0) continue;
      describe(`${invariant}. ${promise}`, () => {
        for (const one of group) {
          const title = `${one.id}: ${one.title}`;
          const reason = skipReason(one, harness);
          if (reason === undefined) it(title, () => run(one), timeoutMs);
          else it.skip(`${title} (skipped: ${reason})`, () => run(one), timeoutMs);
        }
      });
    }
  });
}
