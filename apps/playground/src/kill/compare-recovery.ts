import { randomUUID } from "node:crypto";
import { quoted } from "@waymark/core/store";
import { type InterruptionContext, recovery } from "../compare/interruptions.ts";
import { type KillOptions, type KillReports, whyNotKilled } from "./kill-options.ts";
import { runWorker, workerLimitMs } from "./run-worker.ts";

/**
 * Kills a process of V2 with SIGKILL while a node runs. Then it starts another process, which only recovers: nobody
 * resumes or names the execution.
 *
 * - The other process starts after the first one is dead, because only one process at a time can use an embedded store.
 * - A kill that could not happen while the node ran is left out, with the reason.
 */
export async function compareRecovery(
  { outputs, expected, order, bench }: InterruptionContext,
  { services, task, v2, stopAt, onProgress }: KillOptions,
): Promise<KillReports> {
  const { nodeId } = stopAt;
  const kind = "recovery";
  const node = { id: nodeId, position: order.indexOf(nodeId) + 1 };
  // A user of its own keeps the recovery away from executions of other comparisons in the same store.
  const owner = `recovery ${randomUUID()}`;
  const limitMs = workerLimitMs(task.runLimitMs);

  bench.reset();
  onProgress("killed while a node runs: V2", limitMs);
  const start = { name: "start", executionId: randomUUID(), owner } as const;
  const killed = await runWorker(
    { ...task, executor: { name: "v2", ...v2, call: start }, stopAt: { ...stopAt, moment: "during" } },
    services,
  );
  const reason = whyNotKilled(killed);
  if (reason !== undefined) return { interruptions: [], leftOut: [{ kind, node, reason }] };
  onProgress("recovered by another process: V2", limitMs);
  const recovered = await runWorker(
    { ...task, executor: { name: "v2", ...v2, call: { name: "recover", owner } } },
    services,
  );
  const found = {
    kind,
    node,
    error: `The process was killed while ${quoted(nodeId)} ran, and nobody asked for the execution again.`,
    v2: recovery([killed, recovered], (output) => outputs.equal(expected.v2, output)),
  } as const;
  return { interruptions: [found], leftOut: [] };
}
