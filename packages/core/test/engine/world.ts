import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecutionEvent,
  type NodeExecutor,
  type WorkflowDefinition,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { SILENT } from "./silent.ts";
import { toEndOn } from "./to-end.ts";
import { settle } from "./turns.ts";
import "./preloaded.ts";

type Engine = ReturnType<typeof createWorkflowEngine>;
type EngineOptions = Partial<Omit<WorkflowEngineOptions, "clock">>;

/** A store, and processes on it that come and go. One clock, moved by hand, is everybody's. */
export interface World {
  clock: ManualClock;
  store: MemoryCheckpointStore;
  events: ExecutionEvent[];
  /** An engine as another process would have it: with a handle of its own on the data. */
  engine(options?: EngineOptions): Engine;
  /** Moves the clock from timer to timer until something has settled. */
  toEnd<T>(work: Promise<T>): Promise<T>;
  /** Moves the clock on, a timer at a time, and lets everything happen that happens at each. */
  pass(ms: number): Promise<void>;
}

export function newWorld(workflow: WorkflowDefinition, executor: NodeExecutor, defaults: EngineOptions = {}): World {
  const clock = new ManualClock();
  const store = new MemoryCheckpointStore({ clock });
  const events: ExecutionEvent[] = [];
  const engine = (options: EngineOptions = {}): Engine =>
    createWorkflowEngine({
      store: store.reopen() as CheckpointStore,
      workflows: [workflow],
      executors: { default: executor },
      onEvent: (event) => void events.push(event),
      logger: SILENT,
      ...defaults,
      ...options,
      clock,
    });

  async function pass(ms: number): Promise<void> {
    for (let leftMs = ms; ; ) {
      await settle();
      const { nextMs = Number.POSITIVE_INFINITY } = clock;
      const stepMs = Math.min(leftMs, nextMs);
      clock.advance(stepMs);
      leftMs -= stepMs;
      if (leftMs <= 0 && nextMs > 0) break;
    }
    await settle();
  }

  return { clock, store, events, engine, toEnd: toEndOn(clock), pass };
}

/** The call that starts the execution of these tests. */
export function callOf({ id }: WorkflowDefinition): { workflowId: string; userId: string; executionId: string } {
  return { workflowId: id, userId: "u1", executionId: "e1" };
}

/** Nodes that do not depend on each other, followed by one that depends on all of them. */
export function branches(...ids: string[]): WorkflowDefinition {
  return {
    id: "branches",
    nodes: [...ids, "end"].map((id) => ({ id })),
    edges: ids.map((source) => ({ source, target: "end" })),
  };
}
