import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, WorkflowState } from "../../src/index.ts";
import { append, chain } from "./chain.ts";

/** An execution that keeps one checkpoint, and an engine that reads it; `times`: that many reads find it changed. */
async function setUp(times: number) {
  const store = new MemoryCheckpointStore();
  const state = await WorkflowState.withStore(store, { historyLimit: 1 }).create("chain", "u1", { n: 0 });
  let n = 0;
  const write = async () => {
    state.updateContext({ n: ++n });
    state.incrementStep();
    await state.createCheckpoint("n1");
  };
  await write();
  const reader = store.reopen();
  const read = reader.readCheckpoints.bind(reader);
  let left = times;
  reader.readCheckpoints = async (id, options) => {
    if (left-- > 0) await write();
    return read(id, options);
  };
  const engine = createWorkflowEngine({ store: reader, workflows: [chain(1)], executors: { default: append } });
  return { engine, executionId: state.getExecutionId() };
}

type Engine = Awaited<ReturnType<typeof setUp>>["engine"];

const READS: [string, (engine: Engine, executionId: string) => Promise<unknown>][] = [
  ["getExecutionState", (engine, executionId) => engine.getExecutionState(executionId)],
  ["the newest checkpoint", (engine, executionId) => engine.getExecutionState(executionId, { checkpoints: "last" })],
  ["a page", (engine, executionId) => engine.getExecutionState(executionId, { checkpoints: { limit: 2 } })],
  [
    "watchExecution",
    (engine, executionId) => engine.watchExecution({ executionId, checkpoints: "all" })[Symbol.asyncIterator]().next(),
  ],
  ["forkExecution", (engine, executionId) => engine.forkExecution({ executionId, at: { beforeNode: "n2" } })],
];

describe.each(READS)("%s of a history whose beginning is dropped under the reader", (name, read) => {
  it("reads it again", async () => {
    const { engine, executionId } = await setUp(4);
    if (name === "forkExecution") {
      await expect(read(engine, executionId)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    } else await read(engine, executionId);
  });

  it("is STORE_UNAVAILABLE if it never gets a whole one, and not damaged", async () => {
    const { engine, executionId } = await setUp(Number.POSITIVE_INFINITY);
    await expect(read(engine, executionId)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      details: { reason: "conflict" },
      executionId,
    });
  });
});
