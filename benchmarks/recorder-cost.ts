// Measures how much longer a run of the old executor takes with a recorder. Run it with: node benchmarks/recorder-cost.ts

import { createRecorder } from "@waymark/core/migration";

const NODES = 20;
const ROUNDS = 31;

type Context = Record<string, unknown>;
type Executor = (args: { context: Context; nodeId: string }) => unknown;

/** A V1 of 20 nodes, which calls its registry and changes one context in place. */
async function runV1(getExecutor: () => Executor, initialData: Context) {
  let context = initialData;
  for (let node = 0; node < NODES; node++) {
    context = (await getExecutor()({ context, nodeId: `n${node}` })) as Context;
  }
  return { success: true, output: context };
}

/** A context of about this many bytes of JSON, in items of about 100. */
function contextOf(bytes: number): Context {
  const item = (id: number) => ({
    id,
    name: `item ${id}`,
    price: id * 1.5,
    tags: ["a", "b"],
    at: "2026-01-01T00:00:00.000Z",
  });
  return { items: Array.from({ length: Math.max(1, Math.round(bytes / 105)) }, (_, id) => item(id)), done: 0 };
}

const work: Record<string, Executor> = {
  nothing: ({ context }) => {
    context.done = Number(context.done) + 1;
    return context;
  },
  // As long as the shortest request to a service, and without the inaccuracy of a timer.
  "1 ms": ({ context }) => {
    const until = performance.now() + 1;
    while (performance.now() < until);
    context.done = Number(context.done) + 1;
    return context;
  },
};

console.log(`Node ${process.version}, ${NODES} nodes, median of ${ROUNDS} runs\n`);
console.log("context    each node    bare      recorded   added per node          not sampled   structuredClone");
for (const bytes of [1_000, 10_000, 100_000]) {
  for (const [name, executor] of Object.entries(work)) {
    const recorder = createRecorder({ maxBytes: 1e9 });
    const unsampled = createRecorder({ sample: 0 });
    const run = { workflowId: "w1", userId: "u1" };
    const variants = {
      bare: (initialData: Context) => runV1(() => executor, initialData),
      recorded: (initialData: Context) =>
        recorder.run({ ...run, initialData }, () => runV1(() => recorder.wrap("t", executor), initialData)),
      unsampled: (initialData: Context) =>
        unsampled.run({ ...run, initialData }, () => runV1(() => unsampled.wrap("t", executor), initialData)),
      cloned: (initialData: Context) =>
        runV1(
          () => (args) => {
            structuredClone(args.context);
            return executor(args);
          },
          initialData,
        ),
    };
    const timesMs: Record<keyof typeof variants, number[]> = { bare: [], recorded: [], unsampled: [], cloned: [] };
    for (let round = 0; round < ROUNDS; round++) {
      // In turns, so that other work of the machine affects all.
      for (const [variant, start] of Object.entries(variants) as [keyof typeof variants, typeof variants.bare][]) {
        const initialData = contextOf(bytes);
        const begin = performance.now();
        await start(initialData);
        timesMs[variant].push(performance.now() - begin);
      }
    }
    const bareMs = median(timesMs.bare);
    const added = (variant: keyof typeof variants) => Math.max(0, (median(timesMs[variant]) - bareMs) / NODES) * 1_000;
    const ratio = name === "nothing" ? "" : ` (${(((added("recorded") * NODES) / 1_000 / bareMs) * 100).toFixed(1)} %)`;
    console.log(
      [
        `${bytes / 1_000} KB`.padEnd(9),
        name.padEnd(11),
        `${bareMs.toFixed(2)} ms`.padStart(8),
        `${median(timesMs.recorded).toFixed(2)} ms`.padStart(10),
        `${added("recorded").toFixed(1)} µs${ratio}`.padStart(22),
        `${added("unsampled").toFixed(1)} µs`.padStart(12),
        `${added("cloned").toFixed(1)} µs`.padStart(14),
      ].join("  "),
    );
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
