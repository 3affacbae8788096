import type { CheckpointStore } from "@waymark/core";
import { expect, it } from "vitest";
import type { OwnTestServer } from "../test-servers/index.ts";
import { runRestartTrial } from "../trials/index.ts";

/**
 * Declares a test that executions in flight survive a restart of the store's server.
 *
 * - `node tooling/trials/restarts.ts` tries it with a server that is down for 1, 3 and 10 seconds.
 */
export function itSurvivesARestart(options: {
  start: () => Promise<OwnTestServer>;
  connect: (url: string) => Promise<CheckpointStore>;
}): void {
  it("executions in flight complete after the server is killed and restarted, and no node runs twice", async () => {
    const server = await options.start();
    try {
      await using store = await options.connect(server.url);
      const { violations, ...figures } = await runRestartTrial({
        store,
        server,
        executions: 10,
        // Starting a server can take long on a busy machine.
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
