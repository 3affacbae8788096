import { once } from "node:events";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type ExecutionEvent, type NodeExecutor, NonRetryableError } from "@waymark/core";
import { resolveExecutors } from "../compare/executor-table.ts";
import { type AroundOwnNode, type Outcome, recoverV2, resumeV2, runV1, startV2 } from "../compare/executors.ts";
import { connectionBroke } from "../compare/node-recorder.ts";
import { within } from "../compare/within.ts";
import { partFrom } from "../import/part-from.ts";
import { onUncaught, takeChannel } from "../modules/channel.ts";
import { loadExecutors, loadV1 } from "../modules/user-modules.ts";
import { createNodes, type ExecutorTable } from "../nodes/nodes.ts";
import { readResult } from "../nodes/result-mark.ts";
import { openStore } from "../store/open-store.ts";
import { messageOf } from "../values/message-of.ts";
import type { StopAt, WatchedNode, WorkerMessage, WorkerTask } from "./task.ts";

// A process that runs one workflow once, and may be killed meanwhile. Its parent sends it the task.

/** The lease, in milliseconds. It is short, so that the next process waits only briefly after a kill. */
const LEASE_MS = 1_000;
const WAIT_FOR_LEASE_MS = 60_000;

const send = takeChannel<WorkerMessage>();
const tell = (message: WorkerMessage) => void send(message);

process.once("disconnect", () => process.exit(1));
onUncaught((message) => void send({ type: "fault", message }).then(() => process.exit(1)));
process.once("message", (task: WorkerTask) => void run(task));

async function run(task: WorkerTask): Promise<void> {
  const outcome = await work(task).catch((error: unknown): Outcome => ({ success: false, error: messageOf(error) }));
  try {
    await send({ type: "ended", outcome });
  } catch (error) {
    // Some values, such as functions, cannot be sent to another process.
    await send({ type: "ended", outcome: { success: false, error: `The output cannot be read: ${messageOf(error)}` } });
  }
  process.exit(0);
}

async function work(task: WorkerTask): Promise<Outcome> {
  const { loaded, services, modules, executor, userId, runLimitMs } = task;
  process.env.PLAYGROUND_URL = services.url;
  const own = modules.executors === undefined ? undefined : await loadExecutors(modules.executors);
  const bundled = createNodes({ baseUrl: services.url, llm: { baseUrl: services.url, model: services.model } });
  const executors = reporting(resolveExecutors(loaded, { own, bundled }).executors, task);
  const { workflow, children = [], startAt, input: initialData } = loaded;
  if (executor.name === "v1") {
    const runOld = modules.v1 === undefined ? runV1 : await loadV1(modules.v1);
    const around: AroundOwnNode = (nodeId, next) => reported(task, { nodeId, visit: 1 }, next);
    // An old executor starts at every node it can start at.
    const part = partFrom(workflow, startAt);
    return within(runLimitMs, runOld({ workflow: part, executors, initialData, userId, around }));
  }
  const { call, contextMode } = executor;
  const store = await openStore(executor.store);
  const onEvent = (event: ExecutionEvent) => tellEvent(event, task.watch !== undefined);
  const options = { store, contextMode, leaseMs: LEASE_MS, onEvent };
  const common = { workflow, children, executors, timeoutMs: runLimitMs };
  try {
    switch (call.name) {
      case "start": {
        const { executionId, owner = userId } = call;
        return await startV2(options, { ...common, executionId, initialData, startAt, userId: owner });
      }
      case "resume":
        return await resumeV2(options, {
          ...common,
          executionId: call.executionId,
          waitForLeaseMs: WAIT_FOR_LEASE_MS,
        });
      case "recover":
        return await recoverV2(options, { ...common, userId: call.owner, waitMs: WAIT_FOR_LEASE_MS + runLimitMs });
    }
  } finally {
    await store.close();
  }
}

