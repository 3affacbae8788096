import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type ForkPoint } from "../../src/index.ts";
import { append, chain } from "./chain.ts";

const edited = { ...chain(3), nodes: [{ id: "n1" }, { id: "n2" }, { id: "n3", type: "other" }] };

/** An execution of three nodes of which one has run, and what a refusal must leave as it was. */
async function setUp() {
  const store = new MemoryCheckpointStore();
  const executors = { default: append, other: append };
  const failing = {
    default: (args: Parameters<typeof append>[0]) => (args.node.id === "n2" ? "no context" : append(args)),
  };
  const first = createWorkflowEngine({ store, workflows: [chain(3)], executors: failing as never });
  const { executionId } = await first.executeWorkflow({ workflowId: "chain", userId: "u1" });
  const engine = createWorkflowEngine({ store, workflows: [edited], executors });
  return { store, engine, executionId };
}

describe("forkExecution refuses", () => {
  it.each<[string, ForkPoint, string, object]>([
    [
      "an unknown checkpoint",
      { checkpointId: "x" },
      'has no checkpoint "x"',
      { checkpoints: [expect.any(String), expect.any(String)] },
    ],
    [
      "an unknown step",
      { stepNumber: 3 },
      "has no step 3; the steps that it has are 0 to 1",
      { firstStep: 0, lastStep: 1 },
    ],
    ["an unknown node", { beforeNode: "x" }, 'has not begun node "x"', { ran: ["n1"], next: "n2" }],
    ["a node that comes later", { beforeNode: "n3" }, 'has not begun node "n3"', { ran: ["n1"], next: "n2" }],
    ["a visit that is not there", { beforeNode: "n1", visit: 2 }, 'has not begun run 2 of node "n1"', { visit: 2 }],
  ])("%s, and says what there is", async (_what, at, message, details) => {
    const { store, engine, executionId } = await setUp();
    await expect(engine.forkExecution({ executionId, at })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      executionId,
      message: expect.stringContaining(message),
      details: expect.objectContaining({ ...at, ...details }),
    });
    expect((await store.listExecutions()).items).toHaveLength(1);
  });

  it.each([
    [{}, "at: must have exactly one of checkpointId, stepNumber and beforeNode"],
    [{ stepNumber: 1, beforeNode: "n1" }, "at: must have exactly one of"],
    [{ stepNumber: undefined }, "at: must have exactly one of"],
    [{ stepNumber: 1, visit: 1 }, "at: visit goes only with beforeNode"],
    [{ stepNumber: -1 }, "at: stepNumber: must be a whole number, 0 or more"],
    [{ stepNumber: 1.5 }, "at: stepNumber: must be a whole number, 0 or more"],
    [{ beforeNode: "n1", visit: 0 }, "at: visit: must be a whole number, 1 or more"],
    [{ beforeNode: "" }, "at: beforeNode: must"],
    [{ beforeNod: "n1" }, 'at: unknown option "beforeNod"'],
    ["n1", "at: must be an object"],
  ])("a point of another shape: %j", async (at, message) => {
    const { engine, executionId } = await setUp();
    await expect(engine.forkExecution({ executionId, at: at as never })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });

  it("an import that was cut off", async () => {
    const { store, engine } = await setUp();
    store.commit = async () => Promise.reject(new Error("the process dies"));
    store.deleteExecutions = async () => 0;
    const output = { checkpoints: [], currentContext: {}, currentStep: 0, totalSteps: 3 };
    const row = { workflowId: "chain", userId: "u1", executionId: "old", output };
    await expect(engine.WorkflowState.importExecutionOutput(row)).rejects.toThrow();
    await expect(engine.forkExecution({ executionId: "old", at: { stepNumber: 0 } })).rejects.toMatchObject({
      code: "IMPORT_INCOMPLETE",
      message: expect.stringContaining("cannot be forked"),
    });
  });

  it("an execution whose definition is gone; with the current one it is forked", async () => {
    const { store, engine, executionId } = await setUp();
    const own = (await store.getExecution(executionId))?.definitionHash;
    store.getDefinition = async () => undefined;
    const at = { stepNumber: 1 };
    await expect(engine.forkExecution({ executionId, at })).rejects.toMatchObject({ code: "DEFINITION_NOT_FOUND" });
    const fork = await engine.forkExecution({ executionId, at, definition: "current" });
    const { definitionHash } = (await store.getExecution(fork.executionId)) ?? {};
    expect(definitionHash).not.toBe(own);
    expect(await engine.resumeWorkflow(fork)).toMatchObject({ status: "completed", definitionChanged: false });
  });

  it("a history that is damaged where the fork needs it, or whose head does not belong to it", async () => {
    const { store, engine, executionId } = await setUp();
    const get = store.getExecution.bind(store);
    const read = store.readCheckpoints.bind(store);
    const corrupt = { code: "STATE_CORRUPT", executionId };
    const refused = async (at: ForkPoint) =>
      expect(engine.forkExecution({ executionId, at })).rejects.toMatchObject(corrupt);
    store.readCheckpoints = async (id, options) =>
      (await read(id, options)).map((each) => (each.seq === 1 ? { ...each, payload: '[2,["set",["ran"],[]]]' } : each));
    await refused({ stepNumber: 1 });
    store.readCheckpoints = async (id, options) => (await read(id, options)).filter(({ seq }) => seq !== 1);
    for (const at of [{ stepNumber: 1 }, { checkpointId: "x" }, { beforeNode: "n2" }, { beforeNode: "n1" }])
      await refused(at);
    store.readCheckpoints = read;
    store.getExecution = async (id) => ({ ...(await get(id)), currentStep: 2 }) as never;
    await refused({ stepNumber: 1 });
    store.getExecution = async (id) => ({ ...(await get(id)), seq: 1 }) as never;
    await refused({ stepNumber: 1 });
    expect((await store.listExecutions()).items).toHaveLength(1);
  });
});

describe("a fork's definition", () => {
  it("is saved before the fork names it, so that nobody deletes it in between", async () => {
    const { store, engine, executionId } = await setUp();
    const calls: string[] = [];
    const save = store.saveDefinition.bind(store);
    const create = store.createExecution.bind(store);
    store.saveDefinition = async (hash, json) => {
      calls.push(hash);
      return save(hash, json);
    };
    store.createExecution = async (execution) => {
      calls.push(`create ${execution.definitionHash}`);
      return create(execution);
    };
    for (const definition of ["original", "current"] as const) {
      const { executionId: id } = await engine.forkExecution({ executionId, at: { stepNumber: 1 }, definition });
      const { definitionHash = "" } = (await store.getExecution(id)) ?? {};
      expect(calls.splice(0)).toEqual([definitionHash, `create ${definitionHash}`]);
      expect(await store.getDefinition(definitionHash)).toBeDefined();
    }
  });
});
