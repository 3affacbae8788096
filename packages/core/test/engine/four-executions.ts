import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";

export const DAY_MS = 86_400_000;

/** Makes four executions, a day apart: two are completed, the second has failed, and the last is pending. */
export async function setUp() {
  const clock = new ManualClock();
  const store = new MemoryCheckpointStore({ clock });
  const executor: NodeExecutor = (args) => {
    if (args.userId === "fails") throw new Error("boom");
    return append(args);
  };
  const engine = createWorkflowEngine({
    store,
    workflows: [chain(2), chain(2, "other")],
    executors: { default: executor },
    clock,
  });
  for (const [executionId, workflowId, userId] of [
    ["e1", "chain", "u1"],
    ["e2", "chain", "fails"],
    ["e3", "other", "u1"],
  ] as const) {
    await engine.executeWorkflow({ executionId, workflowId, userId });
    clock.advance(DAY_MS);
  }
  await engine.executeWorkflow({ executionId: "e4", workflowId: "chain", userId: "u1", budgetMs: 0 });
  return { clock, store, engine };
}
