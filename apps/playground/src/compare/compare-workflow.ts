import { WorkflowError } from "@waymark/core";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import { compareKills } from "../kill/compare-kills.ts";
import type { UserModules } from "../kill/task.ts";
import type { StoreChoice } from "../store/open-store.ts";
import { Bench, type BenchOptions, type BenchRun, type BenchRunV2 } from "./bench.ts";
import { difference } from "./difference.ts";
import { compareFailure, compareTimeLimit, type InterruptionContext } from "./interruptions.ts";
import { type InterruptionReport, isOk, type WorkflowReport } from "./report.ts";

/** What a comparison is asked to do. */
export interface CompareOptions extends BenchOptions {
  /** The node that fails, by id, name or place (from 1); it takes the place of the scenario's own interruption. */
  failAt?: string | undefined;
  /** Whether its process is killed too, at the node that fails; not where something else interrupts it. */
  kill?: KillSetup | undefined;
  /** Hears what is being done, in a few words. */
  onProgress?: (what: string) => void;
}

/** What processes that are killed are made with. */
export interface KillSetup {
  /** The model that llm nodes ask. */
  model: string;
  modules: UserModules;
  store: StoreChoice;
}

/** Undisturbed runs are repeated for their times, as often as this or for as long. */
const MAX_TIMED_RUNS = 9;
const MAX_TIMED_MS = 600;

/**
 * Runs one workflow with V1 and V2 and says in what they differ.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT where `failAt` names no node that runs
 */
export async function compareWorkflow(loaded: LoadedWorkflow, options: CompareOptions): Promise<WorkflowReport> {
  const { workflow, title, format } = loaded;
  const { onProgress = () => {} } = options;
  const bench = new Bench(loaded, options);

  onProgress("undisturbed");
  bench.reset();
  // V2 first: a definition that cannot be run is refused by it before anything has happened.
  const v2 = await bench.startV2();
  bench.reset();
  const v1 = await bench.runV1();
  const between = compareOutputs(v1, v2);
  const order = v2.recorder.completed;
  const notes = [...loaded.dropped];
  if (between !== undefined && v1.outcome.success && (await variesByItself(bench, v1))) {
    notes.push("two undisturbed runs of V1 differ too: what the nodes do is not the same in every run");
  }
  const report: WorkflowReport = {
    id: workflow.id,
    title,
    format,
    ok: false,
    nodes: { total: workflow.nodes.length, run: order.length, skipped: workflow.nodes.length - v2.totalSteps },
    outputsEqual: between === undefined,
    ...(between === undefined ? {} : { difference: between }),
    checkpoints: v2.checkpointsCount,
    sideEffects: v2.requests.filter(({ outcome }) => outcome === "applied").length,
    time: { runs: 1, v1Ms: v1.totalMs, v2Ms: v2.totalMs },
    interruptions: [],
    notes,
  };
  if (v1.outcome.success && v2.outcome.success) {
    const context = { bench, expected: v2.outcome.output, order };
    report.interruptions = await interrupt(context, { loaded, v2, options });
    onProgress("timing");
    report.time = await timeRuns(bench, order.length);
  }
  return { ...report, ok: isOk(report) };
}

function compareOutputs(v1: BenchRun, v2: BenchRun): string | undefined {
  const failures = [
    ...(v1.outcome.success ? [] : [`V1 failed: ${v1.outcome.error}`]),
    ...(v2.outcome.success ? [] : [`V2 failed: ${v2.outcome.error}`]),
  ];
  return failures.length > 0 ? failures.join("\n") : difference(v1.outcome.output, v2.outcome.output);
}

/** Time, chance or the world outside make outputs differ; then it is not the executors that do. */
async function variesByItself(bench: Bench, first: BenchRun): Promise<boolean> {
  bench.reset();
  const second = await bench.runV1();
  return difference(first.outcome.output, second.outcome.output) !== undefined;
}

async function interrupt(
  context: InterruptionContext,
  { loaded, v2, options }: { loaded: LoadedWorkflow; v2: BenchRunV2; options: CompareOptions },
): Promise<InterruptionReport[]> {
  const { failAt, onProgress = () => {} } = options;
  const interruption = failAt === undefined ? loaded.interruption : undefined;
  if (interruption === undefined) {
    const failAfter = failAt === undefined ? halfWay(v2) : findNode(failAt, loaded, context.order);
    onProgress(`failing at ${failAfter}`);
    const failure = await compareFailure(context, { failAfter });
    return [failure, ...(await kill(context, { loaded, options, nodeId: failAfter }))];
  }
  if ("faults" in interruption) {
    onProgress("refused by a service");
    return [await compareFailure(context, interruption)];
  }
  const reports: InterruptionReport[] = [];
  for (const kind of ["timeoutMs", "budgetMs"] as const) {
    onProgress(`cut off by ${kind}`);
    reports.push(await compareTimeLimit(context, { kind, ms: interruption.budgetMs }));
  }
  return reports;
}

async function kill(
  { bench, expected, order }: InterruptionContext,
  { loaded, options, nodeId }: { loaded: LoadedWorkflow; options: CompareOptions; nodeId: string },
): Promise<InterruptionReport[]> {
  const { services, onProgress = () => {}, kill: setup } = options;
  if (setup === undefined) return [];
  const { workflow, format, input } = loaded;
  const { modules, model, store } = setup;
  const task = { loaded: { workflow, format, input }, services: { url: services.url, model }, modules };
  const v2 = { store, contextMode: options.v2.contextMode };
  return compareKills({ services, reset: () => bench.reset(), task, v2, nodeId, order, expected, onProgress });
}

/** The middle one of the nodes that have side effects, so that some lie behind it; of all nodes if none has. */
function halfWay({ recorder, requests }: BenchRunV2): string {
  const order = recorder.completed;
  const senders = order.filter((id) => requests.some(({ nodeId }) => nodeId === id));
  const among = senders.length > 0 ? senders : order;
  return among[among.length >> 1] as string;
}

function findNode(failAt: string, { workflow }: LoadedWorkflow, order: readonly string[]): string {
  const byName = workflow.nodes.filter(({ name }) => name === failAt).map(({ id }) => id);
  const byPlace = /^\d+$/.test(failAt) ? order[Number(failAt) - 1] : undefined;
  const found = [failAt, ...byName, byPlace].find((id) => id !== undefined && order.includes(id));
  if (found !== undefined) return found;
  const exists = workflow.nodes.some(({ id, name }) => id === failAt || name === failAt);
  const reason = exists ? `node "${failAt}" is skipped with this input` : `there is no node "${failAt}"`;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `--fail-at: ${reason} (workflow "${workflow.id}", ${order.length} nodes run).`,
  );
}

async function timeRuns(bench: Bench, nodes: number): Promise<WorkflowReport["time"]> {
  const pairs: { v1: BenchRun; v2: BenchRun }[] = [];
  const startedAt = performance.now();
  do {
    bench.reset();
    const v1 = await bench.runV1();
    bench.reset();
    pairs.push({ v1, v2: await bench.startV2() });
  } while (pairs.length < MAX_TIMED_RUNS && performance.now() - startedAt < MAX_TIMED_MS);
  const added = median(pairs.map(({ v1, v2 }) => v2.overheadMs - v1.overheadMs));
  return {
    runs: pairs.length,
    v1Ms: median(pairs.map(({ v1 }) => v1.totalMs)),
    v2Ms: median(pairs.map(({ v2 }) => v2.totalMs)),
    addedMsPerNode: added / Math.max(1, nodes),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}
