// Lets 4 processes run 1,000 executions of 6 nodes while one is killed every second and others are frozen beyond their
// lease. The clock of one is an hour off.
// Halfway, BullMQ's Redis is flushed and the server of the store restarted. Prints figures and all violations.
//
//   node tooling/trials/swarm.ts pg-boss|bullmq|none [--store postgres|redis|mongo] [--executions 1000] [--workers 4]
//     [--every 1000] [--seed n]
import { parseArgs } from "node:util";
import { QUEUES, startSwarmServers } from "./swarm/swarm-servers.ts";
import { runSwarmTrial } from "./swarm/swarm-trial.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: "string", default: "postgres" },
    executions: { type: "string", default: "1000" },
    workers: { type: "string", default: "4" },
    every: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const queue = QUEUES.find((each) => each === positionals[0]);
if (queue === undefined) throw new Error(`The first argument must be one of ${QUEUES.join(", ")}.`);
const servers = await startSwarmServers(queue, values.store);
const { violations, ...figures } = await runSwarmTrial({
  ...servers,
  workers: Number(values.workers),
  executions: Number(values.executions),
  disturbEveryMs: Number(values.every),
  nodeMs: 200,
  timeoutMs: 500_000,
  seed: Number(values.seed),
});
await servers.stop();
console.log(
  JSON.stringify({ queue, store: values.store, seed: Number(values.seed), ...figures, violations: violations.length }),
);
for (const violation of violations) console.log(`  ${violation}`);
if (violations.length > 0) process.exitCode = 1;
