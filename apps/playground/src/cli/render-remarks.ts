import type { WorkflowReport } from "../compare/report.ts";
import type { Colors } from "./colors.ts";
import { oneLine } from "./one-line.ts";
import { cut, wrap } from "./table.ts";

/** The longest name of a workflow or a node, in characters. */
const MAX_NAME = 200;
/** The maximum number of paths that are named. */
const MAX_PATHS = 20;

/** Returns the lines about a workflow that do not fit in a table: notes, omissions, differences. */
export function remarks(report: WorkflowReport, { colors, width }: { colors: Colors; width: number }): string[] {
  const say = (text: string, paint: (line: string) => string) =>
    wrap(oneLine(text), width - 2).map((line) => `  ${paint(line)}`);
  const lines = [
    ...(report.refusal === undefined ? [] : say(refused(report.refusal), (line) => line)),
    ...[...report.notes, ...leftOut(report)].flatMap((note) => say(note, colors.dim)),
    ...difference(report, { colors, width }),
    ...(report.suspects.length === 0 ? [] : say(suspects(report), colors.red)),
  ];
  for (const { kind, v2 } of report.interruptions) {
    if (v2.error !== undefined) lines.push(...say(`V2 after ${kind}: ${v2.error}`, colors.red));
    else if (!v2.outputEqual)
      lines.push(...say(`V2 after ${kind}: its output differs from that of the undisturbed run`, colors.red));
  }
  return lines.length === 0 ? [] : [colors.bold(cut(oneLine(report.id, MAX_NAME), width)), ...lines];
}

/** Says what V2 was compared with, if V1 refuses the workflow. */
function refused(refusal: string): string {
  const stop = refusal.endsWith(".") ? "" : ".";
  return `V1 refuses this workflow. ${refusal}${stop} So V2 is compared with itself: one node at a time, several at a time, and resumed after every node.`;
}

function leftOut({ varying, leftOut }: WorkflowReport): string[] {
  return [
    ...(varying.length === 0
      ? []
      : [
          `not compared, because they differ between two runs of V1: ${firstOf(varying.map((path) => path || "everything"))}`,
        ]),
    ...leftOut.map(({ kind, node, reason }) => `${kind} node ${node.position} left out: ${reason}`),
  ];
}

function suspects({ suspects }: WorkflowReport): string {
  const named = suspects.map(({ path, kind }) => `${path} (${kind})`);
  const options = suspects.map(({ path }) => `--ignore '${path.replaceAll("'", "'\\''")}'`);
  return (
    `different in every run? ${firstOf(named)}: V1 ran only once, so the playground cannot know. ` +
    `If they always differ, leave them out: ${options.slice(0, MAX_PATHS).join(" ")}`
  );
}

function firstOf(paths: readonly string[]): string {
  const more = paths.length - MAX_PATHS;
  return `${paths.slice(0, MAX_PATHS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function difference(report: WorkflowReport, { colors, width }: { colors: Colors; width: number }): string[] {
  if (report.difference === undefined) return [];
  const hasFailed = /^V[12] (with \d+ nodes at a time )?(failed|waits)/.test(report.difference);
  const lines = report.difference.split("\n").flatMap((line) => {
    return hasFailed ? wrap(oneLine(line), width - 2) : [cut(indented(line), width - 2)];
  });
  return [
    `  ${colors.red(hasFailed ? "there is nothing to compare" : "the outputs differ")}`,
    ...lines.map((line) => (line === "" ? "" : `  ${paintDifference(line, colors)}`)),
  ];
}

/** Makes a line of a difference safe to print, and keeps its leading blanks. */
function indented(line: string): string {
  const blanks = /^[-+]? */.exec(line)?.[0] ?? "";
  return blanks.slice(0, 80) + oneLine(line.slice(blanks.length));
}

function paintDifference(line: string, colors: Colors): string {
  if (line.startsWith("-")) return colors.red(line);
  return line.startsWith("+") ? colors.green(line) : line;
}
