import type { EngineInternals } from "../engine/engine-internals.ts";
import type { ExecutionEvent } from "../engine/events.ts";
import { readWorkflowState } from "../state/bind-workflow-state.ts";
import type { NodeTimes, RunOutcome } from "./outcomes.ts";

/** The most nodes of a run that are listed. */
const MAX_NODES = 200;
/** The most runs that nobody called and whose end has not come. */
const MAX_RECOVERIES = 10_000;

/** The part of an outcome that the events of a run show. */
export type RunFacts = Pick<RunOutcome, "nodes" | "checkpoints" | "saved">;

/** Collects the events of one run. */
export class WatchedRun {
  /** True once the execution is known to exist. */
  hasBegun = false;
  /** The nodes that it did not have to run, because an earlier run has. */
  savedNodes = 0;
  /** True if time passed that was neither work nor overhead: before the next attempt of a node. */
  hasWaited = false;
  readonly #nodes = new Map<string, NodeTimes>();
  readonly #checkpoints = { count: 0, bytes: 0, durationMs: 0 };

  take(event: ExecutionEvent): void {
    switch (event.type) {
      case "execution.started":
      case "execution.resumed":
        this.hasBegun = true;
        if (event.type === "execution.resumed") this.savedNodes = event.currentStep;
        break;
      case "node.completed":
      case "node.failed":
        if (event.type === "node.failed" && event.retryInMs !== undefined) this.hasWaited = true;
        addNodeRun(this.#nodes, event);
        break;
      case "checkpoint.committed":
        this.#checkpoints.count += 1;
        this.#checkpoints.bytes += event.bytes;
        this.#checkpoints.durationMs += event.durationMs;
    }
  }

  /** The time in executors, in milliseconds, and the number of their calls. */
  get work(): { durationMs: number; runs: number } {
    const work = { durationMs: 0, runs: 0 };
    for (const { durationMs, runs } of this.#nodes.values()) {
      work.durationMs += durationMs;
      work.runs += runs;
    }
    return work;
  }

  get facts(): RunFacts {
    return { nodes: [...this.#nodes.values()], checkpoints: this.#checkpoints };
  }
}

/** Adds a call of a node's executor to the times of its run. */
export function addNodeRun(
  nodes: Map<string, NodeTimes>,
  { nodeId, nodeType, durationMs }: Omit<NodeTimes, "runs">,
): void {
  const known = nodes.get(nodeId);
  if (known !== undefined) {
    known.runs += 1;
    known.durationMs += durationMs;
  } else if (nodes.size < MAX_NODES) nodes.set(nodeId, { nodeId, nodeType, runs: 1, durationMs });
}

/** The end of a run that nobody called: a recovery's, or that of a resume. */
export interface UncalledRun {
  run: WatchedRun;
  end: Extract<ExecutionEvent, { workflowId: string; userId: string }>;
  durationMs: number;
}

const ENDS: ReadonlySet<ExecutionEvent["type"]> = new Set<ExecutionEvent["type"]>([
  "execution.completed",
  "execution.failed",
  "execution.stopped",
  "execution.suspended",
  "execution.cancelled",
  "execution.lost",
]);

/** The watches of each engine. What no rollout has called is reported by the first one. */
const watches = new WeakMap<EngineInternals, RunWatch[]>();

/** Watches the runs of an engine: those of the rollout's calls, and those that nobody called. */
export class RunWatch {
  readonly #siblings: readonly RunWatch[];
  readonly #called = new Map<string, Set<WatchedRun>>();
  readonly #uncalled = new Map<string, { run: WatchedRun; startedAt: number }>();
  readonly #onUncalled: (ended: UncalledRun) => void;

  constructor(engine: EngineInternals, onUncalled: (ended: UncalledRun) => void) {
    this.#onUncalled = onUncalled;
    const siblings = watches.get(engine) ?? [];
    watches.set(engine, siblings);
    siblings.push(this);
    this.#siblings = siblings;
    engine.listen((event) => this.#take(event));
  }

  /** Watches the run of a call, until the returned function is called. */
  begin(executionId: string): { run: WatchedRun; end: () => void } {
    const run = new WatchedRun();
    const runs = this.#called.get(executionId) ?? new Set();
    this.#called.set(executionId, runs.add(run));
    const end = () => {
      runs.delete(run);
      if (runs.size === 0) this.#called.delete(executionId);
    };
    return { run, end };
  }

  #take(event: ExecutionEvent): void {
    if (!("userId" in event)) return;
    const called = this.#called.get(event.executionId);
    if (called !== undefined) for (const run of called) run.take(event);
    else if (this.#siblings[0] === this) this.#takeUncalled(event);
  }

  #isCalled(executionId: string): boolean {
    return this.#siblings.some((watch) => watch.#called.has(executionId));
  }

  #takeUncalled(event: UncalledRun["end"]): void {
    const { executionId, timestamp } = event;
    if (event.type === "execution.resumed" && !this.#isCalled(executionId)) {
      this.#uncalled.set(executionId, { run: new WatchedRun(), startedAt: timestamp });
      const [oldest] = this.#uncalled.keys();
      if (this.#uncalled.size > MAX_RECOVERIES && oldest !== undefined) this.#uncalled.delete(oldest);
    }
    const found = this.#uncalled.get(executionId);
    if (found === undefined) return;
    found.run.take(event);
    if (!ENDS.has(event.type)) return;
    this.#uncalled.delete(executionId);
    const durationMs = Math.max(0, timestamp - found.startedAt);
    this.#onUncalled({ run: found.run, end: event, durationMs });
  }
}

/**
 * Reads how long the nodes took that a resume did not run again.
 *
 * - Never throws: a time that cannot be read is 0.
 */
export async function savedBy({ options }: EngineInternals, executionId: string, nodes: number): Promise<RunFacts> {
  if (nodes === 0) return {};
  let durationMs = 0;
  try {
    const state = await readWorkflowState(options, executionId, {});
    const completed = state.getCheckpoints().filter(({ error }) => error === undefined);
    for (const checkpoint of completed.slice(0, nodes)) durationMs += checkpoint.durationMs ?? 0;
  } catch {
    // The outcome is only an observation.
  }
  return { saved: { nodes, durationMs } };
}
