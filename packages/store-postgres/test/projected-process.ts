// For pglite-projection.test.ts: runs an execution whose rows it projects, and kills itself at one of the writes.
//
//   node projected-process.ts <folder> <step> <status> <before | after>
import { PGlite } from "@electric-sql/pglite";
import { createWorkflowEngine } from "@waymark/core";
import { projectExecutions } from "@waymark/core/migration";
import { PostgresCheckpointStore } from "../src/index.ts";
import { upsert, WORKFLOW } from "./projected-table.ts";

const [folder, step, status, moment] = process.argv.slice(2) as [string, string, string, "before" | "after"];
const pglite = await PGlite.create(folder);
const store = PostgresCheckpointStore.from(pglite);
const kill = () => process.kill(process.pid, "SIGKILL");

/** Called once the table has a step. A node waits for the step before it, so that no state is passed over. */
const onWritten = new Map<number, () => void>();
const written = WORKFLOW.nodes.map((_, step) => new Promise<void>((resolve) => onWritten.set(step, resolve)));

const engine = createWorkflowEngine({
  store,
  workflows: [WORKFLOW],
  leaseMs: 1,
  executors: {
    default: async ({ context, node }) => {
      const index = WORKFLOW.nodes.findIndex(({ id }) => id === node.id);
      await written[index];
      return { ...context, [node.id]: true };
    },
  },
});
projectExecutions({
  engine,
  write: async (row) => {
    const isTheOne = row.currentStep === Number(step) && row.status === status;
    if (isTheOne && moment === "before") kill();
    await upsert(pglite, row);
    if (isTheOne) kill();
    onWritten.get(row.currentStep)?.();
  },
});
await engine.executeWorkflow({ workflowId: WORKFLOW.id, userId: "u1", executionId: "e1" });
