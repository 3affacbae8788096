import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type ExecutionEvent } from "../../src/index.ts";
import { chain } from "./chain.ts";

function refused(): Error {
  const cause = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443"), { code: "ECONNREFUSED", port: 443 });
  return Object.assign(new TypeError("Request failed", { cause }), { code: "E_UPSTREAM", status: 503, body: "secret" });
}

const KEPT = {
  message: "Request failed",
  name: "TypeError",
  errorCode: "E_UPSTREAM",
  status: 503,
  stack: expect.stringContaining("failures.test.ts"),
  cause: {
    name: "Error",
    message: "connect ECONNREFUSED 10.0.0.1:443",
    code: "ECONNREFUSED",
    stack: expect.any(String),
  },
};

describe("what an error says", () => {
  it("is in the result, the event, the head, the listing and the checkpoint, also in another process", async () => {
    const store = new MemoryCheckpointStore();
    const events: ExecutionEvent[] = [];
    const executors = {
      default: () => {
        throw refused();
      },
    };
    const engine = createWorkflowEngine({
      store,
      workflows: [chain(1)],
      executors,
      onEvent: (event) => void events.push(event),
    });
    const { executionId, failure } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
    const wanted = { code: "NODE_FAILED", nodeId: "n1", nodeName: "default", attempts: 1, ...KEPT };
    expect(failure).toEqual(wanted);
    expect(events.find(({ type }) => type === "node.failed")).toMatchObject({ failure: wanted });
    const other = createWorkflowEngine({ store: store.reopen(), workflows: [chain(1)], executors });
    const state = await other.getExecutionState(executionId);
    expect([state.getFailure(), state.getLastCheckpoint()?.error]).toEqual([wanted, wanted]);
    expect((await other.listExecutions()).items[0]?.failure).toEqual(wanted);
    expect(JSON.stringify(state.getFailure())).not.toContain("secret");
  });

  it("is kept by markFailed and createErrorCheckpoint, too, whatever it is", async () => {
    const { WorkflowState, getExecutionState } = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [],
      executors: {},
    });
    for (const thrown of [refused(), { code: 7, message: "plain" }, null, new Proxy({}, { get: () => fail() })]) {
      const state = await WorkflowState.create("chain", "u1");
      await state.createErrorCheckpoint("n1", "http", thrown);
      await state.markFailed(thrown);
      const read = await getExecutionState(state.getExecutionId());
      const failure = { code: "NODE_FAILED", message: expect.any(String) };
      expect(read.getFailure()).toMatchObject(failure);
      expect(read.getLastCheckpoint()?.error).toMatchObject({ ...failure, nodeId: "n1" });
      if (thrown instanceof Error) expect(read.getFailure()).toEqual({ code: "NODE_FAILED", ...KEPT });
    }
  });
});

function fail(): never {
  throw new Error("no");
}
