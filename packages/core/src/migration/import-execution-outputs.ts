import { checker } from "../checker.ts";
import { count } from "../durations.ts";
import { signal } from "../engine/signal-option.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { callback, flag, optional } from "../option.ts";
import { checkedInternals, engineOption } from "./engine-option.ts";
import { ImportTally } from "./import-tally.ts";
import type { ImportExecutionOutputsOptions, ImportReport, ImportRow } from "./import-types.ts";
import { RowImporter } from "./row-importer.ts";
import { RowSource } from "./row-source.ts";

const DEFAULT_CONCURRENCY = 8;

/**
 * Imports the rows of an old `Execution` table, each as `importExecutionOutput` does, and reports what became of them.
 *
 * - Runs nothing, and no recovery runs what was imported. What was not finished arrives as failed, with the code IMPORTED.
 * - May be run again at any time, also by several processes: rows that are there are skipped, and those whose import was
 *   cut off are completed.
 * - A row that cannot be imported is reported with its id and left out. Only a store that is away or closed ends the
 *   import, and an error of the source. Neither that nor an abort waits for a source that hangs.
 * - Holds `concurrency` rows in memory, and the last 100,000 ids. It takes a row from the source when it has room for it.
 * - A source that cannot read one of its rows may yield an Error in its place.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STORE_CLOSED; what the source throws. Rows under way are
 *   finished first. Import the same rows again to continue.
 *
 * @example
 * ```ts
 * const report = await importExecutionOutputs(rows, { engine, dryRun: true });
 * ```
 */
export async function importExecutionOutputs(
  rows: AsyncIterable<ImportRow | Error> | Iterable<ImportRow | Error>,
  given: ImportExecutionOutputsOptions,
): Promise<ImportReport> {
  const options = checkOptions(given);
  if (!isIterable(rows)) throw invalid(`rows: ${mustBe("an iterable, such as an array or an async generator", rows)}`);
  const { dryRun = false, concurrency = DEFAULT_CONCURRENCY } = options;
  const { surroundings } = checkedInternals(options.engine);
  const tally = new ImportTally(options);
  const importer = new RowImporter(surroundings, { tally, dryRun });

  const source = new RowSource(rows, surroundings.clock);
  const underWay = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  const stop = () => source.stop();
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted === true) stop();
  let taken = 0;
  try {
    for (;;) {
      const next = await source.next();
      if (next === undefined) break;
      const position = ++taken;
      const work = importer
        .take(next.row, position)
        .catch((error) => {
          failed ??= { error };
          stop();
        })
        .finally(() => underWay.delete(work));
      underWay.add(work);
      while (underWay.size >= concurrency) await Promise.race(underWay);
    }
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await source.leave();
    await Promise.all(underWay);
    tally.ended();
  }
  if (failed !== undefined) throw (failed as { error: unknown }).error;
  return { ...tally.progress(), dryRun, aborted: source.wasStopped, refusals: tally.refusals };
}

const checkOptions = checker<ImportExecutionOutputsOptions>(
  "importExecutionOutputs",
  {
    engine: engineOption,
    dryRun: optional(flag),
    concurrency: optional(count),
    onProgress: optional(callback),
    onRefused: optional(callback),
    signal: optional(signal),
  },
  "options",
);

function isIterable(rows: unknown): boolean {
  if (typeof rows !== "object" || rows === null) return false;
  return Symbol.asyncIterator in rows || Symbol.iterator in rows;
}

function invalid(problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `importExecutionOutputs: ${problem}.`);
}
