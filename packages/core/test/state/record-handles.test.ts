import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, end, type NodeExecutor, route } from "../../src/index.ts";

const workflow = {
  id: "w",
  nodes: [{ id: "plain" }, { id: "one" }, { id: "two" }, { id: "fails", onError: "route" as const }, { id: "none" }],
  edges: [
    { source: "plain", target: "one" },
    { source: "one", target: "two", sourceHandle: "a" },
    { source: "two", target: "fails", sourceHandle: "b" },
    { source: "two", target: "fails", sourceHandle: "c" },
    { source: "fails", target: "none", sourceHandle: "error" },
  ],
};
const executor: NodeExecutor = ({ node, context }) => {
  // The context holds the names of the parts, as a value and as a key.
  const next = { ...context, [node.id]: '["route"', list: ["end", ["route", "x"]] };
  if (node.id === "one") return route(next, "a");
  if (node.id === "two") return route(next, ["b", "c"]);
  if (node.id === "fails") throw new Error("boom");
  return node.id === "none" ? end(next) : next;
};

// With a limit of 1, nearly each checkpoint is a snapshot.
it.each([undefined, 1, 2])(
  "checkpoints have the outputs that their nodes took, with a history limit of %s",
  async (historyLimit) => {
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [workflow],
      executors: { default: executor },
      ...(historyLimit === undefined ? {} : { historyLimit }),
    });
    await engine.executeWorkflow({ workflowId: "w", userId: "u", executionId: "x" });
    const checkpoints = (await engine.getExecutionState("x")).getCheckpoints();
    const seen = new Map(checkpoints.map(({ nodeId, handles }) => [nodeId, handles]));
    const expected = { plain: undefined, one: ["a"], two: ["b", "c"], fails: ["error"], none: null };
    for (const [nodeId, handles] of seen)
      expect({ [nodeId]: handles }).toEqual({ [nodeId]: expected[nodeId as "one"] });
    expect([...seen.keys()]).toContain("none");
  },
);
