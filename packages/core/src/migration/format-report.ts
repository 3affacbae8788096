import { quoted } from "../text.ts";
import type { ShadowDifference } from "./outcomes.ts";
import type { RolloutReport } from "./report.ts";
import type { Percentiles, RunSummary } from "./run-summary.ts";

const WIDTH = 120;

/** Writes a report as text of up to 120 columns, for people. */
export function formatRolloutReport(report: RolloutReport): string {
  const { from, to, shadow, workflows, v1Callers, stops, unreadable, partlyUnreadable = 0 } = report;
  const compared = shadow.equal + shadow.different;
  const lines = [
    from === undefined ? "Rollout: no outcomes" : `Rollout, ${from} to ${to}`,
    "",
    ...columns(report.v1, report.v2),
    "",
    `Compared with V2: ${compared} ${compared === 1 ? "run" : "runs"} of V1, ${shadow.different} different`,
    ...indented(
      shadow.mismatches.map(({ workflowId, count, ...found }) => `${count} × ${quoted(workflowId)}: ${textOf(found)}`),
    ),
    ...indented(listOf("Left out", shadow.skipped)),
    ...indented(listOf("Differ by nature", shadow.varying)),
    ...workflows.flatMap(({ workflowId, v1, v2 }) => ["", `Workflow ${quoted(workflowId)}`, ...nodeLines(v1, v2)]),
    "",
    ...callerLines(v1Callers),
    ...stops.map(
      ({ at, limit, value, allowed }) =>
        `Stopped at ${at}: ${unquoted(limit)} was ${rounded(value)}, the limit is ${allowed}`,
    ),
    ...(unreadable === 0 ? [] : [`${unreadable} values are no outcomes`]),
    ...(partlyUnreadable === 0 ? [] : [`${partlyUnreadable} outcomes could be read in part only`]),
  ];
  return `${lines
    .map(cut)
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")}\n`;
}

function cut(line: string): string {
  return line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line;
}

/** Writes a difference on one line. */
function textOf({ kind, nodeId, path, v1 = "nothing", v2 = "nothing" }: ShadowDifference): string {
  const place = path === undefined || path === "" ? "" : `, ${path}`;
  const node = nodeId === undefined ? "before the first node" : `node ${quoted(nodeId)}`;
  return `${kind} at ${node}${place}: V1 ${quoted(v1, 60)}, V2 ${quoted(v2, 60)}`;
}

function columns(v1: RunSummary, v2: RunSummary): string[] {
  const row = (name: string, cell: (summary: RunSummary) => string): string =>
    `${name.padEnd(34)}${cell(v1).padStart(24)}${cell(v2).padStart(24)}`.trimEnd();
  const failures = [...new Set([...Object.keys(v1.failures), ...Object.keys(v2.failures)])].sort();
  return [
    `${"".padEnd(34)}${"V1".padStart(24)}${"V2".padStart(24)}`,
    row("runs", ({ runs }) => String(runs)),
    row("successes", ({ runs, successes }) => `${successes}${runs === 0 ? "" : ` (${percent(successes / runs)})`}`),
    row("waiting, stopped or cancelled", ({ unfinished }) => String(unfinished)),
    ...failures.map((code) =>
      row(`failures: ${unquoted(code)}`.slice(0, 33), (summary) => String(summary.failures[code] ?? 0)),
    ),
    row("duration p50 / p95 / p99, ms", ({ durationMs }) => (durationMs === undefined ? "-" : percentiles(durationMs))),
    row("per checkpoint", ({ checkpoints }) =>
      checkpoints === undefined ? "-" : `${rounded(checkpoints.msEach)} ms, ${Math.round(checkpoints.bytesEach)} bytes`,
    ),
    row("resumes that saved work", ({ saved: { resumes } }) => String(resumes)),
    row("saved by them", ({ saved: { nodes, durationMs } }) => `${nodes} nodes, ${rounded(durationMs)} ms`),
  ];
}

function nodeLines(v1: RunSummary | undefined, v2: RunSummary | undefined): string[] {
  const of = (summary: RunSummary | undefined) => new Map(summary?.nodes.map((node) => [node.nodeId, node]));
  const [ofV1, ofV2] = [of(v1), of(v2)];
  const runs = `  Runs of V1: ${v1?.runs ?? 0}, of V2: ${v2?.runs ?? 0}`;
  return [
    runs,
    ...[...new Set([...ofV1.keys(), ...ofV2.keys()])].map((nodeId) => {
      const cell = (node: { durationMs: Percentiles } | undefined) =>
        node === undefined ? "-" : percentiles(node.durationMs);
      return `  ${quoted(nodeId, 30).padEnd(32)}${cell(ofV1.get(nodeId)).padStart(24)}${cell(ofV2.get(nodeId)).padStart(24)}`;
    }),
  ];
}

function callerLines({ reasons, workflows, users, direct }: RolloutReport["v1Callers"]): string[] {
  if (workflows.length === 0 && direct.length === 0) return ["Nothing has reached V1"];
  return [
    "What still reaches V1",
    ...indented(listOf("Reasons", reasons)),
    ...indented(listOf("Workflows", Object.fromEntries(workflows.map(({ workflowId, calls }) => [workflowId, calls])))),
    ...indented(listOf("Users", Object.fromEntries(users.map(({ userId, calls }) => [userId, calls])))),
    ...indented(direct.map(({ caller, calls }) => `${calls} × beside the rollout: ${quoted(caller, 90)}`)),
  ];
}

function listOf(name: string, counts: Readonly<Record<string, number | undefined>>): string[] {
  const entries = Object.entries(counts).sort(([, a = 0], [, b = 0]) => b - a);
  const shown = entries.slice(0, 8).map(([key, times]) => `${unquoted(key)} ${times}`);
  const more = entries.length - shown.length;
  return entries.length === 0 ? [] : [`${name}: ${shown.join(", ")}${more === 0 ? "" : ` and ${more} more`}`];
}

/** A code or an id, safe for a terminal. */
function unquoted(text: string): string {
  return quoted(text, 40).slice(1, -1);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function percentiles({ p50, p95, p99 }: Percentiles): string {
  return [p50, p95, p99].map(rounded).join(" / ");
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function rounded(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3);
}
