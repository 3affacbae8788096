import { createWorkflowEngine } from "@waymark/core";
import { openStore } from "./sqlite-store.ts";

const [, , file = "workflows.db"] = process.argv;
const store = openStore(file);
const engine = createWorkflowEngine({
  store,
  workflows: [
    {
      id: "count",
      nodes: [{ id: "first" }, { id: "second" }],
      edges: [{ source: "first", target: "second" }],
    },
  ],
  executors: { default: ({ context, node }) => ({ ...context, [node.id]: true }) },
});

const { status, output } = await engine.executeWorkflow({ workflowId: "count", userId: "ada" });
const { items } = await engine.listExecutions({ userId: "ada" });
console.log(status, output, `executions in ${file}: ${items.length}`);
await store.close();
