// A process of a swarm. It may be killed or frozen at any moment.
//
//   node swarm-worker.ts '<SwarmPlan as JSON>'
//
// The lines of the journal are those of ../worker.ts.
import { createWorkflowEngine } from "@waymark/core";
import { createWorker } from "../../../packages/worker/src/index.ts";
import { notedAdds } from "../noted-adds.ts";
import { openStoreWhenThere } from "../open-store.ts";
import { chain } from "../plan.ts";
import { openQueue, type SwarmPlan } from "./swarm-plan.ts";

// It ends with the process that has started it, also if that one is killed.
process.on("disconnect", () => process.exit());
const plan = JSON.parse(String(process.argv[2])) as SwarmPlan;
if (plan.clockOffMs !== 0) {
  const Exact = Date;
  globalThis.Date = class extends Exact {
    constructor(...given: [] | [number | string | Date]) {
      if (given[0] === undefined) super(Exact.now() + plan.clockOffMs);
      else super(given[0]);
    }
    static override now(): number {
      return Exact.now() + plan.clockOffMs;
    }
  } as DateConstructor;
}
const nothing = () => undefined;
const dispatcher = plan.queue === undefined ? undefined : await openQueue(plan.queue);

const engine = createWorkflowEngine({
  store: await openStoreWhenThere(plan.store),
  ...(dispatcher === undefined ? {} : { dispatcher }),
  workflows: [chain(plan.nodes)],
  leaseMs: plan.leaseMs,
  maxRecoveries: 1_000,
  ...notedAdds(plan),
  logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});
createWorker({ engine, concurrency: plan.concurrency, sweepIntervalMs: plan.sweepIntervalMs });
process.stdout.write("ready\n");
