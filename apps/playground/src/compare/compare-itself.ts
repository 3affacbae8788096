import { cleanText, listed, quoted } from "@waymark/core/store";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import { compareRecovery } from "../kill/compare-recovery.ts";
import { runsChildren } from "../nodes/child-workflows.ts";
import { asOne, type Bench, type BenchRunV2, completedIn } from "./bench.ts";
import type { CompareOptions } from "./compare-options.ts";
import { findNode, halfWay } from "./interrupted-node.ts";
import { compareFailure, recovery } from "./interruptions.ts";
import { killOptions } from "./kill-setup.ts";
import { runKey, runName } from "./node-recorder.ts";
import type { OutputComparison } from "./output-comparison.ts";
import { type InterruptionReport, isOk, type WorkflowReport } from "./report.ts";

/** The number of nodes that may run at the same time, in the run that is compared with one node at a time. */
const NODES_AT_A_TIME = 4;

interface Itself {
  options: CompareOptions;
  bench: Bench;
  outputs: OutputComparison;
  /** The runs of one undisturbed execution of V2, one node at a time. The last one ended it. */
  runs: readonly [BenchRunV2, ...BenchRunV2[]];
  /** The error by which V1 refuses the workflow. */
  refusal: string;
  setStage: (stage: string) => void;
}

/**
 * Compares V2 with itself, because V1 refuses the workflow: one node at a time, several at a time, and resumed after
 * every node. The output and the runs of nodes, each visit by itself, must be the same.
 */
export async function compareItself(loaded: LoadedWorkflow, given: Itself): Promise<WorkflowReport> {
  const { options, bench, outputs, runs, refusal, setStage } = given;
  const { workflow, title, format } = loaded;
  const { interrupt = true } = options;
  const v2 = asOne(runs);
  const order = completedIn(runs);
  const ran = new Set(v2.nodeRuns.filter(({ child }) => child === undefined).map(({ nodeId }) => nodeId));
  // The engine itself runs the nodes that run other workflows.
  const parents = workflow.nodes.filter(
    (node) => runsChildren(node) && Object.hasOwn(v2.outcome.output ?? {}, node.id),
  );
  for (const { id } of parents) ran.add(id);
  const hasWaited = runs.length > 1;
  const report: WorkflowReport = {
    id: workflow.id,
    title,
    format,
    ok: false,
    against: "itself",
    refusal: cleanText(refusal),
    nodes: { total: workflow.nodes.length, run: ran.size, skipped: workflow.nodes.length - ran.size },
    outputsEqual: false,
    varying: [],
    suspects: [],
    checkpoints: v2.checkpointsCount,
    sideEffects: v2.requests.filter(({ outcome }) => outcome === "applied").length,
    maxRuns: { v1: hasWaited ? 1 : 0, v2: 2 },
    time: { runs: 1, v2Ms: v2.totalMs },
    interruptions: [],
    leftOut: [],
    problems: [],
    notes: [...loaded.dropped],
  };
  const { success, waits, error, output } = v2.outcome;
  if (!success) return { ...report, difference: cleanText(`V2 ${waits ?? `failed: ${error}`}`) };

  setStage(`${NODES_AT_A_TIME} nodes at a time`);
  Object.assign(report, await compareConcurrency(given));
  if (interrupt && order.length > 0) {
    setStage("resumed after every node");
    report.interruptions.push(await compareResumes(given));
    report.maxRuns.v2 += 1;
    // Nobody answers between a failure and a resume, or in a process that only recovers.
    if (!hasWaited) {
      const context = { bench, outputs, expected: { v1: undefined, v2: output }, order, v1Refuses: true };
      const found = await interruptOnce(loaded, given, context);
      report.interruptions.push(...found.interruptions);
      report.leftOut.push(...found.leftOut);
      report.maxRuns.v2 += found.interruptions.length * 2;
    }
  }
  report.notes.push(...outputs.unused.map((pattern) => `--ignore ${quoted(pattern)} matches nothing in the outputs`));
  return { ...report, ok: isOk(report) };
}

