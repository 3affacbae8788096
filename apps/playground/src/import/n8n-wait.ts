import { quoted } from "@waymark/core/store";
import type { Dropped } from "./dropped.ts";
import type { N8nNode } from "./n8n-export.ts";
import { isOn } from "./switched-on.ts";

/** How a Wait node suspends: the data of its executor. */
export interface N8nWait {
  /** Milliseconds. */
  forMs?: number;
  /** ISO 8601. */
  until?: string;
  /** What it waits for, if not only for a time. Then the answer becomes its output. */
  reason?: string;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
};

/** The longest wait that core accepts, in milliseconds: a hundred years. */
const MAX_MS = 100 * 365 * 86_400_000;

const REASONS: Readonly<Record<string, string>> = { webhook: "a call of its webhook", form: "its form" };

/**
 * Converts the parameters of a Wait node.
 *
 * - A time becomes `forMs` or `until`. A webhook or a form becomes a wait for an answer, with the time limit as its end.
 * - A time that an expression computes, or that is not valid, is lost, and noted. Such a node does not wait for a time.
 */
export function readN8nWait({ name, parameters, version }: N8nNode, dropped: Dropped): N8nWait {
  const { resume = "timeInterval" } = parameters;
  const lost = (field: string) => {
    dropped.add(`the time of a wait (${quoted(field)}) is computed or not valid, so it is left out`, name);
    return {};
  };
  const interval = (amountField: string, unitField: string, absent: { amount: number; unit: string }): N8nWait => {
    const { [amountField]: amount = absent.amount, [unitField]: unit = absent.unit } = parameters;
    const ms = Number(amount) * (UNIT_MS[String(unit)] ?? Number.NaN);
    return ms >= 0 && ms <= MAX_MS && amount !== "" ? { forMs: Math.round(ms) } : lost(amountField);
  };
  const time = (field: string): N8nWait => {
    const { [field]: value } = parameters;
    // Without a zone, n8n means that of the workflow's settings.
    const hasZone = typeof value === "string" && /(Z|[+-]\d\d:?\d\d)$/.test(value);
    const at = typeof value === "string" ? Date.parse(hasZone ? value : `${value.replace(" ", "T")}Z`) : Number.NaN;
    if (Number.isNaN(at)) return lost(field);
    if (!hasZone) dropped.add("the time of a wait has no time zone, so UTC is used", name);
    return { until: new Date(at).toISOString() };
  };
  if (resume === "timeInterval") {
    // The defaults of n8n's editor, which an export leaves out.
    const absent = version >= 1.1 ? { amount: 5, unit: "seconds" } : { amount: 1, unit: "hours" };
    return interval("amount", "unit", absent);
  }
  if (resume === "specificTime") return time("dateTime");
  const reason = REASONS[String(resume)];
  if (reason === undefined) return lost("resume");
  if (!isOn(parameters.limitWaitTime)) return { reason };
  const limit =
    parameters.limitType === "atSpecifiedTime"
      ? time("maxDateAndTime")
      : interval("resumeAmount", "resumeUnit", { amount: 1, unit: "hours" });
  return { reason, ...limit };
}
