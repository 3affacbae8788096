import type { NodeExecutor } from "@waymark/core";
import { resolveExecutors } from "../compare/executor-table.ts";
import { type Outcome, resumeV2, runV1, startV2 } from "../compare/executors.ts";
import { loadExecutors, loadV1 } from "../import/user-modules.ts";
import { createNodes, type ExecutorTable } from "../nodes/nodes.ts";
import { openStore } from "../store/open-store.ts";
import type { WorkerMessage, WorkerTask } from "./task.ts";

// A process that runs one workflow once, and may be killed in the middle of it. Its parent gives it the task.

/** So short that the next process need not wait long for the lease of one that was killed, in milliseconds. */
const LEASE_MS = 1_000;
const WAIT_FOR_LEASE_MS = 60_000;

process.once("message", (task: WorkerTask) => {
  void work(task)
    .catch(
      (error: unknown): Outcome => ({ success: false, error: error instanceof Error ? error.message : String(error) }),
    )
    .then((outcome) => process.send?.({ type: "ended", outcome } satisfies WorkerMessage, () => process.exit(0)));
});

async function work(task: WorkerTask): Promise<Outcome> {
  const { loaded, services, modules, executor } = task;
  process.env.PLAYGROUND_URL = services.url;
  const own = modules.executors === undefined ? undefined : await loadExecutors(modules.executors);
  const bundled = createNodes({ baseUrl: services.url, llm: { baseUrl: services.url, model: services.model } });
  const executors = reporting(resolveExecutors(loaded, { own, bundled }).executors, task);
  const { workflow, input } = loaded;
  if (executor.name === "v1") {
    const run = modules.v1 === undefined ? runV1 : await loadV1(modules.v1);
    return run({ workflow, executors, initialData: input });
  }
  const { executionId, contextMode } = executor;
  const store = await openStore(executor.store);
  const options = { store, contextMode, leaseMs: LEASE_MS };
  try {
    return executor.resume
      ? await resumeV2(options, { workflow, executors, executionId, waitForLeaseMs: WAIT_FOR_LEASE_MS })
      : await startV2(options, { workflow, executors, executionId, initialData: input });
  } finally {
    await store.close();
  }
}

/** The same executors; the parent hears when nodes start and complete, and one of them may stop for good. */
function reporting(executors: ExecutorTable, { stopAt }: WorkerTask): ExecutorTable {
  const entries = Object.entries(executors).map(([type, executor]) => {
    const reported: NodeExecutor = async (args) => {
      const nodeId = args.node.id;
      const stopsHere = stopAt?.nodeId === nodeId ? stopAt.moment : undefined;
      tell({ type: "started", nodeId });
      if (stopsHere === "before") await stop();
      const result = await executor(args);
      if (stopsHere === "after") await stop();
      tell({ type: "completed", nodeId });
      return result;
    };
    return [type, Object.assign(reported, executor)] as const;
  });
  return Object.fromEntries(entries);
}

function stop(): Promise<never> {
  tell({ type: "stopped" });
  return new Promise(() => undefined);
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}
