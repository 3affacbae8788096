import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { INVARIANTS, type InvariantNumber } from "./invariants.ts";

/** The result of one case. */
export interface CaseResult {
  id: string;
  title: string;
  invariant: InvariantNumber;
  status: "passed" | "failed" | "skipped";
  durationMs: number;
  /** The reason why it failed or was skipped. */
  reason?: string;
  stack?: string;
}

/** The result of a whole run. JSON values only. */
export interface ConformanceReport {
  /** The store's name. */
  name: string;
  /** True if no case failed. */
  success: boolean;
  passed: number;
  failed: number;
  skipped: number;
  /** The seed of the random cases. */
  seed: number;
  durationMs: number;
  cases: CaseResult[];
  /** The reason why the run stopped before its last case: no store could be opened, or its database did not answer. */
  stopped?: string;
  /** If the run stopped: the number of cases that were not run. */
  notRun?: number;
}

const MARKS = { passed: "ok", failed: "FAILED", skipped: "skipped" } as const;

/**
 * Formats a report as text: each case in the order in which they ran, then the promises that the store keeps and those
 * that it breaks, and last the cases that failed.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if it is no report
 */
export function formatReport(report: ConformanceReport): string {
  if (!Array.isArray((report as Partial<ConformanceReport> | undefined)?.cases)) {
    const problem = mustBe("what runConformance resolves to", report);
    throw new WorkflowError("INVALID_ARGUMENT", `formatReport: report: ${problem}.`);
  }
  return [formatTitle(report.name), ...report.cases.map(formatResult), formatSummary(report)].join("\n");
}

/** Formats the first lines of a report. */
export function formatTitle(name: string): string {
  return `${name}: CheckpointStore conformance\n`;
}

/** Formats the result of one case. */
export function formatResult(result: CaseResult): string {
  const line = `${MARKS[result.status].padEnd(8)}${result.id}: ${result.title}`;
  return result.reason === undefined ? line : [line, ...indented(result.reason)].join("\n");
}

/** Formats what the cases prove: the promises, the failed cases and the numbers. */
export function formatSummary(report: ConformanceReport): string {
  const { passed, failed, skipped, stopped, notRun = 0 } = report;
  const failedIds = report.cases.filter(({ status }) => status === "failed").map(({ id }) => id);
  const seconds = (report.durationMs / 1000).toFixed(1);
  const left = notRun === 0 ? "" : `, ${notRun} not run`;
  return [
    // What a run that stopped says about the promises is worth nothing.
    ...(stopped === undefined ? ["", ...formatPromises(report)] : ["", `Stopped. ${stopped}`]),
    ...(failedIds.length === 0 ? [] : ["", "Failed:", ...failedIds.map((id) => `  ${id}`)]),
    "",
    `${passed} passed, ${failed} failed, ${skipped} skipped${left} in ${seconds} s (seed ${report.seed})`,
  ].join("\n");
}

function formatPromises({ cases }: ConformanceReport): string[] {
  return Object.entries(INVARIANTS).flatMap(([key, promise]) => {
    const statuses = cases.filter(({ invariant }) => invariant === Number(key)).map(({ status }) => status);
    if (statuses.length === 0) return [];
    const isTried = statuses.some((status) => status !== "skipped");
    const verdict = statuses.includes("failed") ? "BROKEN" : isTried ? "holds" : "not tried";
    return [`${key.padStart(2)}. ${promise}: ${verdict}`];
  });
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `          ${line}`);
}
