// Runs a node that writes a line of each level, on an engine without a logger: for default-logger.test.ts.
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";

const { executeWorkflow } = createWorkflowEngine({
  store: new MemoryCheckpointStore(),
  workflows: [{ id: "w", nodes: [{ id: "a", type: "talk" }], edges: [] }],
  executors: {
    talk: ({ log, context }) => {
      for (const level of ["debug", "info", "warn", "error"] as const) log[level](`a line of ${level}`, { sum: 3 });
      return context;
    },
  },
});
await executeWorkflow({ workflowId: "w", userId: "u1", executionId: "e1" });
