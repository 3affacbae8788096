import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  type CommitRequest,
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  type ExecutionEvent,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { ManualClock } from "../../src/testing/index.ts";
import "./preloaded.ts";
import { SILENT } from "./silent.ts";

/** One thing that happened in a run, and when by the engine's monotonic clock. */
export type Step = [elapsedMs: number, what: string];

/** An engine on a store with a clock of its own; both clocks are moved by hand. */
export interface Driven {
  clock: ManualClock;
  /** The database's clock: as much passes on it, and nobody corrects it. */
  storeClock: ManualClock;
  /** What happened so far: calls of the store and events. */
  trace: Step[];
  store: CheckpointStore;
  engine: ReturnType<typeof createWorkflowEngine>;
  /** Moves both clocks from timer to timer until a run ends. */
  toEnd<T>(run: Promise<T>): Promise<T>;
}

/** Makes an engine whose time is moved by hand. `onStep` is called with each step that is noted. */
export function driven(
  options: Omit<WorkflowEngineOptions, "store" | "clock" | "onEvent">,
  {
    clock = new ManualClock(),
    storeClock = new ManualClock(Date.UTC(2025, 5, 1)),
    store: kept = new MemoryCheckpointStore({ clock: storeClock }),
    onStep = () => undefined,
  }: Partial<Pick<Driven, "clock" | "storeClock" | "store">> & { onStep?: (step: Step) => void } = {},
): Driven {
  const trace: Step[] = [];
  const note = (what: string): void => {
    const step: Step = [clock.elapsed(), what];
    trace.push(step);
    onStep(step);
  };
  const noted = watchCalls(kept, (what, call) => {
    note(what);
    return call();
  });
  const onEvent = (event: ExecutionEvent): void => note(describeEvent(event));
  const engine = createWorkflowEngine({ logger: SILENT, ...options, store: noted, clock, onEvent });

  async function toEnd<T>(run: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    run.then(end, end);
    for (let idle = 0; !isOver; ) {
      await quiet(trace);
      const nextMs = clock.nextMs;
      if (isOver) break;
      if (nextMs === undefined) {
        if (++idle > 100) throw new Error("The run waits for something that never comes.");
        continue;
      }
      idle = 0;
      note("waits");
      storeClock.advance(nextMs);
      clock.advance(nextMs);
    }
    return run;
  }

  return { clock, storeClock, trace, store: kept, engine, toEnd };
}

/** Wraps a store: each call goes through `around`, with a description of it. */
export function watchCalls(
  store: CheckpointStore,
  around: <T>(what: string, call: () => Promise<T>) => Promise<T>,
): CheckpointStore {
  const watched = interceptStore(store, (method, call) => (method === "commit" ? call() : around(method, call)));
  const commit: CheckpointStore["commit"] = (id, request) =>
    around(describeCommit(request), () => store.commit(id, request));
  return { ...watched, commit };
}

/** What of a result does not depend on the wall clock and the random ids: everything else. */
export function comparable({ executionId: _id, ...result }: ExecuteWorkflowResult): object {
  return structuredClone({ ...result, failure: result.failure && { ...result.failure, stack: undefined } });
}

/** Waits until nothing more happens without the clock. */
async function quiet(trace: readonly Step[]): Promise<void> {
  for (let turns = 0, seen = trace.length; turns < 5; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (trace.length !== seen) [turns, seen] = [0, trace.length];
  }
}

function describeCommit({ checkpoints: [checkpoint] = [], head, leaseMs }: CommitRequest): string {
  if (checkpoint === undefined && head?.status === undefined && leaseMs !== undefined) return "renewal";
  const { kind, nodeId, attempt, durationMs } = checkpoint ?? {};
  return `commit ${JSON.stringify({ kind, nodeId, attempt, durationMs, status: head?.status })}`;
}

function describeEvent(event: ExecutionEvent): string {
  const { type, nodeId, attempt, durationMs, retryInMs } = event as Extract<ExecutionEvent, { type: "node.failed" }> & {
    durationMs?: number;
  };
  return `${type} ${JSON.stringify({ nodeId, attempt, durationMs, retryInMs })}`;
}
