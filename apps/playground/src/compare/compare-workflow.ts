import { isWorkflowError } from "@waymark/core";
import { cleanText, listed, quoted } from "@waymark/core/store";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import { compareKills } from "../kill/compare-kills.ts";
import { compareRecovery } from "../kill/compare-recovery.ts";
import type { KillReports } from "../kill/kill-options.ts";
import { asOne, Bench, type BenchRun, type BenchRunV2, completedIn } from "./bench.ts";
import { compareItself } from "./compare-itself.ts";
import type { CompareOptions } from "./compare-options.ts";
import type { Outcome } from "./executors.ts";
import { findNode, halfWay } from "./interrupted-node.ts";
import { compareFailure, compareTimeLimit, type InterruptionContext } from "./interruptions.ts";
import { killOptions } from "./kill-setup.ts";
import { OutputComparison } from "./output-comparison.ts";
import { type InterruptionReport, isOk, type WorkflowReport } from "./report.ts";
import { countRuns } from "./run-counts.ts";
import { timeRuns } from "./time-runs.ts";

const CALLED_NONE = "your V1 called no executor that it received, and exports no recorder: nothing was counted";
const ALL_VARIES = "the whole output differs between two runs of V1, so there is nothing to compare";

/**
 * Runs one workflow with V1 and V2, and reports the differences.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if `failAt` names no node that runs
 */
export async function compareWorkflow(loaded: LoadedWorkflow, options: CompareOptions): Promise<WorkflowReport> {
  const { workflow, title, format } = loaded;
  const { onProgress = () => undefined, interrupt = true, measure = true } = options;
  let stage = "undisturbed";
  const bench = new Bench(loaded, { ...options, onRun: (run, limitMs) => onProgress(`${stage}: ${run}`, limitMs) });
  const outputs = new OutputComparison(options.ignore);

  const setStage = (next: string) => {
    stage = next;
  };
  bench.reset();
  // V2 runs first, because it refuses an invalid definition before anything has happened.
  const runs = await bench.completeV2();
  const v2 = asOne(runs);
  bench.reset();
  const hasWaited = runs.length > 1;
  const v1 = await runOldExecutor(bench, { hasWaited });
  if (typeof v1 === "string") return compareItself(loaded, { options, bench, outputs, runs, refusal: v1, setStage });
  const order = completedIn(runs);
  const hasBoth = v1.outcome.success && v2.outcome.success;
  const hasCalledNone = v1.recorder.runs.length === 0 && order.length > 0 && v1.outcome.success;
  const report: WorkflowReport = {
    id: workflow.id,
    title,
    format,
    ok: false,
    against: "V1",
    nodes: { total: workflow.nodes.length, run: order.length, skipped: workflow.nodes.length - v2.totalSteps },
    outputsEqual: false,
    varying: [],
    suspects: [],
    checkpoints: v2.checkpointsCount,
    sideEffects: v2.requests.filter(({ outcome }) => outcome === "applied").length,
    maxRuns: countRuns(loaded, options),
    time: { runs: 1, v1Ms: v1.totalMs, v2Ms: v2.totalMs },
    interruptions: [],
    leftOut: [],
    problems: hasCalledNone ? [CALLED_NONE] : [],
    notes: [...loaded.dropped, ...startNote(loaded)],
  };
  if (hasBoth) {
    outputs.noteV1(v1.outcome.output);
    const expected = { v1: v1.outcome.output, v2: v2.outcome.output };
    const context = { bench, outputs, expected, order };
    // First, because these runs also show which places of the outputs differ in every run.
    if (measure && !hasCalledNone && !hasWaited) {
      stage = "timing";
      report.time = await timeRuns(bench, { nodes: order.length, onV1: (output) => outputs.noteV1(output) });
    }
    // The runs of an execution that waits end without a failure, and need answers.
    if (interrupt && !hasCalledNone && !hasWaited) {
      Object.assign(report, await interruptAll(context, { loaded, v1, v2, options, setStage }));
    }
  }
  Object.assign(report, compareOutputs(outputs, { v1, v2 }));
  report.notes.push(...outputs.unused.map((pattern) => `--ignore ${quoted(pattern)} matches nothing in the outputs`));
  if (report.varying.includes("")) report.problems.push(ALL_VARIES);
  const unseen = order.filter((id) => !v1.recorder.completed.includes(id));
  if (hasBoth && !hasCalledNone && unseen.length > 0) {
    report.notes.push(`V1 ran these nodes without the executors that it received, or not at all: ${listed(unseen)}`);
  }
  return { ...report, ok: isOk(report) };
}