/** Wraps the executors. They report starts and completions to the parent, and one of them may stop for its kill. */
function reporting(executors: ExecutorTable, task: WorkerTask): ExecutorTable {
  const { executor: executedBy, userId } = task;
  const entries = Object.entries(executors).map(([type, executor]) => {
    const wrapped: NodeExecutor = async (given) => {
      // The execution may belong to another user in the store.
      const args = executedBy.name === "v2" && given.userId !== userId ? { ...given, userId } : given;
      const { executionId, node, visit = 1, signal } = args;
      return reported(task, { executionId, nodeId: node.id, visit }, async () => executor(args), signal);
    };
    return [type, Object.assign(wrapped, executor)] as const;
  });
  return Object.fromEntries(entries);
}

let begun: Promise<unknown> | undefined;

function begin(): Promise<unknown> {
  tell({ type: "ready" });
  return once(process, "message");
}

/** A node that runs. V1 has no executions. */
interface RunningNode {
  executionId?: string;
  nodeId: string;
  visit: number;
}

/** What is known of V2's nodes that have ended, until their checkpoints are committed. By {@link keyOf}. */
const ended = new Map<string, Partial<WatchedNode>>();

const keyOf = ({ executionId, nodeId, visit }: RunningNode) => JSON.stringify([executionId, nodeId, visit]);

/**
 * Runs a node, reports its start and completion to the parent, and may stop for its kill.
 *
 * - A node of V2 has completed once its checkpoint is committed: {@link tellEvent} reports that.
 */
async function reported<Result>(
  { stopAt, watch, executor }: WorkerTask,
  running: RunningNode,
  start: () => Result,
  signal?: AbortSignal,
): Promise<Awaited<Result>> {
  const { nodeId, visit } = running;
  const run = { nodeId, visit };
  const stopsHere = stopAt?.nodeId === run.nodeId ? stopAt : undefined;
  if (watch?.startsOnGo) {
    begun ??= begin();
    await begun;
  }
  tell({ type: "started", ...run });
  if (watch !== undefined) await sleep(watch.paceMs, undefined, signal === undefined ? {} : { signal });
  if (stopsHere?.moment === "before") await stop();
  if (stopsHere?.moment === "during") await stopDuring(stopsHere, start);
  const startedAt = performance.now();
  const result = await start();
  const durationMs = performance.now() - startedAt;
  if (stopsHere?.moment === "after") await stop();
  if (watch?.failAfter === run.nodeId) throw new NonRetryableError(connectionBroke(run.nodeId));
  const known = watch === undefined ? {} : watched(result, durationMs);
  if (executor.name === "v2") ended.set(keyOf(running), known);
  else tell({ type: "completed", ...run, ...known });
  return result;
}

function watched(given: unknown, durationMs: number): WatchedNode {
  const { result, handles } = readResult(given);
  let contextBytes = 0;
  try {
    contextBytes = Buffer.byteLength(JSON.stringify(result) ?? "");
  } catch {
    // A context with a bigint, say: it has no JSON.
  }
  return { durationMs, contextBytes, ...(handles === undefined ? {} : { handles }) };
}

function tellEvent(event: ExecutionEvent, isWatched: boolean): void {
  if (event.type === "node.completed") {
    const { nodeId, visit } = event;
    tell({ type: "completed", nodeId, visit, ...ended.get(keyOf(event)) });
    ended.delete(keyOf(event));
  } else if (!isWatched) return;
  else if (event.type === "checkpoint.committed") tell({ type: "checkpoint", bytes: event.bytes });
  else if (event.type === "node.skipped") tell({ type: "skipped", nodeId: event.nodeId });
}

/**
 * Starts a node, and stops while it runs.
 *
 * - If the node sends requests, the parent holds back the first answer and then kills the process.
 * - Otherwise the process stops as soon as the node waits for anything.
 */
async function stopDuring({ sendsRequests }: StopAt, start: () => unknown): Promise<never> {
  tell({ type: "reached" });
  await once(process, "message");
  const ending = (async () => start())().then(
    () => "it ended",
    () => "it failed",
  );
  if (sendsRequests) return miss(`${await ending} without a request`);
  const first = await Promise.race([ending, nextTurn("running")]);
  return first === "running" ? stop() : miss(`${first} at once, without waiting for anything`);
}

function miss(reason: string): Promise<never> {
  tell({ type: "missed", reason });
  return new Promise(() => undefined);
}

function stop(): Promise<never> {
  tell({ type: "stopped" });
  return new Promise(() => undefined);
}
