import type { CheckpointStore } from "@waymark/core";
import { expect, it } from "vitest";
import type { OwnTestServer } from "../test-servers/index.ts";
import { runRestartTrial } from "../trials/index.ts";

/**
 * Checks that executions in flight survive a restart of the store's server.
 *
 * - With a server that stays away for 1, 3 and 10 seconds: `node tooling/trials/restarts.ts`.
 */
export function itSurvivesARestart(options: {
  start: () => Promise<OwnTestServer>;
  connect: (url: string) => Promise<CheckpointStore>;
}): void {
  it("executions in flight complete when the server is killed and comes back, and no node runs twice", async () => {
    const server = await options.start();
    try {
      await using store = await options.connect(server.url);
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
}
