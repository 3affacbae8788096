import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { BoundedCache } from "../../src/engine/bounded-cache.ts";
import { createWorkflowEngine, type WorkflowDefinition } from "../../src/index.ts";
import { heapMb } from "./heap.ts";

/** A workflow of 500 nodes, about 1 MB of text, and never the same twice. */
function draft(id: string, number: number): WorkflowDefinition {
  const nodes = Array.from({ length: 500 }, (_, index) => ({
    id: `n${index}`,
    data: { text: `${number}-${index}`.padEnd(2_000, "x") },
  }));
  const edges = nodes.slice(1).map(({ id: target }, index) => ({ source: `n${index}`, target }));
  // Through text, so that what is given does not grow when it is read for the first time (V8's ropes).
  return JSON.parse(JSON.stringify({ id, nodes, edges })) as WorkflowDefinition;
}

describe("an engine that lives long", () => {
  it.each<[string, (drafts: number) => unknown]>([
    ["are made anew by a function", () => (id: string) => draft(id.slice(0, 1), Number(id.slice(1)))],
    ["are held in a list", (drafts) => Array.from({ length: drafts }, (_, number) => draft(`w${number}`, number))],
  ])("holds a bounded amount of the definitions that %s, and of the runs that ended", async (_what, workflowsOf) => {
    const DRAFTS = 90;
    const store = new MemoryCheckpointStore();
    store.saveDefinition = async () => undefined;
    const given = workflowsOf(DRAFTS);
    const workflows = Array.isArray(given)
      ? given
      : (id: string) => ({ ...(given as (id: string) => WorkflowDefinition)(id), id });
    const engine = createWorkflowEngine({
      store,
      workflows: workflows as WorkflowDefinition[],
      executors: { default: ({ context }) => context },
    });
    const run = async (number: number) => {
      await engine.executeWorkflow({ workflowId: `w${number}`, userId: "u", executionId: "e", budgetMs: 0 });
      await engine.deleteExecution({ executionId: "e" });
    };
    for (let number = 0; number < 30; number++) await run(number);
    const before = heapMb();
    for (let number = 30; number < DRAFTS; number++) await run(number);
    // Unbounded, 60 definitions would hold more than 60 MB.
    expect(heapMb() - before).toBeLessThan(15);
    // What was dropped is prepared again.
    await run(0);
  });
});

describe("a bounded cache", () => {
  it("drops what was not used for the longest time, by size, and keeps what came last", () => {
    const cache = new BoundedCache<string>(10);
    for (const key of ["a", "b", "c"]) cache.set(key, key, 3);
    expect(cache.get("a")).toBe("a");
    cache.set("d", "d", 3);
    expect(["a", "b", "c", "d"].map((key) => cache.get(key))).toEqual(["a", undefined, "c", "d"]);
    cache.set("c", "longer", 8);
    expect(["a", "c", "d"].map((key) => cache.get(key))).toEqual([undefined, "longer", undefined]);
    cache.set("e", "e", 100);
    expect(["c", "e"].map((key) => cache.get(key))).toEqual([undefined, "e"]);
    cache.set("f", "f", 1);
    expect(["e", "f"].map((key) => cache.get(key))).toEqual([undefined, "f"]);
    cache.delete("f");
    cache.delete("f");
    for (const key of ["g", "h"]) cache.set(key, key, 5);
    expect(["g", "h"].map((key) => cache.get(key))).toEqual(["g", "h"]);
  });
});