/** Lets a node fail after its work, and kills a process at it, whose execution another process recovers. */
async function interruptOnce(
  loaded: LoadedWorkflow,
  { options, runs, setStage }: Itself,
  context: Parameters<typeof compareFailure>[0],
): Promise<Pick<WorkflowReport, "interruptions" | "leftOut">> {
  const { failAt, recovery: setup } = options;
  const { order } = context;
  const policyOf = (nodeId: string) => loaded.workflow.nodes.find(({ id }) => id === nodeId)?.onError ?? "fail";
  const failing = order.filter((nodeId) => policyOf(nodeId) === "fail");
  const among = failing.length > 0 ? failing : order;
  const nodeId = failAt === undefined ? halfWay(among, asOne(runs).requests) : findNode(failAt, loaded, order);
  const found: Pick<WorkflowReport, "interruptions" | "leftOut"> = { interruptions: [], leftOut: [] };
  if (policyOf(nodeId) === "fail") {
    setStage(`failing at ${quoted(nodeId)}`);
    found.interruptions.push(await compareFailure(context, { failAfter: nodeId }));
  } else {
    const node = { id: nodeId, position: order.indexOf(nodeId) + 1 };
    found.leftOut.push({ kind: "failure", node, reason: "its error policy continues after a failure" });
  }
  if (setup !== undefined) {
    const killed = killOptions({ loaded, nodeRuns: runs[0].nodeRuns, options }, { nodeId, setup });
    const { interruptions, leftOut } = await compareRecovery(context, killed);
    found.interruptions.push(...interruptions);
    found.leftOut.push(...leftOut);
  }
  return found;
}

/** Runs V2 with several nodes at a time, and compares the output and the runs of nodes with one at a time. */
async function compareConcurrency({
  bench,
  outputs,
  runs,
}: Itself): Promise<Pick<WorkflowReport, "outputsEqual" | "difference">> {
  bench.reset();
  const found = await bench.completeV2({ nodeConcurrency: NODES_AT_A_TIME });
  const [one, many] = [runs, found].map((each) => each.at(-1)?.outcome);
  if (!many?.success) {
    const what = many?.waits ?? `failed: ${many?.error}`;
    return { outputsEqual: false, difference: cleanText(`V2 with ${NODES_AT_A_TIME} nodes at a time ${what}`) };
  }
  const differing = outputs.difference(one?.output, many.output);
  const lines = [...differingRuns(runs, found), ...(differing === undefined ? [] : [differing])];
  return lines.length === 0 ? { outputsEqual: true } : { outputsEqual: false, difference: lines.join("\n") };
}

/** Interrupts V2 after every node. Each time another engine, which has only the store, resumes it. */
async function compareResumes({ bench, outputs, runs }: Itself): Promise<InterruptionReport> {
  bench.reset();
  const found = await bench.completeV2({ oneNode: true });
  const expected = runs.at(-1)?.outcome.output;
  const isSame = differingRuns(runs, found).length === 0;
  return {
    kind: "every node",
    error: "The engine was drained after each node.",
    v2: recovery(found, (output) => isSame && outputs.equal(expected, output)),
  };
}

/** Names the runs of nodes that only one of two executions had. */
function differingRuns(expected: readonly BenchRunV2[], found: readonly BenchRunV2[]): string[] {
  const namesOf = (runs: readonly BenchRunV2[]) => {
    const byKey = new Map(runs.flatMap(({ nodeRuns }) => nodeRuns.map((run) => [runKey(run), runName(run)])));
    // Children have other ids in every execution, so those of one workflow are counted.
    const counted = [...Map.groupBy(byKey.values(), (name) => name)];
    return new Set(counted.map(([name, { length }]) => (length === 1 ? name : `${name} x${length}`)));
  };
  const [before, after] = [namesOf(expected), namesOf(found)];
  const missing = [...before].filter((name) => !after.has(name));
  const added = [...after].filter((name) => !before.has(name));
  return [
    ...(missing.length === 0 ? [] : [cleanText(`- ran with one node at a time only: ${listed(missing)}`)]),
    ...(added.length === 0 ? [] : [cleanText(`+ ran with ${NODES_AT_A_TIME} nodes at a time only: ${listed(added)}`)]),
  ];
}
