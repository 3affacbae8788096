import { expect } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  type NodeExecutor,
  type WorkflowDefinition,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { createRecorder, createRollout, type RolloutOptions, type ShadowOutcome } from "../../src/migration/index.ts";
import { interceptStore } from "../../src/store/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { SILENT } from "../engine/silent.ts";

export type Executors = Record<string, NodeExecutor>;

export const LINE: WorkflowDefinition = {
  id: "line",
  nodes: [
    { id: "load", type: "load", data: { table: "orders" } },
    { id: "sum", type: "sum" },
    { id: "send", type: "send" },
  ],
  edges: [
    { source: "load", target: "sum" },
    { source: "sum", target: "send" },
  ],
};
export const V1: Executors = {
  load: ({ context }) => Object.assign(context, { orders: [{ price: 2 }, { price: 3 }] }),
  sum: ({ context }) => {
    const orders = context.orders as { price: number }[];
    (context as Record<string, unknown>).total = orders.reduce((sum, { price }) => sum + price, 0);
    return context;
  },
  send: ({ context }) => ({ ...context, sent: true }),
};

/** Runs V1 in a rollout at 0 percent, with `changes` in V2's executors, and returns what the comparison found. */
export async function shadowed(
  changes: Executors,
  {
    workflow = LINE,
    v1 = V1,
    v1Workflow = workflow,
    compare = { live: ["sum"] },
    initialData = { n: 1 } as Record<string, unknown>,
    redact = [] as string[],
    options = {},
  }: Partial<{
    workflow: WorkflowDefinition;
    v1: Executors;
    v1Workflow: WorkflowDefinition;
    compare: NonNullable<RolloutOptions["compare"]>;
    initialData: Record<string, unknown>;
    redact: string[];
    /** Further options of V2. */
    options: Partial<WorkflowEngineOptions>;
  }> = {},
) {
  const shadow = createRecorder();
  const registry = Object.fromEntries(Object.entries(v1).map(([type, run]) => [type, shadow.wrap(type, run)]));
  const found: ShadowOutcome[] = [];
  // The real store of V2 is never touched by a comparison.
  const store = interceptStore(new MemoryCheckpointStore(), (method) => {
    throw new Error(`${method} was called`);
  });
  const { executeWorkflow, settled } = createRollout({
    v1: createWorkflowExecutor({ workflows: [v1Workflow], executors: registry }).executeWorkflowSync,
    v2: createWorkflowEngine({
      store,
      workflows: [workflow],
      executors: { ...v1, ...changes },
      logger: SILENT,
      redact,
      ...options,
    }),
    percent: 0,
    shadow,
    compare,
    onOutcome: (outcome) => {
      if (outcome.kind === "shadow") found.push(outcome);
    },
  });
  const result = await executeWorkflow({ workflowId: workflow.id, userId: "u1", initialData });
  await settled();
  expect(found).toHaveLength(1);
  return { result, shadow: found[0] as ShadowOutcome };
}