/** Runs V1. Returns its error, with the code, if V1 cannot run such a workflow. */
async function runOldExecutor(bench: Bench, { hasWaited }: { hasWaited: boolean }): Promise<BenchRun | string> {
  try {
    const run = await bench.runV1();
    const { success, error } = run.outcome;
    return hasWaited && !success ? `V1_UNSUPPORTED: ${error}` : run;
  } catch (error) {
    if (!isWorkflowError(error, "V1_UNSUPPORTED")) throw error;
    return `${error.code}: ${error.message}`;
  }
}

function startNote({ startAt }: LoadedWorkflow): string[] {
  if (startAt === undefined) return [];
  return [`V1 cannot start at a node (V1_UNSUPPORTED), so it got only what ${quoted(startAt)} leads to`];
}

type Findings = Pick<WorkflowReport, "outputsEqual" | "difference" | "varying" | "suspects">;

function compareOutputs(outputs: OutputComparison, { v1, v2 }: { v1: BenchRun; v2: BenchRun }): Findings {
  const why = (name: string, { success, waits, error }: Outcome) =>
    success ? [] : [cleanText(`${name} ${waits ?? `failed: ${error}`}`)];
  const failures = [...why("V1", v1.outcome), ...why("V2", v2.outcome)];
  if (failures.length > 0) {
    return { outputsEqual: false, difference: failures.join("\n"), varying: [], suspects: [] };
  }
  const difference = outputs.difference(v1.outcome.output, v2.outcome.output);
  const { varying } = outputs;
  if (difference === undefined) return { outputsEqual: true, varying, suspects: [] };
  return { outputsEqual: false, difference, varying, suspects: outputs.suspects(v1.outcome.output, v2.outcome.output) };
}

interface Interruptions {
  loaded: LoadedWorkflow;
  v1: BenchRun;
  v2: BenchRunV2;
  options: CompareOptions;
  setStage: (stage: string) => void;
}

async function interruptAll(context: InterruptionContext, given: Interruptions): Promise<KillReports> {
  const { loaded, options, setStage } = given;
  const { failAt, kill, recovery } = options;
  const interruption = failAt === undefined ? loaded.interruption : undefined;
  const interruptions: InterruptionReport[] = [];
  const leftOut: KillReports["leftOut"] = [];
  const add = (found: KillReports) => {
    interruptions.push(...found.interruptions);
    leftOut.push(...found.leftOut);
  };
  // An old executor cannot be interrupted at nodes that it runs by itself.
  const shared = context.order.filter((id) => given.v1.recorder.completed.includes(id));
  const order = shared.length > 0 ? shared : context.order;
  const nodeId = failAt === undefined ? halfWay(order, given.v2.requests) : findNode(failAt, loaded, context.order);
  const killed = { loaded, nodeRuns: given.v2.nodeRuns, options };
  if (interruption === undefined) {
    setStage(`failing at ${quoted(nodeId)}`);
    interruptions.push(await compareFailure(context, { failAfter: nodeId }));
    if (kill !== undefined) add(await compareKills(context, killOptions(killed, { nodeId, setup: kill })));
  } else if ("faults" in interruption) {
    setStage("refused by a service");
    interruptions.push(await compareFailure(context, interruption));
  } else {
    for (const kind of ["timeoutMs", "budgetMs"] as const) {
      setStage(`cut off by ${kind}`);
      interruptions.push(await compareTimeLimit(context, { kind, ms: interruption.budgetMs }));
    }
  }
  if (recovery !== undefined) add(await compareRecovery(context, killOptions(killed, { nodeId, setup: recovery })));
  return { interruptions, leftOut };
}
