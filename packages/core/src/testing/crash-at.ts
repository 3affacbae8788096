import { checker } from "../checker.ts";
import { count } from "../durations.ts";
import { WorkflowError } from "../errors.ts";
import { oneOf, optional } from "../option.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { interceptStore, STORE_METHODS, type StoreMethod } from "../store/intercept-store.ts";
import { checkStore } from "./check-store.ts";

/** The call of a store at which {@link crashAt} simulates a crash of the process. */
export interface CrashPoint {
  /** The method whose calls are counted. Default: "commit". */
  method?: StoreMethod;
  /** The number of the call at which the crash happens: 1 for the first call of the method. */
  call: number;
  /** `before`: the call is not made. `after`: the call is made, and its result is lost. */
  when: "before" | "after";
}

/** A store that simulates a crash of the process that uses it. */
export interface CrashingStore extends CheckpointStore {
  /** True once the crash has happened. */
  readonly crashed: boolean;
}

/**
 * Wraps a store so that it simulates a crash of the process at a chosen call.
 *
 * - That call and every later one rejects with STORE_UNAVAILABLE. The run ends with this error, and the store holds
 *   exactly what it would hold if the process had been killed.
 * - Resume with another handle on the same data, as another process would. The lease of the dead owner must lapse
 *   first: use `leaseMs: 0`, or advance a manual clock.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const store = new MemoryCheckpointStore();
 * const options = { workflows, executors, leaseMs: 0 };
 * const dying = createWorkflowEngine({ ...options, store: crashAt(store.reopen(), { call: 3, when: "after" }) });
 * const crash = await dying.executeWorkflow(call).catch((error) => error);
 * const result = await createWorkflowEngine({ ...options, store }).resumeWorkflow({ executionId: crash.executionId });
 * ```
 */
export function crashAt(store: CheckpointStore, point: CrashPoint): CrashingStore {
  checkStore("crashAt", store);
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

const checkPoint = checker<CrashPoint>(
  "crashAt",
  {
    method: optional(oneOf(...Object.keys(STORE_METHODS))),
    call: count,
    when: oneOf("before", "after"),
  },
  "point",
);

function dead(): WorkflowError {
  return new WorkflowError(
    "STORE_UNAVAILABLE",
    "The process has crashed (simulated by crashAt of @waymark/core/testing).",
  );
}
