import {
  createWorkflowEngine,
  type NodeExecutor,
  patch,
  route,
  suspend,
  type WorkflowContext,
  type WorkflowDefinition,
  type WorkflowNode,
} from "@waymark/core";
import { createComparison, createRecorder, type Recording, type ShadowOutcome } from "@waymark/core/migration";
import { createWorkflowExecutor } from "@waymark/core/v1";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import type { LoadedWorkflow } from "../src/import/workflow-file.ts";
import type { ExecutorTable } from "../src/nodes/nodes.ts";
import { resultMark } from "../src/nodes/result-mark.ts";

/** The node types with side effects: a comparison answers them from the recording. */
const EFFECTS = new Set(["http-request", "llm", "iterate", "wait"]);
const isLive = (type: string): boolean => !EFFECTS.has(type);

/** V2, with one difference from V1. */
interface Variant {
  kind: string;
  workflow: WorkflowDefinition;
  executors: ExecutorTable;
  /** The node that a comparison must name. */
  nodeId: string;
}

/** What the comparisons of one workflow came to. */
export interface PlantedReport {
  /** The outcome without a difference. */
  same: ShadowOutcome;
  /** The differences that were planted, and those that were not found at their node. */
  planted: number;
  kinds: Set<string>;
  missed: { kind: string; nodeId: string; found: ShadowOutcome }[];
  /** The requests that the services have received: from V1, and during the comparisons. */
  requests: { v1: number; v2: number };
}

/** Records one run of V1, and compares it with V2: as it is, and with each kind of difference at each node that ran. */
export async function checkPlanted(
  { workflow, input }: Pick<LoadedWorkflow, "workflow" | "input">,
  { executors, countRequests }: { executors: ExecutorTable; countRequests: () => number },
): Promise<PlantedReport> {
  const before = countRequests();
  const recording = await record(workflow, { executors, input });
  const after = countRequests();
  const compare = (variant: Pick<Variant, "workflow" | "executors">) =>
    createComparison({
      v2: createWorkflowEngine({
        store: new MemoryCheckpointStore(),
        workflows: [variant.workflow],
        executors: variant.executors,
      }),
      live: isLive,
      timeoutMs: 60_000,
    })(recording);
  const report: PlantedReport = {
    same: await compare({ workflow, executors }),
    ...{ planted: 0, kinds: new Set(), missed: [], requests: { v1: after - before, v2: 0 } },
  };
  const ran = new Set(recording.nodes.map(({ nodeId }) => nodeId));
  for (const { nodeId } of recording.nodes) {
    const node = workflow.nodes.find(({ id }) => id === nodeId) as WorkflowNode;
    for (const variant of variantsAt(node, { workflow, executors, ran })) {
      report.planted += 1;
      report.kinds.add(variant.kind);
      const found = await compare(variant);
      const isFound = found.result === "different" && found.difference?.nodeId === variant.nodeId;
      if (!isFound) report.missed.push({ kind: variant.kind, nodeId: variant.nodeId, found });
    }
  }
  report.requests.v2 = countRequests() - after;
  return report;
}

/** Runs V1 with a registry of its own, which hands out wrapped executors. */
async function record(
  workflow: WorkflowDefinition,
  { executors, input }: { executors: ExecutorTable; input: Record<string, unknown> },
): Promise<Recording> {
  const recordings: Recording[] = [];
  const recorder = createRecorder({ maxBytes: 100_000_000, onRecording: (made) => void recordings.push(made) });
  const registry = Object.entries(executors).map(([type, run]) => [type, recorder.wrap(type, run)] as const);
  const v1 = createWorkflowExecutor({ workflows: [workflow], executors: Object.fromEntries(registry) });
  const call = { workflowId: workflow.id, userId: "playground", initialData: input };
  await recorder.run(call, () => v1.executeWorkflowSync(call));
  return recordings[0] as Recording;
}

