// A process that works on a trial's executions until all are completed. It may be killed at any moment.
//
//   node worker.ts '<WorkerPlan as JSON>'
//
// The lines of the journal:  run <execution> <node> <attempt>    before a node's effect
//                            ack <execution> <node> <attempt>    after its checkpoint was committed
//                            end <execution>                     after the execution was read as completed
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorkflowEngine, isWorkflowError } from "@waymark/core";
import { notedAdds } from "./noted-adds.ts";
import { openStoreWhenThere } from "./open-store.ts";
import { chain, executionId, type WorkerPlan } from "./plan.ts";

const plan = JSON.parse(String(process.argv[2])) as WorkerPlan;
const note = (line: string) => appendFileSync(plan.journal, `${line}\n`);
const store = await openStoreWhenThere(plan.store);

const engine = createWorkflowEngine({
  store,
  workflows: [chain(plan.nodes)],
  leaseMs: plan.leaseMs,
  ...notedAdds({ journal: plan.journal, nodeMs: 3 }),
});

// Errors that go away: the server is down for a moment, the lease of the owner before has not lapsed yet, or the
// creation that a killed process sent last is made only now.
const PASSING: ReadonlySet<string> = new Set(["STORE_UNAVAILABLE", "LEASE_HELD", "EXECUTION_ALREADY_EXISTS"]);

process.stdout.write("ready\n");
const numbers = Array.from({ length: plan.executions }, (_, index) => plan.first + index);
await Promise.all(
  Array.from({ length: plan.concurrency }, async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await complete(number);
  }),
);
await store.close();

async function complete(number: number): Promise<void> {
  const id = executionId(number);
  for (;;) {
    try {
      const head = await store.getExecution(id);
      if (head?.status === "completed") {
        note(`end ${id}`);
        return;
      }
      if (head === undefined) {
        await engine.executeWorkflow({ workflowId: "chain", userId: "u", executionId: id, initialData: { count: 0 } });
      } else {
        await engine.resumeWorkflow({ executionId: id, waitForLeaseMs: 2 * plan.leaseMs });
      }
    } catch (error) {
      if (!isWorkflowError(error) || !PASSING.has(error.code)) throw error;
      await sleep(20);
    }
  }
}
