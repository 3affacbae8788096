import { type CheckpointStore, createWorkflowEngine, isWorkflowError, type NodeExecutor } from "@waymark/core";
import type { OwnTestServer } from "../test-servers/index.ts";
import { chain } from "./plan.ts";

/** The options of {@link runRestartTrial}. */
export interface RestartTrialOptions {
  store: CheckpointStore;
  server: Pick<OwnTestServer, "kill" | "restart">;
  /** Executions in flight when the server is killed. */
  executions: number;
  /** Default: 30,000. */
  leaseMs?: number;
  /** Resolves when the server must be restarted. `failed(n)` resolves once n calls of the store have failed. */
  untilBack: (failed: (calls: number) => Promise<void>) => Promise<unknown>;
}

/** The result of a restart trial: figures and all violations. */
export interface RestartVerdict {
  executions: number;
  nodeRuns: number;
  /** The number of store calls that failed while the server was down. */
  failedCalls: number;
  violations: string[];
}

const NODES = 12;

/**
 * Kills a store's server while executions are in flight, each in the middle of its nodes, and restarts it.
 *
 * - Half of the executions have a node in flight for the whole time that the server is down. The others try to commit.
 * - Each must complete within the call that started it, and no node may run twice.
 */
export async function runRestartTrial(options: RestartTrialOptions): Promise<RestartVerdict> {
  const { server, executions, leaseMs = 30_000 } = options;
  const runs = new Map<string, number>();
  const failures = new FailureCount();
  let begun = 0;
  const allBegun = new Gate();
  const back = new Gate();
  const add: NodeExecutor = async ({ context, node, executionId }) => {
    const run = `${executionId} ${node.id}`;
    runs.set(run, (runs.get(run) ?? 0) + 1);
    if (node.id === "n3" && ++begun === executions) allBegun.open();
    if (node.id === "n3") await allBegun.opened;
    if (node.id === "n4" && Number(executionId) % 2 === 0) await back.opened;
    return { ...context, visited: [...((context.visited as string[] | undefined) ?? []), node.id] };
  };
  const engine = createWorkflowEngine({
    store: failures.watch(options.store),
    workflows: [chain(NODES)],
    executors: { add },
    leaseMs,
  });
  const results = Promise.allSettled(
    Array.from({ length: executions }, (_, number) =>
      engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId: String(number) }),
    ),
  );
  await Promise.race([allBegun.opened, results]);
  await server.kill();
  await Promise.race([options.untilBack((calls) => failures.reach(calls)), results]);
  await server.restart();
  back.open();
  const expected = chain(NODES).nodes.map(({ id }) => id);
  const violations: string[] = [];
  for (const [number, settled] of (await results).entries()) {
    if (settled.status === "rejected") violations.push(`${number}: throws ${settled.reason}`);
    else if (settled.value.status !== "completed") violations.push(`${number}: is ${settled.value.status}`);
    else if (String(settled.value.output.visited) !== String(expected))
      violations.push(`${number}: visited ${settled.value.output.visited}`);
  }
  for (const [run, times] of runs) if (times !== 1) violations.push(`${run} ran ${times} times`);
  const nodeRuns = [...runs.values()].reduce((sum, times) => sum + times, 0);
  return { executions, nodeRuns, failedCalls: failures.count, violations };
}

/** A gate at which callers wait until it is opened. */
class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** Counts the calls of a store that fail because it cannot be reached. */
class FailureCount {
  count = 0;
  readonly #waiting: { calls: number; resolve: () => void }[] = [];

  watch(store: CheckpointStore): CheckpointStore {
    return new Proxy(store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          try {
            return await member.apply(target, args);
          } catch (error) {
            if (isWorkflowError(error, "STORE_UNAVAILABLE")) this.#note();
            throw error;
          }
        };
      },
    });
  }

  reach(calls: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.count >= calls) resolve();
      else this.#waiting.push({ calls, resolve });
    });
  }

  #note(): void {
    this.count += 1;
    for (const { calls, resolve } of this.#waiting) if (this.count >= calls) resolve();
  }
}