function variantsAt(
  node: WorkflowNode,
  {
    workflow,
    executors,
    ran,
  }: { workflow: WorkflowDefinition; executors: ExecutorTable; ran: Set<string | undefined> },
): Variant[] {
  const { id, type = "default" } = node;
  const right = executors[type] as NodeExecutor;
  const atNode = (kind: string, wrong: NodeExecutor): Variant => {
    const executor: NodeExecutor = (args) => (args.node.id === id ? wrong(args) : right(args));
    return { kind, workflow, executors: { ...executors, [type]: Object.assign(executor, right) }, nodeId: id };
  };
  const changed = (kind: string, change: (context: WorkflowContext) => WorkflowContext) =>
    atNode(kind, async (args) => changeResult(await right(args), args.context, change));
  const defined = (kind: string, changes: Partial<WorkflowDefinition>, nodeId = id): Variant => ({
    ...{ kind, workflow: { ...workflow, ...changes }, executors, nodeId },
  });
  const withNode = (changes: Partial<WorkflowNode>) => ({
    nodes: workflow.nodes.map((each) => (each.id === id ? { ...each, ...changes } : each)),
  });
  const handle = workflow.edges.find(({ source, sourceHandle }) => source === id && typeof sourceHandle === "string");
  // Another branch has an effect only if it leads past a node that ran, and that no other node leads to.
  const leadsOn = workflow.edges.some(
    (edge) =>
      edge.source === id &&
      typeof edge.sourceHandle === "string" &&
      ran.has(edge.target) &&
      workflow.edges.every(
        ({ source, target, sourceHandle }) =>
          target !== edge.target || (source === id && typeof sourceHandle === "string"),
      ),
  );
  const variants: Variant[] = [
    defined("other data", withNode({ data: { ...node.data, planted: true } })),
    {
      ...defined("another type", withNode({ type: `other-${type}` })),
      executors: { ...executors, [`other-${type}`]: right },
    },
  ];
  if (handle === undefined) {
    const extra = { id: "planted-node", type };
    const edge = { source: id, target: extra.id };
    const more = { nodes: [...workflow.nodes, { ...node, ...extra }], edges: [...workflow.edges, edge] };
    variants.push(defined("one node too many", more, extra.id));
  }
  if (!isLive(type)) return variants;
  return [
    ...variants,
    changed("one key too many", (context) => ({ ...context, planted: 1 })),
    changed("another value deep inside", (context) => ({ ...context, planted: { deep: [{ inside: context }] } })),
    changed("a missing key", (context) => Object.fromEntries(Object.entries(context).slice(0, -1))),
    changed("a value of another type", (context) => {
      const [key = "planted", value] = Object.entries(context).at(-1) ?? [];
      return { ...context, [key]: JSON.stringify(value ?? null) + typeof value };
    }),
    atNode("a failure", () => Promise.reject(new Error("planted"))),
    atNode("a wait", () => suspend()),
    ...(resultMark(right) === undefined ? [atNode("nothing returned", () => patch({ planted: undefined }))] : []),
    ...(!leadsOn
      ? []
      : [atNode("another branch", async (args) => route(contextOf(await right(args), args.context), "planted"))]),
  ];
}

/** Changes the context of a result, and keeps its handles. */
function changeResult(
  result: Awaited<ReturnType<NodeExecutor>>,
  given: Readonly<WorkflowContext>,
  change: (context: WorkflowContext) => WorkflowContext,
) {
  const context = change(contextOf(result, given));
  return resultMark(result) === "routed" ? route(context, (result as { handles: string[] }).handles) : context;
}

function contextOf(result: Awaited<ReturnType<NodeExecutor>>, given: Readonly<WorkflowContext>): WorkflowContext {
  if (resultMark(result) === "routed") return contextOf((result as { result: WorkflowContext }).result, given);
  if (resultMark(result) === "patch") return { ...given, ...(result as { changes: WorkflowContext }).changes };
  return result as WorkflowContext;
}
