import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";

/** An execution that failed at its second node, and a store that hands its payloads out changed. */
async function setUp(change: (payload: string) => string) {
  const store = new MemoryCheckpointStore();
  let fail = true;
  const engine = createWorkflowEngine({
    store,
    workflows: [chain(3)],
    executors: {
      default: (args) => {
        if (args.node.id === "n2" && fail) throw new Error("boom");
        return append(args);
      },
    },
  });
  const { executionId } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
  fail = false;
  const read = store.readCheckpoints.bind(store);
  store.readCheckpoints = async (id, options) =>
    (await read(id, options)).map((record) => ({ ...record, payload: change(record.payload) }));
  return { store, engine, executionId };
}

describe("the stored format", () => {
  it("of a newer version is refused, and the execution stays as it was", async () => {
    for (const change of [
      (payload: string) => payload.replace('{"v":2', '{"v":3'),
      (payload: string) => payload.replace(/^\[2/, "[3"),
    ]) {
      const { store, engine, executionId } = await setUp(change);
      const refused = { code: "STATE_VERSION_UNSUPPORTED", details: { version: 3, supported: 2 } };
      await expect(engine.getExecutionState(executionId)).rejects.toMatchObject(refused);
      await expect(engine.resumeWorkflow({ executionId })).rejects.toMatchObject(refused);
      expect(await store.getExecution(executionId)).toMatchObject({ status: "failed", failure: { message: "boom" } });
    }
  });

  it("that something else has written over is refused", async () => {
    for (const change of [() => "{", () => "null", () => '{"v":"1"}', () => "[1,5]", () => '{"v":1}']) {
      const { store, engine, executionId } = await setUp(change);
      await expect(engine.resumeWorkflow({ executionId })).rejects.toMatchObject({ code: "STATE_CORRUPT" });
      expect(await store.getExecution(executionId)).toMatchObject({ status: "failed" });
    }
  });

  it("is text that a person can read", async () => {
    const payloads: string[] = [];
    const { store, executionId } = await setUp((payload) => {
      payloads.push(payload);
      return payload;
    });
    await store.readCheckpoints(executionId);
    const [initial = "", ...others] = payloads;
    const { instance } = JSON.parse(initial) as { instance: string };
    expect(instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(initial).toBe(`{"v":2,"context":{},"ran":[],"instance":"${instance}"}`);
    expect(others).toEqual(['[2,["set",["ran"],["n1"]]]', "[2]"]);
  });
});
