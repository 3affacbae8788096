import { startOwnMongo } from "tooling/test-servers";
import { runRestartTrial } from "tooling/trials";
import { expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

// With a server that stays away for 1, 3 and 10 seconds: `node tooling/trials/restarts.ts mongo`.
it("executions in flight complete when the server is killed and comes back, and no node runs twice", async () => {
  const server = await startOwnMongo();
  try {
    await using store = await MongoCheckpointStore.connect({ url: server.url, timeoutMs: 500 });
    const { violations, ...figures } = await runRestartTrial({
      store,
      server,
      executions: 10,
      // A busy machine may take long to start a server.
      leaseMs: 120_000,
      untilBack: (failed) => failed(10),
    });
    expect(violations).toEqual([]);
    expect(figures).toMatchObject({ executions: 10, nodeRuns: 120 });
    expect(figures.failedCalls).toBeGreaterThanOrEqual(10);
  } finally {
    await server.stop();
  }
});
