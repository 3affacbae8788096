import { QUEUES, runSwarmTrial, startSwarmServers } from "tooling/trials";
import { expect, it } from "vitest";

// The long runs are `node tooling/trials/swarm.ts pg-boss|bullmq|none`.
it.each(QUEUES)(
  "with queue %s, processes that are killed and frozen complete every execution, and no committed node runs again",
  async (queue) => {
    const servers = await startSwarmServers(queue);
    const verdict = await runSwarmTrial({
      ...servers,
      workers: 3,
      executions: 40,
      disturbEveryMs: 1_500,
      seed: Math.floor(Math.random() * 1_000_000),
    });
    await servers.stop();
    expect(verdict.violations).toEqual([]);
    expect(verdict.acknowledged).toBeLessThanOrEqual(360);
  },
  240_000,
);
