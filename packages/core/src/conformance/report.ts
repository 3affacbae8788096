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
}

const MARKS = { passed: "ok", failed: "FAILED", skipped: "skipped" } as const;

/** Formats a report as text. It lists by invariant which promises the store keeps, which it breaks and what to do. */
export function formatReport(report: ConformanceReport): string {
  const lines = [`${report.name}: CheckpointStore conformance`, ""];
  for (const [key, promise] of Object.entries(INVARIANTS)) {
    const cases = report.cases.filter((result) => result.invariant === Number(key));
    if (cases.length === 0) continue;
    const broken = cases.filter((result) => result.status === "failed").length;
    const skipped = cases.filter((result) => result.status === "skipped").length;
    const verdict = broken > 0 ? "BROKEN" : skipped === cases.length ? "not tried" : "holds";
    lines.push(`${key.padStart(2)}. ${promise}: ${verdict}`);
    for (const result of cases) {
      lines.push(`      ${MARKS[result.status].padEnd(8)}${result.id}: ${result.title}`);
      if (result.reason !== undefined) lines.push(...indented(result.reason));
    }
  }
  const { passed, failed, skipped } = report;
  const seconds = (report.durationMs / 1000).toFixed(1);
  lines.push("", `${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s (seed ${report.seed})`);
  return lines.join("\n");
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `                ${line}`);
}
