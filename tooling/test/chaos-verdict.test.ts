import { createWorkflowEngine, type ExecutionRecord, suspend } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../packages/store-memory/src/index.ts";
import type { Observed } from "../trials/chaos/chaos-case.ts";
import { childExecutors } from "../trials/chaos/chaos-child-executors.ts";
import { LATE_TYPE } from "../trials/chaos/chaos-children.ts";
import type { ChaosNote } from "../trials/chaos/chaos-notes.ts";
import { judgeChaos } from "../trials/chaos/chaos-verdict.ts";
import { chaosPlan, planOf } from "../trials/chaos/chaos-workflow.ts";
import { EffectsServer } from "../trials/chaos/effects-server.ts";
import { Ledger } from "../trials/chaos/ledger.ts";
import type { WorkerProcess } from "../trials/chaos/worker-process.ts";

const WORKER = {} as WorkerProcess;
/** Of a plan that is cancelled while its first node waits for children that wait for ever. */
const PLAN = chaosPlan(1, 5);
const ID = PLAN.executionId;

/** An execution whose children wait, as its workers have reported it. */
async function suspendedParent() {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({
    store,
    workflows: (id) => planOf(id)?.definition,
    executors: { default: () => suspend(), [LATE_TYPE]: () => suspend(), ...childExecutors() },
  });
  const initialData = { items: [1, 2, 3, 4, 5] };
  await engine.executeWorkflow({ executionId: ID, workflowId: ID, userId: "u1", initialData });
  const { items: children } = await store.listExecutions({ parentId: ID });
  const ledger = new Ledger(() => undefined);
  for (const { id, token } of children) ledger.take(WORKER, claimOf(id, token));
  const verdict = async ({ begunMs, overAt: given }: { begunMs: number; overAt?: number }) => {
    const { readAt } = (await store.getExecution(ID)) as ExecutionRecord;
    const overAt = given ?? readAt;
    const cancel = { begunMs, overAt };
    const observed: Observed = { plan: PLAN, isCancelled: true, cancel, answers: 0, results: [] };
    const effects = new EffectsServer(() => undefined);
    return (await judgeChaos({ store, executions: new Map([[ID, observed]]), effects, ledger })).violations;
  };
  const claim = { claimId: "c", owner: "c", leaseMs: 1_000, from: ["suspended"], force: true } as const;
  const cancel = (id: string) =>
    store.claimExecution(id, { ...claim, cancel: { code: "EXECUTION_CANCELLED", message: "cancelled" } });
  return { engine, cancel, children, verdict };
}

function claimOf(executionId: string, token: number): ChaosNote {
  return { what: "claim", executionId, token, recoveries: 0 };
}

describe("the verdict on a cancelled execution", () => {
  it("accepts that its children have ended with it", async () => {
    const { engine, children, verdict } = await suspendedParent();
    const begunMs = performance.now();
    await engine.cancelExecution({ executionId: ID });
    expect(children.length).toBeGreaterThan(0);
    expect(await verdict({ begunMs })).toEqual([]);
  });

  it("does not accept children that the cancel has not reached", async () => {
    const { cancel, children, verdict } = await suspendedParent();
    await cancel(ID);
    const violations = await verdict({ begunMs: performance.now() });
    for (const { id } of children) {
      expect(violations).toContainEqual(expect.stringContaining(`its child ${id} went on when it was cancelled`));
    }
  });

  it("does not accept children that were cancelled later, as by whoever continues them", async () => {
    const { cancel, children, verdict } = await suspendedParent();
    const begunMs = performance.now();
    const { readAt } = await cancel(ID);
    for (const { id } of children) await cancel(id);
    // The call that cancelled the parent was over before.
    const violations = await verdict({ begunMs, overAt: readAt - 1 });
    expect(violations).toHaveLength(children.length);
  });
});

describe("the ledger", () => {
  it("counts the looks of the recovery that has looked least, since somebody has touched the execution", () => {
    const ledger = new Ledger(() => undefined);
    const other = {} as WorkerProcess;
    const look = (worker: WorkerProcess, times: number) => {
      for (let time = 0; time < times; time++) ledger.take(worker, { what: "pass" });
    };
    look(WORKER, 7);
    expect(ledger.passedOver("e1", [WORKER, other])).toBe(0);
    look(WORKER, 5);
    look(other, 3);
    expect(ledger.passedOver("e1", [WORKER, other])).toBe(3);
    ledger.take(other, claimOf("e1", 1));
    expect(ledger.passedOver("e1", [WORKER, other])).toBe(0);
  });

  it("takes an execution that a recovery has left alone for a violation, unless its worker is of the version before", () => {
    const ledger = new Ledger(() => undefined);
    const old = { isOld: true } as WorkerProcess;
    ledger.take(WORKER, { what: "left", executionId: "e1", code: "UNKNOWN_NODE_TYPE" });
    ledger.take(old, { what: "left", executionId: "e2", code: "UNKNOWN_NODE_TYPE" });
    ledger.take(old, { what: "left", executionId: "e3", code: "LOOKUP_FAILED" });
    expect(ledger.violations).toEqual([
      "e1: a recovery has left it alone: UNKNOWN_NODE_TYPE",
      "e3: a recovery has left it alone: LOOKUP_FAILED",
    ]);
    expect(ledger.left).toBe(1);
  });
});
