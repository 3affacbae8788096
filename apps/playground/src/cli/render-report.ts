import type { ComparisonReport, InterruptionReport, RecoveryReport, WorkflowReport } from "../compare/report.ts";
import { type Colors, colorsFor, type Screen } from "./colors.ts";
import { oneLine } from "./one-line.ts";
import { remarks } from "./render-remarks.ts";
import { type Column, cut, renderTable, wrap } from "./table.ts";

/** The width of the tables, in characters. A narrower report has lines instead of tables. */
const TABLE_WIDTH = 100;
const MIN_WIDTH = 40;
/** The longest name of a workflow, in characters. */
const MAX_NAME = 200;

type Interrupted = { workflow: WorkflowReport; interruption: InterruptionReport };

/** Writes the report for people: tables if they fit, colours if the terminal has them. */
export function renderReport(report: ComparisonReport, screen: Screen): string {
  const colors = colorsFor(screen);
  const width = screen.isTTY && screen.columns ? Math.max(MIN_WIDTH, screen.columns) : TABLE_WIDTH;
  const rows = report.workflows.flatMap((workflow) =>
    workflow.interruptions.map((interruption) => ({ workflow, interruption })),
  );
  const sections = [
    wrap(`Checkpoints in: ${oneLine(place(report))}. Language model: ${oneLine(report.llm)}.`, width),
    ...(width >= TABLE_WIDTH
      ? [undisturbedTable(report.workflows, colors), interruptedTable(rows, colors)]
      : report.workflows.map((workflow) => workflowLines(workflow, { colors, width }))),
    ...report.workflows.map((workflow) => remarks(workflow, { colors, width })),
    verdict(report, rows, { colors, width }),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${text.join("\n\n")}\n`;
}

function place({ store, dataDir }: ComparisonReport): string {
  return dataDir === undefined ? store : `${store}, folder ${dataDir}`;
}

function undisturbedTable(workflows: readonly WorkflowReport[], colors: Colors): string[] {
  const columns: Column<WorkflowReport>[] = [
    { title: "Undisturbed", cell: ({ id }) => oneLine(id, MAX_NAME), maxWidth: 26 },
    { title: "outputs", cell: equality, paint: (text, row) => tint(colors, row.outputsEqual)(text) },
    { title: "nodes\nrun", align: "right", cell: ({ nodes }) => String(nodes.run) },
    { title: "\nskipped", align: "right", cell: ({ nodes }) => String(nodes.skipped) },
    { title: "check-\npoints", align: "right", cell: ({ checkpoints }) => String(checkpoints) },
    { title: "side\neffects", align: "right", cell: ({ sideEffects }) => String(sideEffects) },
    { title: "V1\nms", align: "right", cell: ({ time }) => milliseconds(time.v1Ms) },
    { title: "V2\nms", align: "right", cell: ({ time }) => milliseconds(time.v2Ms) },
    { title: "added ms\nper node", align: "right", cell: ({ time }) => added(time.addedMsPerNode) },
  ];
  return renderTable(workflows, columns, colors.bold);
}

function interruptedTable(rows: readonly Interrupted[], colors: Colors): string[] {
  if (rows.length === 0) return [];
  const of = (name: "v1" | "v2"): Column<Interrupted>[] => {
    const isRefused = ({ refusal }: WorkflowReport) => name === "v1" && refusal !== undefined;
    const count = (pick: (recovery: RecoveryReport) => number) => ({
      align: "right" as const,
      cell: ({ interruption: { [name]: recovery } }: Interrupted) =>
        recovery === undefined ? "-" : String(pick(recovery)),
      paint: (text: string) => {
        const number = text.trim();
        if (number === "-") return text;
        return number === "0" ? colors.green(text) : colors.red(text);
      },
    });
    const group = name === "v1" ? "V1, run again" : "V2, resumed";
    return [
      { group, title: "nodes", ...count(({ completed }) => completed.nodes) },
      { group, title: "effects", ...count(({ completed }) => completed.effects) },
      { group, title: "own", ...count(({ interrupted }) => interrupted.effects) },
      {
        group,
        title: "ends",
        cell: ({ workflow, interruption }) => (isRefused(workflow) ? "-" : ending(interruption[name])),
        paint: (text, { workflow, interruption }) =>
          isRefused(workflow) ? text : tint(colors, interruption[name]?.finished === true)(text),
      },
    ];
  };
  const columns: Column<Interrupted>[] = [
    { title: "Done twice after", cell: ({ workflow }) => oneLine(workflow.id, MAX_NAME), maxWidth: 20 },
    { title: "an interruption", cell: ({ interruption }) => cause(interruption), maxWidth: 20 },
    ...of("v1"),
    ...of("v2"),
  ];
  const legend = [
    "own: side effects of the interrupted node itself · ends: the run in which it finished",
    ...(rows.some(({ interruption }) => interruption.kind === "recovery")
      ? ["recovery: killed while the node ran, and completed by another process without anybody asking"]
      : []),
    ...(rows.some(({ interruption }) => interruption.kind === "every node")
      ? ["every node: the run ended after each node, and another engine resumed it"]
      : []),
  ];
  return [...renderTable(rows, columns, colors.bold), ...legend.map(colors.dim)];
}

function workflowLines(report: WorkflowReport, { colors, width }: { colors: Colors; width: number }): string[] {
  const { nodes, time } = report;
  const lines = [
    `outputs ${tint(colors, report.outputsEqual)(equality(report))}`,
    `${nodes.run} nodes run, ${nodes.skipped} skipped, ${report.checkpoints} checkpoints`,
    `${report.sideEffects} side effects, ${added(time.addedMsPerNode)} ms added per node`,
  ];
  for (const interruption of report.interruptions) {
    lines.push(`${cause(interruption)}; done twice:`);
    for (const name of ["v1", "v2"] as const) {
      const recovery = interruption[name];
      if (recovery === undefined) continue;
      const { completed, interrupted } = recovery;
      const label = name === "v1" ? "V1 again:  " : "V2 resumed:";
      const twice = `${completed.nodes} nodes, ${completed.effects} effects, own ${interrupted.effects}`;
      lines.push(`  ${label} ${twice}; ${ending(recovery)}`);
    }
  }
  return [colors.bold(cut(oneLine(report.id, MAX_NAME), width)), ...lines.map((line) => `  ${line}`)];
}

function verdict(
  report: ComparisonReport,
  rows: readonly Interrupted[],
  { colors, width }: { colors: Colors; width: number },
): string[] {
  const of = (name: "v1" | "v2", pick: (recovery: RecoveryReport) => number) =>
    rows.reduce((total, { interruption: { [name]: recovery } }) => total + (recovery ? pick(recovery) : 0), 0);
  const known = of("v2", ({ interrupted }) => interrupted.requests - interrupted.effects);
  const equal = report.workflows.filter(({ outputsEqual }) => outputsEqual).length;
  const refused = report.workflows.filter(({ refusal }) => refusal !== undefined).length;
  const itself = refused === 0 ? "" : ` V1 refuses ${refused} of them, so there V2 is compared with itself.`;
  const outputs = `Outputs equal: ${equal} of ${report.workflows.length}.${itself}`;
  const repeated = [
    `Completed nodes: V1 ran ${of("v1", (v1) => v1.completed.nodes)} of them again,`,
    `with ${count(
      of("v1", (v1) => v1.completed.effects),
      "side effect",
    )};`,
    `V2 ran ${of("v2", (v2) => v2.completed.nodes)}, with ${of("v2", (v2) => v2.completed.effects)}.`,
    `Interrupted nodes: V1 repeated ${of("v1", (v1) => v1.interrupted.effects)} of their side effects,`,
    `V2 ${of("v2", (v2) => v2.interrupted.effects)}${known === 0 ? "." : ""}`,
    ...(known === 0 ? [] : [`(repeated requests that the services knew by their keys: ${known}).`]),
  ];
  const sentences = rows.length === 0 ? outputs : [outputs, ...repeated].join(" ");
  const problems = report.workflows.flatMap(({ id, problems }) =>
    problems.flatMap((problem) => wrap(`${oneLine(id, MAX_NAME)}: ${oneLine(problem)}.`, width).map(colors.red)),
  );
  return [...wrap(sentences, width), ...problems, report.ok ? colors.green("OK") : colors.red("NOT OK")];
}

function cause({ kind, node, error }: InterruptionReport): string {
  const status = /answered (\d{3})/.exec(error)?.[1];
  const what = kind === "service" ? (status ?? "refused") : kind === "failure" ? "failure" : kind;
  if (node === undefined) return what;
  return kind.startsWith("kill") ? `${kind} node ${node.position}` : `${what} at node ${node.position}`;
}

function ending(recovery: RecoveryReport | undefined): string {
  if (!recovery?.finished) return "never";
  const { outputEqual, runs } = recovery;
  return outputEqual ? `run ${runs}` : "other";
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function equality({ outputsEqual }: WorkflowReport): string {
  return outputsEqual ? "equal" : "differ";
}

function added(ms: number | undefined): string {
  return ms === undefined ? "-" : ms.toFixed(3);
}

function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

function tint(colors: Colors, isGood: boolean): (text: string) => string {
  return isGood ? colors.green : colors.red;
}
