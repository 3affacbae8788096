// Runs workflows in which something never settles, under each limit and by the machine's own clock, and prints which
// have ended: for process-ends.test.ts, in a process that must end by itself.
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type RunOptions, type WorkflowEngineOptions } from "../../src/index.ts";
import { append, chain } from "./chain.ts";
import { watchCalls } from "./driven-run.ts";

const LIMIT_MS = 20;
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const hangingAt = (at: string) =>
  watchCalls(new MemoryCheckpointStore(), (what, call) => (what.includes(at) ? never() : call()));

const HANGS: Record<string, Partial<WorkflowEngineOptions>> = {
  "the store, at a commit": { store: hangingAt("n2") },
  "the store, at a creation": { store: hangingAt("createExecution") },
  "an executor": { executors: { default: never } },
  workflows: { workflows: never },
  executors: { executors: never },
};
const LIMITS: Record<string, () => RunOptions> = {
  timeoutMs: () => ({ timeoutMs: LIMIT_MS }),
  budgetMs: () => ({ budgetMs: LIMIT_MS, timeoutMs: 60_000 }),
  signal: () => ({ signal: AbortSignal.timeout(LIMIT_MS), timeoutMs: 60_000 }),
};

const runs = Object.entries(HANGS).flatMap(([hang, options]) =>
  Object.entries(LIMITS)
    // A budget ends no node that is in flight.
    .filter(([limit]) => limit !== "budgetMs" || hang !== "an executor")
    .map(async ([limit, limits]) => {
      const engine = createWorkflowEngine({
        store: new MemoryCheckpointStore(),
        workflows: [chain(3)],
        executors: { default: append },
        ...options,
      });
      // How they end depends on how far they had come: never-settles.test.ts asserts that, by a clock of its own.
      const call = { workflowId: "chain", userId: "u1", ...limits() };
      await engine.executeWorkflow(call).catch(() => undefined);
      console.log(`${hang}: ${limit}`);
    }),
);
await Promise.all(runs);
