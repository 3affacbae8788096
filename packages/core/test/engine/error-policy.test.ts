import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  type ExecutionEvent,
  type NodeExecutor,
  route,
  type WorkflowDefinition,
  type WorkflowNode,
} from "../../src/index.ts";

/** A workflow in which node `call` fails, with a branch for its results, one without a handle, and one for its failures. */
function workflowWith(call: Partial<WorkflowNode>): WorkflowDefinition {
  return {
    id: "w",
    nodes: [{ id: "start" }, { id: "call", name: "Call it", ...call }, { id: "ok" }, { id: "next" }, { id: "mend" }],
    edges: [
      { source: "start", target: "call" },
      { source: "call", target: "ok", sourceHandle: "ok" },
      { source: "call", target: "next" },
      { source: "call", target: "mend", sourceHandle: "error" },
    ],
  };
}

function setUp(definition: WorkflowDefinition, call: NodeExecutor, store = new MemoryCheckpointStore()) {
  const ran: string[] = [];
  const events: ExecutionEvent[] = [];
  const executor: NodeExecutor = (args) => {
    ran.push(args.node.id);
    return args.node.id === "call" ? call(args) : { ...args.context, [args.node.id]: args.visit };
  };
  const engine = createWorkflowEngine({
    store,
    workflows: [definition],
    executors: { default: executor },
    onEvent: (event) => void events.push(event),
  });
  return { store, ran, events, engine };
}

const failing: NodeExecutor = () => {
  throw new Error("boom");
};
const CALL = { workflowId: "w", userId: "u1", executionId: "e1" };

describe("a node that has failed for good", () => {
  it("ends the execution if it has no error policy, or fail", async () => {
    for (const onError of [undefined, "fail"] as const) {
      const { engine, ran } = setUp(workflowWith(onError === undefined ? {} : { onError }), failing);
      expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "failed", currentStep: 1 });
      expect(ran).toEqual(["start", "call"]);
    }
  });

  it("continues by its first output, with the failure in the context and in the history", async () => {
    const { engine, ran, events } = setUp(
      workflowWith({ onError: "continue", retry: { maxAttempts: 2, backoffMs: 0 } }),
      failing,
    );
    const result = await engine.executeWorkflow(CALL);
    const error = { nodeId: "call", nodeName: "Call it", visit: 1, code: "NODE_FAILED", message: "boom", attempts: 2 };
    expect(result).toMatchObject({
      status: "completed",
      currentStep: 4,
      totalSteps: 4,
      output: { ok: 1, next: 1, error },
    });
    expect(result.failure).toBeUndefined();
    expect(ran).toEqual(["start", "call", "call", "ok", "next"]);
    const checkpoints = (await engine.getExecutionState("e1")).getCheckpoints();
    expect(checkpoints.map(({ nodeId, stepNumber, error: failed }) => [nodeId, stepNumber, failed?.message])).toEqual([
      ["start", 1, undefined],
      ["call", 2, "boom"],
      ["call", 2, "boom"],
      ["ok", 3, undefined],
      ["next", 4, undefined],
    ]);
    expect(checkpoints[2]?.context).toEqual({ start: 1, error });
    const failed = events.filter((event) => event.type === "node.failed");
    expect(failed).toMatchObject([{ retryInMs: 0 }, { continues: true }]);
  });

  it("takes only the edges of its error output if failures are routed", async () => {
    const { engine, ran } = setUp(workflowWith({ onError: "route" }), failing);
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "completed", totalSteps: 3 });
    expect(ran).toEqual(["start", "call", "mend"]);
  });

  it("takes all other edges if it succeeds and names no output", async () => {
    const { engine, ran } = setUp(workflowWith({ onError: "route" }), ({ context }) => context);
    await engine.executeWorkflow(CALL);
    expect(ran).toEqual(["start", "call", "ok", "next"]);
  });

  it("is passed over as it was, by a resume of another engine", async () => {
    const definition = workflowWith({ onError: "route" });
    const stops = new AbortController();
    const first = setUp(definition, () => {
      stops.abort();
      throw new Error("boom");
    });
    // What an aborted node throws says nothing about it.
    expect(await first.engine.executeWorkflow({ ...CALL, signal: stops.signal })).toMatchObject({ status: "pending" });
    const second = setUp(definition, failing, first.store);
    await second.engine.resumeWorkflow({ executionId: "e1" });
    expect(second.ran).toEqual(["call", "mend"]);
    const { output, status } = await setUp(definition, failing, first.store).engine.executeWorkflow({
      ...CALL,
      ifExists: "join",
    });
    expect(status).toBe("completed");
    expect(output).toMatchObject({ mend: 1, error: { attempts: 2 } });
  });

  it("leaves the execution failed if the state cannot keep the failure", async () => {
    class Small extends MemoryCheckpointStore {
      override get capabilities() {
        return { ...super.capabilities, maxPayloadBytes: 1_000 };
      }
    }
    const { engine } = setUp(
      workflowWith({ onError: "continue" }),
      () => {
        throw new Error("x".repeat(3_000));
      },
      new Small(),
    );
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "failed", failure: { code: "NODE_FAILED" } });
  });

  it("keeps the history short, also in a loop in which every run fails", async () => {
    const definition: WorkflowDefinition = {
      id: "w",
      nodes: [{ id: "start" }, { id: "call", onError: "continue" }],
      edges: [
        { source: "start", target: "call" },
        { source: "call", target: "call" },
      ],
      maxNodeRuns: 300,
    };
    const { engine, store } = setUp(definition, failing);
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "failed", failure: { code: "NODE_RUN_LIMIT" } });
    const head = await store.getExecution("e1");
    expect((head?.seq ?? 0) - (head?.snapshotSeq ?? 0)).toBeLessThan(40);
    expect(head?.currentStep).toBe(300);
  });
});

describe("a result that names outputs", () => {
  it("is reported if no edge leaves them, and the node declares none", async () => {
    const { engine, events } = setUp(workflowWith({}), ({ context }) => route(context, ["nope", "neither"]));
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "completed" });
    const unrouted = events.filter((event) => event.type === "node.unrouted");
    expect(unrouted).toMatchObject([{ nodeId: "call", visit: 1, handles: ["nope", "neither"] }]);
  });

  it("is not reported if one of them has an edge", async () => {
    const { engine, events } = setUp(workflowWith({}), ({ context }) => route(context, ["nope", "ok"]));
    await engine.executeWorkflow(CALL);
    expect(events.filter((event) => event.type === "node.unrouted")).toEqual([]);
  });
});
