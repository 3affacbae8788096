import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, defineNode, defineWorkflow, type ExecutionSummary } from "../../src/index.ts";
import { same } from "./same.ts";

const plain = defineWorkflow({ id: "plain", nodes: [{ id: "a" }], edges: [] });
const typed = createWorkflowEngine<{ total: number }>({
  store: new MemoryCheckpointStore(),
  workflows: [plain],
  executors: { default: ({ context }) => ({ total: context.total + 1 }) },
});

// The schema of a node's data types it.
defineNode({
  type: "wait",
  data: z.object({ ms: z.number() }),
  run: ({ data, context }) => {
    same<typeof data, { ms: number }>(true);
    return { ...context, waited: data.ms };
  },
});

// A state that was opened for reading lacks what changes it.
const state = await typed.getExecutionState("e1");
same<ReturnType<typeof state.getContext>, { total: number }>(true);
// @ts-expect-error read-only
state.setContext({ total: 1 });
// @ts-expect-error read-only
void state.markCompleted();

// Members take one object.
void typed.cancelExecution({ executionId: "e1", reason: "no longer needed", userId: "u1" });
// @ts-expect-error not an id
void typed.cancelExecution("e1");
// @ts-expect-error not an id
void typed.deleteExecution("e1");
// @ts-expect-error a user that is undefined guards nothing
void typed.deleteExecution({ executionId: "e1", userId: undefined });
for await (const summary of typed.executions({ status: "failed" })) same<typeof summary, ExecutionSummary>(true);
const page = await typed.getExecutionState("e1", { checkpoints: { limit: 10 } });
same<ReturnType<typeof page.getNextCursor>, string | undefined>(true);

// The members of one user need no user, and have no way to another one's.
const { resumeWorkflow, executeWorkflow, ...others } = typed.forUser("u1");
void executeWorkflow({ workflowId: "plain" });
void resumeWorkflow({ executionId: "e1" });
// @ts-expect-error it is bound
void others.forUser;
