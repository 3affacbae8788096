import { createWorkflowEngine } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { report, reportExecutors } from "./report.ts";

let requests = 0;
const services = {
  async readFigure(source: string) {
    requests += 1;
    if (requests === 2) throw new Error(`${source} is down`);
    return { sales: 12, visits: 340 }[source] ?? 0;
  },
  async publish(text: string) {
    console.log("published:", text);
  },
};

const { executeWorkflow, resumeWorkflow } = createWorkflowEngine({
  store: new MemoryCheckpointStore(),
  workflows: [report],
  executors: reportExecutors(services),
});

const failed = await executeWorkflow({ workflowId: "report", userId: "ada" });
console.log(failed.status, failed.error);

const { executionId } = failed;
const waiting = await resumeWorkflow({ executionId });
console.log(waiting.status, waiting.waiting?.[0]?.payload);

const done = await resumeWorkflow({ executionId, data: "grace" });
console.log(done.status, done.output, `${requests} requests`);
