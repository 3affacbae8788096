import * as z from "zod/mini";
import { checker } from "../checker.ts";
import { WorkflowError } from "../errors.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { interceptStore, STORE_METHODS, type StoreMethod } from "../store/intercept-store.ts";

/** Where a process dies, seen from its store. */
export interface CrashPoint {
  /** Default: "commit". */
  method?: StoreMethod;
  /** The call at which it dies: 1 for the first of the method. */
  call: number;
  /** `before`: the call is not made. `after`: it is made, and its answer is lost. */
  when: "before" | "after";
}

/** A store through which a process dies. */
export interface CrashingStore extends CheckpointStore {
  /** Whether it has come to that. */
  readonly crashed: boolean;
}

/**
 * Wraps a store so that it looks, from then on, as if the process that uses it had died at a chosen call.
 *
 * - That call and every later one rejects with STORE_UNAVAILABLE, so a run ends with that, and leaves behind exactly
 *   what a killed process would.
 * - Resume with another handle on the same data, as another process would. The dead owner's lease must lapse first: use
 *   `leaseMs: 0`, or a clock.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const store = new MemoryCheckpointStore();
 * const dying = createWorkflowEngine({ ...options, store: crashAt(store.reopen(), { call: 3, when: "after" }), leaseMs: 0 });
 * const crash = await dying.executeWorkflow(call).catch((error) => error);
 * const result = await createWorkflowEngine({ ...options, store }).resumeWorkflow({ executionId: crash.executionId });
 * ```
 */
export function crashAt(store: CheckpointStore, point: CrashPoint): CrashingStore {
  const { method = "commit", call: at, when } = checkPoint(point);
  let calls = 0;
  let crashed = false;
  const intercepted = interceptStore(store, async (called, call) => {
    if (crashed) throw dead();
    if (called !== method || ++calls !== at) return call();
    crashed = true;
    if (when === "after") await call();
    throw dead();
  });
  return Object.defineProperty(intercepted, "crashed", { get: () => crashed, enumerable: true }) as CrashingStore;
}

const checkPoint = checker<CrashPoint>("crashAt", {
  method: z.optional(z.enum(Object.keys(STORE_METHODS))),
  call: z.number().check(z.gte(1)),
  when: z.enum(["before", "after"]),
});

function dead(): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", "The process has crashed (a simulation of @waymark/core/testing).");
}
