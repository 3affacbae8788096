import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  isWorkflowError,
  type NodeExecutor,
  suspend,
  WorkflowError,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { immediateClock } from "../immediate-clock.ts";
import { append, chain } from "./chain.ts";
import { driven } from "./driven-run.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
/** What may leave a call once its execution exists. */
const MAY_THROW = ["STORE_UNAVAILABLE", "STORE_CLOSED", "EXECUTION_NOT_FOUND"];

const REFUSALS = {
  INVALID_ARGUMENT: () => new WorkflowError("INVALID_ARGUMENT", "checkpoint.durationMs is odd"),
  PAYLOAD_TOO_LARGE: () => new WorkflowError("PAYLOAD_TOO_LARGE", "too large for this database"),
  "an error without a code": () => new TypeError("undefined is not a function"),
};
type Refusal = keyof typeof REFUSALS | undefined;

/** A store that refuses some commits: one of the list after the other, then none. Each takes some turns. */
function refusing(store: CheckpointStore, refusals: readonly Refusal[], lag = 0): CheckpointStore {
  const left = [...refusals];
  const commit: CheckpointStore["commit"] = async (id, request) => {
    const refusal = left.shift();
    await turns(lag);
    if (refusal !== undefined) throw REFUSALS[refusal]();
    return store.commit(id, request);
  };
  return new Proxy(store, {
    get: (target, key) =>
      key === "commit" ? commit : (Reflect.get(target, key).bind?.(target) ?? Reflect.get(target, key)),
  });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Fails once, waits for an answer, and works; each node takes some turns of the event loop. */
const working =
  (pace: number): NodeExecutor =>
  async (args) => {
    const { node, attempt, resume } = args;
    await turns(pace);
    if (node.id === "n2" && attempt === 1) throw new Error("503");
    return node.id === "n3" && resume === undefined ? suspend() : append(args);
  };

const refusals = fc.array(
  fc.option(fc.constantFrom(...(Object.keys(REFUSALS) as (keyof typeof REFUSALS)[])), { nil: undefined, freq: 2 }),
  { maxLength: 12 },
);

describe.each(["sync", "async"] as const)("a store that refuses commits, in %s durability", (durability) => {
  it("makes a node fail or the store unavailable; nothing is lost or done twice, and a later call works", async () => {
    await fc.assert(
      fc.asyncProperty(refusals, fc.nat(3), fc.nat(3), async (list, pace, lag) => {
        const store = new MemoryCheckpointStore();
        const { executeWorkflow, resumeWorkflow, getExecutionState } = createWorkflowEngine({
          store: refusing(store, list, lag),
          workflows: [chain(4)],
          executors: { default: working(pace) },
          retry: { maxAttempts: 2, backoffMs: 1 },
          durability,
          leaseMs: 0,
          clock: immediateClock(),
        });
        let result: ExecuteWorkflowResult | undefined;
        for (let call = 0; call < 30 && result?.status !== "completed"; call++) {
          const answer = (await store.getExecution("e1"))?.status === "suspended" ? { data: call } : {};
          try {
            result = await (call === 0 ? executeWorkflow(CALL) : resumeWorkflow({ executionId: "e1", ...answer }));
            const head = await store.getExecution("e1");
            expect([head?.status, head?.owner]).toEqual([result.status, undefined]);
          } catch (error) {
            const code = isWorkflowError(error) ? error.code : String(error);
            // A resume may be refused before its run begins; then the head is as it was.
            if (call === 0) expect(MAY_THROW).toContain(code);
            else expect([...MAY_THROW, "INVALID_ARGUMENT", "PAYLOAD_TOO_LARGE"]).toContain(code);
          }
        }
        expect(result).toMatchObject({ status: "completed", output: { ran: ["n1", "n2", "n3", "n4"] } });
        const state = await getExecutionState("e1");
        expect(state.getContext()).toEqual(result?.output);
        const records = await store.readCheckpoints("e1");
        expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index));
        const completed = records.filter(({ kind, nodeId }) => kind !== "error" && nodeId !== "");
        expect(completed.map(({ nodeId }) => nodeId)).toEqual(["n1", "n2", "n3", "n4"]);
      }),
      { numRuns: 400 },
    );
  });
});

describe("a renewal of the lease that is refused for what it holds", () => {
  it("says nothing of the lease: the node in flight ends, and so does the execution", async () => {
    const store = new MemoryCheckpointStore();
    const signals: AbortSignal[] = [];
    const clock = new ManualClock();
    const long: NodeExecutor = async (args) => {
      signals.push(args.signal);
      await new Promise<void>((resolve) => void clock.schedule(25_000, resolve));
      return append(args);
    };
    const { engine, toEnd, trace } = driven(
      { workflows: [chain(2)], executors: { default: long } },
      { clock, store: refusing(store, ["INVALID_ARGUMENT", "PAYLOAD_TOO_LARGE"]) },
    );
    expect(await toEnd(engine.executeWorkflow(CALL))).toMatchObject({ status: "completed" });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    expect(trace.filter(([, what]) => what === "renewal")).toHaveLength(4);
  });
});

describe("a state whose calls are not waited for", () => {
  it("keeps together what is on record when the first of them is refused", async () => {
    const store = new MemoryCheckpointStore();
    const { WorkflowState, getExecutionState } = createWorkflowEngine({
      store: refusing(store, ["INVALID_ARGUMENT"]),
      workflows: [],
      executors: {},
    });
    const state = await WorkflowState.create("w", "u1", { first: 0 }, 3);
    const calls = ["a", "b", "c"].map((id) => {
      state.updateContext({ [id]: 1 });
      state.incrementStep();
      return state.createCheckpoint(id, id);
    });
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect([state.getContext(), state.getCurrentStep()]).toEqual([{ first: 0, a: 1 }, 1]);
    await state.createCheckpoint("a", "a");
    const kept = await getExecutionState(state.getExecutionId());
    expect([kept.getContext(), kept.getCurrentStep()]).toEqual([{ first: 0, a: 1 }, 1]);
    expect(kept.getCheckpoints().map(({ nodeId }) => nodeId)).toEqual(["a"]);
  });
});
