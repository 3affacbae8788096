// Measures workers on each queue, with 6 empty nodes per execution on PostgreSQL: the executions per second of 1, 2 and 4
// worker processes, as a ratio to the same engine that runs them itself in one process; and the time from
// `startExecution` to the first node, on an idle queue in the same process. Every process runs a few hundred executions
// before it is measured: what a process costs until its code is compiled is no throughput.
//
// With each rate stands the processor time per execution, of all processes and servers together: other work on the
// machine changes it less than the rate. The bare queue delivers as many jobs to a handler that does nothing. What it
// takes is added to what an execution takes, whatever the engine does.
//
//   node worker.ts [executions, default 1000] [turns, default 3]
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createWorker } from "@waymark/worker";
import { startOwnRedis, startPostgres } from "tooling/test-servers";
import { processorTime } from "./processor-time.ts";
import { openEngine, openQueue, type Place, QUEUES, type QueueName } from "./worker-parts.ts";

const EXECUTIONS = Number(process.argv[2] ?? 1_000);
const TURNS = Number(process.argv[3] ?? 3);
const IN_FLIGHT = 32;
const LATENCIES = 200;
/** Executions per process that are run before the measurement. */
const WARM_UP = 300;
const SCRIPT = fileURLToPath(new URL("worker-process.ts", import.meta.url));

const postgres = await startPostgres();
const redis = await startOwnRedis();
let places = 0;
const newPlace = (queue: QueueName): Place => ({
  ...{ queue, postgres: postgres.url, redis: redis.url, name: `bench_${++places}` },
});

for (let turn = 1; turn <= TURNS; turn++) {
  // Beside each queue, since the machine may have other work: only measurements of the same minute compare.
  let own = await ownSpeed();
  for (const queue of QUEUES) {
    const speeds: Speed[] = [];
    for (const processes of [1, 2, 4]) speeds.push(await workerSpeed(queue, processes));
    const bare = queue === "none" ? undefined : await bareSpeed(queue);
    const before = own;
    own = await ownSpeed();
    const base = (before.rate + own.rate) / 2;
    const shown = speeds.map(
      ({ rate, cpuMs }) => `${rate.toFixed(0)} (${((100 * rate) / base).toFixed(0)} %, ${cpuMs.toFixed(1)} ms)`,
    );
    console.log(
      `turn ${turn}, ${queue}: with 1, 2 and 4 workers ${shown.join(", ")} executions/s; ` +
        (bare === undefined ? "" : `the bare queue ${shownSpeed(bare)} jobs/s; `) +
        `one process that runs them itself ${shownSpeed(before)} before and ${shownSpeed(own)} after; ` +
        `load ${loadavg()[0]?.toFixed(1)}`,
    );
  }
}
for (const queue of QUEUES) {
  if (queue !== "none") console.log(`${queue}: first node after ${await latency(queue)}`);
}
await redis.stop();
await postgres.stop();

/** Calls something for each of some executions, a number of them at the same time. */
async function forEach(
  call: (executionId: string) => Promise<unknown>,
  { count = EXECUTIONS, prefix = "e" } = {},
): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) await call(id);
    }),
  );
}

/** Executions per second, and the processor time of each in milliseconds. */
interface Speed {
  rate: number;
  cpuMs: number;
}

function shownSpeed({ rate, cpuMs }: Speed): string {
  return `${rate.toFixed(0)} (${cpuMs.toFixed(1)} ms)`;
}

async function measured(work: () => Promise<unknown>): Promise<Speed> {
  const [begin, cpuBefore] = [performance.now(), processorTime()];
  await work();
  const rate = (1_000 * EXECUTIONS) / (performance.now() - begin);
  return { rate, cpuMs: (processorTime() - cpuBefore) / EXECUTIONS };
}

async function ownSpeed(): Promise<Speed> {
  const { store, engine } = await openEngine(newPlace("none"), undefined);
  const run = (executionId: string) => engine.executeWorkflow({ workflowId: "empty", userId: "u", executionId });
  await forEach(run, { count: WARM_UP, prefix: "w" });
  const speed = await measured(() => forEach(run));
  await store.close();
  return speed;
}

/** From the first start to the last end. The starts are made in this process. */
async function workerSpeed(queue: QueueName, processes: number): Promise<Speed> {
  const place = newPlace(queue);
  const dispatcher = openQueue(place);
  const { store, engine } = await openEngine(place, dispatcher);
  const start = (executionId: string) => engine.startExecution({ workflowId: "empty", userId: "u", executionId });
  const workers: ChildProcess[] = [];
  for (let each = 0; each < processes; each++) workers.push(await newProcess(place, IN_FLIGHT / processes));
  const untilDone = async (): Promise<void> => {
    while ((await store.listExecutions({ status: ["pending", "running"], limit: 1 })).items.length > 0) await sleep(20);
  };
  // Until each has opened its queue.
  await start("first");
  await sleep(2_000);
  await forEach(start, { count: WARM_UP * processes, prefix: "w" });
  await untilDone();
  const speed = await measured(() => forEach(start).then(untilDone));
  for (const child of workers) child.kill("SIGKILL");
  await dispatcher?.close();
  await store.close();
  return speed;
}

/** From the first job to the last, which another process takes and does nothing for. */
async function bareSpeed(queue: Exclude<QueueName, "none">): Promise<Speed> {
  const place = newPlace(queue);
  const dispatcher = openQueue(place);
  if (dispatcher?.depth === undefined) throw new Error(`The queue ${queue} does not count its jobs.`);
  const child = await newProcess(place, IN_FLIGHT, "bare");
  const enqueue = (executionId: string) => dispatcher.enqueue(executionId, { tenant: "u" });
  const untilDone = async (): Promise<void> => {
    for (;;) {
      const { ready = 0, active = 0 } = (await dispatcher.depth?.()) ?? {};
      if (ready + active === 0) return;
      await sleep(20);
    }
  };
  await forEach(enqueue, { count: WARM_UP, prefix: "w" });
  await untilDone();
  const speed = await measured(() => forEach(enqueue).then(untilDone));
  child.kill("SIGKILL");
  await dispatcher.close();
  return speed;
}

async function newProcess(place: Place, concurrency: number, kind: "worker" | "bare" = "worker") {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(place), String(concurrency), kind], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

async function latency(queue: QueueName): Promise<string> {
  const place = newPlace(queue);
  const dispatcher = openQueue(place);
  let onFirst = (): void => undefined;
  const { store, engine } = await openEngine(place, dispatcher, (event) => {
    if (event.type === "node.started" && event.nodeId === "a") onFirst();
  });
  const worker = createWorker({ engine, concurrency: IN_FLIGHT });
  const times: number[] = [];
  for (let each = 0; each < LATENCIES; each++) {
    const started = new Promise<void>((resolve) => {
      onFirst = resolve;
    });
    const begin = performance.now();
    await engine.startExecution({ workflowId: "empty", userId: "u" });
    await started;
    times.push(performance.now() - begin);
    await sleep(30);
  }
  await worker.stop();
  await dispatcher?.close();
  await store.close();
  const sorted = times.slice(5).sort((one, other) => one - other);
  const at = (share: number): string => `${(sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(1)} ms`;
  return `${at(0.5)} (p50), ${at(0.99)} (p99)`;
}
