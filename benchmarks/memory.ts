// Prints how much time V2 takes per node in addition to V1 on the memory store, and the cost of appending to one array.
// It asserts nothing.
//
//   node benchmarks/memory.ts

import { createWorkflowEngine, type NodeExecutor, type WorkflowDefinition } from "@waymark/core";
import { createWorkflowExecutor } from "@waymark/core/v1";
import { MemoryCheckpointStore } from "@waymark/store-memory";

const TARGET_US = 30;

console.log(
  "A linear workflow whose context grows to 100 top-level keys, microseconds per node (median of 5 rounds)\n",
);
console.log(" nodes      V1      V2   added");
for (const length of [10, 100, 1_000, 10_000]) {
  const { v1, v2 } = await perNode(length);
  console.log(
    [String(length).padStart(6), ...[v1, v2, v2 - v1].map((us) => us.toFixed(1).padStart(7))].join(" "),
    `(target: at most ${TARGET_US} added)`,
  );
}

console.log("\nAppending to one array, one item of about 100 bytes per node\n");
console.log(" nodes  µs per node  bytes written / final size");
for (const length of [500, 1_000, 2_500, 5_000]) {
  const { usPerNode, ratio } = await append(length);
  console.log(
    String(length).padStart(6),
    usPerNode.toFixed(1).padStart(12),
    ratio.toFixed(2).padStart(27),
    "(target: at most 4)",
  );
}

async function perNode(length: number): Promise<{ v1: number; v2: number }> {
  const workflows = [chain(length)];
  const executors = { default: setKey };
  const v1 = createWorkflowExecutor({ workflows, executors });
  const runs = Math.max(1, Math.floor(10_000 / length));
  const times = { v1: [] as number[], v2: [] as number[] };
  for (let round = 0; round < 6; round++) {
    const v2 = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows, executors });
    times.v1.push(await timeUs(runs, () => v1.executeWorkflowSync({ workflowId: "chain", userId: "u1" })));
    times.v2.push(await timeUs(runs, () => v2.executeWorkflow({ workflowId: "chain", userId: "u1" })));
  }
  return { v1: median(times.v1.slice(1)) / length, v2: median(times.v2.slice(1)) / length };
}

async function append(length: number): Promise<{ usPerNode: number; ratio: number }> {
  let bytes = 0;
  const store = new MemoryCheckpointStore();
  const commit = store.commit.bind(store);
  store.commit = (id, request) => {
    for (const { payload } of request.checkpoints ?? []) bytes += Buffer.byteLength(payload);
    return commit(id, request);
  };
  const item: NodeExecutor = ({ context, node }) => {
    const items = (context.items as unknown[] | undefined) ?? [];
    return { ...context, items: [...items, { id: node.id, text: "x".repeat(80) }] };
  };
  const engine = createWorkflowEngine({ store, workflows: [chain(length)], executors: { default: item } });
  await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
  bytes = 0;
  const begin = performance.now();
  const { output } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
  const usPerNode = ((performance.now() - begin) * 1_000) / length;
  return { usPerNode, ratio: bytes / Buffer.byteLength(JSON.stringify(output)) };
}

function chain(length: number): WorkflowDefinition {
  const nodes = Array.from({ length }, (_, index) => ({ id: `n${index}`, data: { index } }));
  const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }));
  return { id: "chain", nodes, edges };
}

function setKey({ context, data, node }: Parameters<NodeExecutor>[0]): Record<string, unknown> {
  return { ...context, [`key${Number(data.index) % 100}`]: `value of ${node.id}` };
}

async function timeUs(runs: number, run: () => Promise<{ success: boolean }>): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < runs; i++) if (!(await run()).success) throw new Error("The run failed.");
  return ((performance.now() - begin) * 1_000) / runs;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
