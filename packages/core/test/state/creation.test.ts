import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";

class Money {
  readonly cents = 5;
}

it("an execution whose data cannot be read back is not created, and its id stays free", async () => {
  const store = new MemoryCheckpointStore();
  const decode = () => {
    throw new Error("no such currency");
  };
  const types = [{ name: "Money", test: (value: unknown) => value instanceof Money, encode: () => 5, decode }];
  const { WorkflowState } = createWorkflowEngine({ store, workflows: [], executors: {}, codec: { types } });
  await expect(WorkflowState.create("w", "u1", { price: new Money() })).rejects.toMatchObject({
    code: "STATE_CORRUPT",
  });
  expect((await store.listExecutions()).items).toEqual([]);
});
