import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { assertRandomRuns } from "./interrupted-loops.ts";

const newStore = () => new MemoryCheckpointStore();

describe("random workflows with loops", () => {
  it("run what the rules say, each visit once, if another engine takes over after every commit", async () => {
    const engines = await assertRandomRuns(newStore, { maxNodes: 10, numRuns: 300, crashes: "every commit" });
    expect(engines).toBeGreaterThan(300);
  });

  it("run what the rules say, each visit once, wherever their engines crash", async () => {
    const engines = await assertRandomRuns(newStore, { maxNodes: 12, numRuns: 300, crashes: "anywhere" });
    expect(engines).toBeGreaterThan(100);
  });
});
