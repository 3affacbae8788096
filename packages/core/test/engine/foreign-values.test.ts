import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, patch, route, suspend, WorkflowError } from "../../src/index.ts";
import { injectFaults } from "../../src/testing/index.ts";

const CALL = { workflowId: "w", userId: "u" };
const engineOf = (run: NodeExecutor, store = new MemoryCheckpointStore()) =>
  createWorkflowEngine({
    store,
    workflows: [{ id: "w", nodes: [{ id: "a" }], edges: [] }],
    executors: { default: run },
  });

const lost = (): never => {
  throw new WorkflowError("LEASE_LOST", "of another engine");
};

describe("what throws when the engine reads it", () => {
  const invalid = "NODE_RESULT_INVALID";
  it.each<[string, () => unknown, string]>([
    ["a context", () => new Proxy({}, { getPrototypeOf: lost }), invalid],
    [
      "the time of a suspension",
      () => suspend(Object.defineProperty({}, "wakeAt", { get: lost, enumerable: true })),
      invalid,
    ],
    ["handles", () => route({}, new Proxy([], { get: lost })), invalid],
    ["a patch", () => patch(new Proxy({}, { get: lost })), "STATE_NOT_SERIALIZABLE"],
  ])("cannot name the failure: %s", async (_what, run, code) => {
    expect((await engineOf(run as NodeExecutor).executeWorkflow(CALL)).failure?.code).toBe(code);
  });
});

describe("a signal of somebody else's making", () => {
  const signal = (own: object) =>
    ({ aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined, ...own }) as never;

  it("cannot make a completed run throw", async () => {
    const call = { ...CALL, signal: signal({ removeEventListener: lost }) };
    expect(await engineOf(({ context }) => context).executeWorkflow(call)).toMatchObject({ status: "completed" });
  });

  it("is refused if it cannot be listened to, and nothing is written", async () => {
    const store = new MemoryCheckpointStore();
    const call = { ...CALL, signal: signal({ addEventListener: lost }) };
    await expect(engineOf(({ context }) => context, store).executeWorkflow(call)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });
});

it("gives up a store that hangs while a definition is saved with STORE_UNAVAILABLE", async () => {
  const store = new MemoryCheckpointStore();
  store.saveDefinition = () => new Promise(() => undefined);
  await expect(
    engineOf(({ context }) => context, store).executeWorkflow({ ...CALL, timeoutMs: 1 }),
  ).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

it.each([async () => lost(), lost])("onFault of injectFaults cannot fail the call, case %#", async (onFault) => {
  const faults = { all: { delay: 1, delayMs: 0 } };
  const store = injectFaults(new MemoryCheckpointStore(), { seed: 1, faults, onFault });
  expect(await store.getExecution("e")).toBeUndefined();
});
