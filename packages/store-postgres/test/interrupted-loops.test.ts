import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { assertRandomRuns } from "../../core/test/engine/interrupted-loops.ts";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
const store = await PostgresCheckpointStore.connect({ url: server.url });
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe("random workflows with loops, on PostgreSQL", () => {
  it("run what the rules say, each visit once, if another engine takes over after every commit", async () => {
    const engines = await assertRandomRuns(() => store, { maxNodes: 10, numRuns: 100, crashes: "every commit" });
    expect(engines).toBeGreaterThan(60);
  });

  it("run what the rules say, each visit once, wherever their engines crash", async () => {
    const engines = await assertRandomRuns(() => store, { maxNodes: 12, numRuns: 100, crashes: "anywhere" });
    expect(engines).toBeGreaterThan(20);
  });
});
