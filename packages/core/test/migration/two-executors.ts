import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type NodeExecutor,
  patch,
  type WorkflowDefinition,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import type { RolloutOutcome, RunOutcome, V1Call } from "../../src/migration/index.ts";
import { createRollout, type RolloutOptions } from "../../src/migration/index.ts";
import { SILENT } from "../engine/silent.ts";

const WORKFLOW: WorkflowDefinition = {
  id: "w1",
  nodes: [{ id: "a" }, { id: "b" }],
  edges: [{ source: "a", target: "b" }],
};
export const CALL = { workflowId: "w1", userId: "u1", initialData: { n: 1 } };

/** A V1 and a V2 that note which of them ran what, and a rollout over both. */
export function twoExecutors(
  options: Partial<RolloutOptions<V1Call & { tenant?: string }>> = {},
  {
    store = new MemoryCheckpointStore(),
    executor,
    ...engineOptions
  }: Partial<WorkflowEngineOptions> & { store?: CheckpointStore; executor?: NodeExecutor } = {},
) {
  const ran: string[] = [];
  const outcomes: RolloutOutcome[] = [];
  const engine = createWorkflowEngine({
    store,
    workflows: [WORKFLOW],
    executors: {
      default: async (args) => {
        ran.push(`v2:${args.node.id}`);
        return executor === undefined ? patch({ [args.node.id]: true }) : executor(args);
      },
    },
    storeRetryMs: 1,
    logger: SILENT,
    ...engineOptions,
  });
  const v1Calls: object[] = [];
  const rollout = createRollout({
    v1: async (call: V1Call & { tenant?: string }) => {
      ran.push("v1");
      v1Calls.push(call);
      return { success: true, output: { ...call.initialData, a: true, b: true } };
    },
    v2: engine,
    percent: 100,
    onOutcome: (outcome) => void outcomes.push(outcome),
    ...options,
  });
  const runs = () => outcomes.filter((outcome): outcome is RunOutcome => outcome.kind === "run");
  return { ran, v1Calls, outcomes, runs, engine, rollout, store };
}
