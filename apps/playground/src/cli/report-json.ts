import type { ImportReport } from "@waymark/core/migration";
import { cleanText } from "@waymark/core/store";
import type { ComparisonReport } from "../compare/report.ts";

/** Characters that JSON does not escape and that control a terminal. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Writes a report as JSON: credentials are cut out of addresses, and control characters are written as escapes. */
export function reportJson(report: ComparisonReport | ImportReport): string {
  const json = JSON.stringify(
    report,
    (_, value: unknown) =>
      typeof value === "string" && value.includes("://") ? cleanText(value, value.length) : value,
    2,
  );
  // Between the values there are only line breaks, and JSON has escaped those inside values.
  return `${json.replaceAll(CONTROLS, (control) => (control === "\n" ? control : escapeOf(control)))}\n`;
}

function escapeOf(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
