// Prints the heap that executions take while they are in flight, and what an engine keeps of those that sleep, for two
// numbers of them. With --json: the figures only, for a test.
//
//   node --expose-gc benchmarks/in-flight-heap.ts [1000] [10000] [--json]
import { setImmediate as turn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createWorkflowEngine, type NodeExecutor, suspend, type WorkflowEngine } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const [few = 1_000, many = 10_000] = positionals.map(Number);
const workflow = { id: "w", nodes: [{ id: "a" }, { id: "b" }], edges: [{ source: "a", target: "b" }] };

// What is loaded and compiled by then belongs to no execution.
await inFlight(few);
await asleep(few);
const flying = [await inFlight(few), await inFlight(many)] as const;
const sleeping = await asleep(many);
const toLinear = (flying[1] / flying[0] / many) * few;
if (values.json) console.log(JSON.stringify({ toLinear, keptPerSleeping: sleeping / many }));
else {
  for (const [at, count] of [few, many].entries()) {
    const bytes = flying[at] as number;
    console.log(`${count} in flight: ${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / count)} bytes each`);
  }
  console.log(`${toLinear.toFixed(3)} of linear (target: at most 1.2)`);
  console.log(`${many} asleep: the engine keeps ${(sleeping / many).toFixed(1)} bytes of each (target: none)`);
}

/** The bytes of so many executions whose second node runs, those that the memory store keeps included. */
async function inFlight(count: number): Promise<number> {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun = 0;
  const engine = engineOf(new MemoryCheckpointStore(), async ({ context, node }) => {
    if (node.id === "b") {
      begun += 1;
      await finished;
    }
    return { ...context, [node.id]: "x".repeat(100) };
  });
  const before = heap();
  const runs: Promise<unknown>[] = [];
  for (let each = 0; each < count; each++) {
    runs.push(engine.executeWorkflow({ workflowId: "w", userId: "u1", executionId: `e${each}` }));
  }
  while (begun < count) await turn();
  const bytes = heap() - before;
  finish();
  await Promise.all(runs);
  return bytes;
}

/** The bytes that an engine with a recovery keeps while so many of its executions sleep: what goes with the engine. */
async function asleep(count: number): Promise<number> {
  const store = new MemoryCheckpointStore();
  let engine: WorkflowEngine | undefined = engineOf(store, () => suspend({ forMs: 3_600_000 }));
  for (let each = 0; each < count; each++) {
    await engine.executeWorkflow({ workflowId: "w", userId: "u1", executionId: `e${each}` });
  }
  const recovery = engine.startRecovery();
  await turn();
  const before = heap();
  await recovery.stop();
  engine = undefined;
  await turn();
  const after = heap();
  // The store lives until here.
  await store.getExecution("e0");
  return Math.max(0, before - after);
}

function engineOf(store: MemoryCheckpointStore, executor: NodeExecutor): WorkflowEngine {
  return createWorkflowEngine({ store, workflows: [workflow], executors: { default: executor } });
}

function heap(): number {
  if (globalThis.gc === undefined) throw new Error("Run it with node --expose-gc.");
  for (let each = 0; each < 3; each++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}
