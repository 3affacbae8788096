// A process of a chaos trial: recovers executions, and does what it is told; made to be killed or frozen at any moment,
// with a store that fails now and then, and a wall clock that jumps.
//
//   node chaos-worker.ts '<ChaosWorkerPlan as JSON>'      with an IPC channel to the trial
import { createWorkflowEngine } from "@waymark/core";
import { injectFaults } from "@waymark/core/testing";
import { JumpingDate } from "../clock/jumping-date.ts";
import { HOUR_MS } from "../clock/random-workflow.ts";
import { openStoreWhenThere } from "../open-store.ts";
import { seededRandom } from "../plan.ts";
import { childExecutors } from "./chaos-child-executors.ts";
import { LATE_TYPE } from "./chaos-children.ts";
import { codeOf, engineControl } from "./chaos-control.ts";
import { chaosExecutor } from "./chaos-executor.ts";
import { NoteBatch } from "./chaos-notes.ts";
import { planOf } from "./chaos-workflow.ts";
import { notedStore } from "./noted-store.ts";
import type { CallToWorker, ChaosWorkerPlan, FromWorker, ToWorker } from "./worker-messages.ts";

const JUMP_EVERY_MS = 150;

const plan = JSON.parse(String(process.argv[2])) as ChaosWorkerPlan;
const send = (message: FromWorker) => process.send?.(message);
process.on("disconnect", () => process.exit());
const notes = new NoteBatch((batch) => send({ notes: batch }));
const store = await openStoreWhenThere(plan.store);
const random = seededRandom(plan.seed);
const date = new JumpingDate();
let jumping: NodeJS.Timeout | undefined = setInterval(() => {
  date.jumpTo(Math.round((random() * 2 - 1) * HOUR_MS));
}, JUMP_EVERY_MS);

const { faultRate } = plan;
const faults = { all: { failBefore: faultRate, failAfter: faultRate, delay: faultRate, delayMs: 30 } };
const noted = notedStore(store, (note) => notes.add(note));
const flaky = injectFaults(noted, { seed: plan.seed, faults, onFault: () => notes.add({ what: "fault" }) });
let present = flaky;
const switched = new Proxy(noted, { get: (_target, key) => Reflect.get(present, key, present) });

/** What recoveries leave is counted. */
const silent = () => undefined;
const executor = chaosExecutor(plan.effectsUrl);
const engine = createWorkflowEngine({
  store: switched,
  workflows: (id) => planOf(id)?.definition,
  executors: { default: executor, ...childExecutors(), ...(plan.isOld ? {} : { [LATE_TYPE]: executor }) },
  leaseMs: plan.leaseMs,
  // Processes of both kinds take over from each other.
  nodeConcurrency: plan.seed % 2 === 0 ? 1 : 4,
  maxRecoveries: plan.maxRecoveries,
  logger: { debug: silent, info: silent, warn: silent, error: console.error },
  onEvent: (event) => {
    const { type } = event;
    if (type === "recovery.left") notes.add({ what: "left", executionId: event.executionId, code: event.code });
    if (type === "execution.completed" || type === "execution.failed" || type === "execution.cancelled") {
      const status = type.slice("execution.".length) as "completed" | "failed" | "cancelled";
      notes.add({ what: "ended", executionId: event.executionId, status });
    }
  },
});
const control = engineControl(engine, noted);
/** The calls that this process serves. */
const serving = new Set<Promise<void>>();
let isDraining = false;

/** Serves a call. Like any server, a draining process takes none, and those before it are answered before it ends. */
async function serve({ call, member, args }: CallToWorker): Promise<void> {
  if (isDraining) return void send({ call, code: "WORKER_GONE" });
  try {
    const result: unknown = await (control[member] as (...given: unknown[]) => unknown)(...args);
    send({ call, result });
  } catch (error) {
    send({ call, code: codeOf(error) });
  }
}

process.on("message", async (message: ToWorker) => {
  if ("calm" in message) {
    present = noted;
    clearInterval(jumping);
    jumping = undefined;
  } else if ("drain" in message) {
    clearInterval(jumping);
    isDraining = true;
    await engine.drain({ timeoutMs: 2_000 });
    // The engine leaves its store alone now. What this process serves still uses it.
    await Promise.all(serving);
    await store.close();
    notes.flush();
    process.disconnect?.();
  } else {
    const served = serve(message).finally(() => serving.delete(served));
    serving.add(served);
  }
});

engine.startRecovery({ intervalMs: plan.intervalMs, concurrency: 8 });
send({ ready: true });
