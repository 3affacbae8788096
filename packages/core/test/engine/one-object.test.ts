import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";
import { append, chain } from "./chain.ts";

/** The members that take one object, with the names that their errors show. */
const SHAPES: Record<string, string> = {
  executeWorkflow: "{ workflowId, userId, initialData?, executionId?, ifExists?, deadlineMs?, metadata?,",
  executeWorkflowV2: "{ workflowId, userId, initialData?, executionId?, ifExists?, deadlineMs?, metadata?,",
  startExecution:
    "{ workflowId, userId, initialData?, executionId?, ifExists?, deadlineMs?, metadata?, startAt?, store?,",
  answerWait: "{ waitToken, data?, userId? }",
  recoverExecutions: "{ limit?, concurrency?, budgetMs?, signal?, workflowId?, userId? }",
  recoverExecution: "{ executionId, budgetMs?, signal?, userId? }",
  startRecovery: "{ intervalMs?, concurrency?, dispatch?, workflowId?, userId? }",
  drain: "{ timeoutMs? }",
  executeWorkflowSync: "{ workflowId, userId, initialData?, executionId? }",
  resumeWorkflow: "{ executionId, nodeId?, data?, definition?, waitForLeaseMs?, userId?, timeoutMs?,",
  inspectExecution: "{ executionId, userId? }",
  watchExecution: "{ executionId, signal?, checkpoints?, userId? }",
  cancelExecution: "{ executionId, reason?, userId? }",
  forkExecution: "{ executionId, at, context?, definition?, userId? }",
  deleteExecution: "{ executionId, userId? }",
  listExecutions: "{ workflowId?, userId?, status?,",
  executions: "{ workflowId?, userId?, status?,",
  pruneExecutions: "{ olderThanMs, status?, workflowId?, userId?, onProgress?, dryRun? }",
  pruneDefinitions: "{ olderThanMs }",
};
const OTHERS = ["WorkflowState", "dispatcher", "forUser", "getExecutionState"];

async function setUp() {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({ store, workflows: [chain(1)], executors: { default: append } });
  await engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId: "e1", budgetMs: 0 });
  return { store, engine };
}

/** Calls a member; what comes as an iterable is asked for its first item. */
async function call(engine: object, member: string, ...given: unknown[]): Promise<unknown> {
  const result: unknown = (engine as Record<string, (...args: unknown[]) => unknown>)[member]?.(...given);
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return result;
  return (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
}

it("every member takes one object, but those that this test names", async () => {
  const { engine } = await setUp();
  expect(Object.keys(engine).sort()).toEqual([...Object.keys(SHAPES), ...OTHERS].sort());
});

describe.each(Object.entries(SHAPES))("%s", (member, shape) => {
  it.each([["e1"], ["e1", "u1"], [null], [7], [["e1"]]])("refuses what is not one object: %j", async (...given) => {
    const { store, engine } = await setUp();
    const heads = async () => (await store.listExecutions()).items.map(({ readAt: _readAt, ...head }) => head);
    const before = await heads();
    const name = member === "executeWorkflowV2" ? "executeWorkflow" : member;
    for (const members of ["pruneDefinitions", "drain"].includes(member) ? [engine] : [engine, engine.forUser("u1")]) {
      const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
      const thrown = await call(members, member, ...given).catch((error: unknown) => error);
      expect(thrown).toEqual(refused);
      expect((thrown as Error).message).toContain(`${name}: takes one object ${shape}`);
    }
    expect(await heads()).toEqual(before);
  });
});

it("cancelExecution keeps its reason, and refuses one that is too long", async () => {
  const { store, engine } = await setUp();
  const tooLong = { executionId: "e1", reason: "x".repeat(1_001) };
  await expect(engine.cancelExecution(tooLong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await engine.cancelExecution({ executionId: "e1", reason: "a duplicate" });
  expect(await store.getExecution("e1")).toMatchObject({
    status: "cancelled",
    failure: { code: "EXECUTION_CANCELLED", message: "The execution was cancelled: a duplicate" },
  });
  expect((await engine.getExecutionState("e1")).getFailure()).toMatchObject({ code: "EXECUTION_CANCELLED" });
});
