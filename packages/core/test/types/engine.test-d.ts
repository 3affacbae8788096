import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, defineNode, defineWorkflow, type WorkflowContext } from "../../src/index.ts";

/** Fails to compile unless both types are the same. */
function same<A, B>(_equal: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void {}

const order = defineWorkflow({
  id: "order",
  nodes: [{ id: "price", position: { x: 0, y: 0 } }].map(({ id }) => ({ id })),
  edges: [],
  input: z.object({ quantity: z.number(), note: z._default(z.string(), "") }),
});
const plain = defineWorkflow({ id: "plain", nodes: [{ id: "a" }], edges: [] });

const wait = defineNode({
  type: "wait",
  data: z.object({ ms: z.number() }),
  run: ({ data, context }) => {
    same<typeof data, { ms: number }>(true);
    return { ...context, waited: data.ms };
  },
});

const engine = createWorkflowEngine({
  store: new MemoryCheckpointStore(),
  workflows: [order, plain],
  executors: { default: ({ context }) => context, [wait.type]: wait },
});

// The input's schema types `initialData`, by workflow.
void engine.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { quantity: 1 } });
// @ts-expect-error a quantity is a number
void engine.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { quantity: "1" } });
void engine.executeWorkflow({ workflowId: "plain", userId: "u1", initialData: { anything: true } });
void engine.executeWorkflow({ workflowId: "plain" as string, userId: "u1", initialData: { anything: true } });
// @ts-expect-error workflowId is required
void engine.executeWorkflow({ userId: "u1" });

// The status tells the result's kind.
const result = await engine.executeWorkflow({ workflowId: "plain", userId: "u1" });
same<typeof result.output, WorkflowContext>(true);
if (result.success) same<typeof result.status, "completed">(true);
else if (result.status === "failed") same<typeof result.error, string>(true);

// A context type of one's own goes through.
const typed = createWorkflowEngine<{ total: number }>({
  store: new MemoryCheckpointStore(),
  workflows: [plain],
  executors: { default: ({ context }) => ({ total: context.total + 1 }) },
});
const { output } = await typed.executeWorkflow({ workflowId: "plain", userId: "u1", initialData: { total: 1 } });
same<typeof output, { total: number }>(true);

// A state that was opened for reading lacks what changes it.
const state = await typed.getExecutionState("e1");
same<ReturnType<typeof state.getContext>, { total: number }>(true);
// @ts-expect-error read-only
state.setContext({ total: 1 });
// @ts-expect-error read-only
void state.markCompleted();
