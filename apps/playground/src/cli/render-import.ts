import type { ImportReport } from "@waymark/core/migration";
import { oneLine } from "./one-line.ts";

/** The refused rows that the text lists. */
const MAX_LISTED = 20;

/** Prints the report of an import as text. */
export function renderImport(report: ImportReport): string {
  const { outcomes, dryRun, refused } = report;
  const ended = Object.entries(outcomes).map(([outcome, rows]) => `${rows} ${outcome}`);
  const lines: [string, number, string][] = [
    ["rows", report.read, ""],
    [dryRun ? "to import" : "imported", report.imported, ended.join(", ")],
    ["  without output", report.withoutOutput, "they arrive with an empty context"],
    ["  replaced", report.replaced, "an earlier import of them was cut off"],
    ["there already", report.skipped, ""],
    ["duplicates", report.duplicates, ""],
    ["left out", refused, ""],
  ];
  const width = String(report.read).length;
  const listed = report.refusals
    .toSorted((a, b) => a.row - b.row)
    .slice(0, MAX_LISTED)
    .map(({ row, executionId, code, message }) => {
      const id = executionId === undefined ? "" : ` (${oneLine(executionId, 200)})`;
      return `row ${row}${id}: ${code} ${oneLine(message, 500)}`;
    });
  const more = refused - listed.length;
  return [
    ...lines.map(([name, rows, note]) => {
      const explained = rows === 0 || note === "" ? "" : `  ${note}`;
      return `${name.padEnd(18)}${String(rows).padStart(width)}${explained}`;
    }),
    ...(listed.length === 0 ? [] : ["", ...listed]),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(dryRun ? ["", "Nothing was written (--dry-run)."] : []),
    "",
  ].join("\n");
}
