import { describe, expect, it } from "vitest";
import * as z from "zod";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  defineNode,
  type NodeExecutor,
  route,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";

const choosing = (handle: string) =>
  defineNode({
    type: "if",
    data: z.object({}).optional(),
    outputs: ["true", "false"],
    run: ({ context }) => route(context, handle),
  });
const others: NodeExecutor = ({ context, node }) => ({ ...context, [node.id]: true });

const workflow = (nodes: WorkflowDefinition["nodes"], ...edges: [string, string, string?][]): WorkflowDefinition => ({
  id: "w",
  nodes,
  edges: edges.map(([source, target, sourceHandle]) => ({ source, target, ...(sourceHandle && { sourceHandle }) })),
});
const run = (definition: WorkflowDefinition, handle = "true", store = new MemoryCheckpointStore()) =>
  createWorkflowEngine({
    store,
    workflows: [definition],
    executors: { if: choosing(handle), default: others },
  }).executeWorkflow({
    workflowId: "w",
    userId: "u1",
  });

const IF = { id: "if", type: "if" };

describe("a node type that declares its outputs", () => {
  it("refuses an edge that leaves another one, before anything is written", async () => {
    const store = new MemoryCheckpointStore();
    await expect(run(workflow([IF, { id: "a" }], ["if", "a", "truth"]), "true", store)).rejects.toMatchObject({
      code: "UNKNOWN_EDGE_HANDLE",
      message: expect.stringContaining('type "if" declares "true", "false"'),
      details: { source: "if", target: "a", sourceHandle: "truth", outputs: ["true", "false"] },
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });

  it("has an error output only if failures are routed", async () => {
    const withPolicy = workflow([{ ...IF, onError: "route" }, { id: "a" }], ["if", "a", "error"]);
    expect(await run(withPolicy)).toMatchObject({ status: "completed", currentStep: 1 });
    const without = workflow([IF, { id: "a" }], ["if", "a", "error"]);
    await expect(run(without)).rejects.toMatchObject({ code: "UNKNOWN_EDGE_HANDLE" });
  });

  it("fails if it takes another one, in the new engine and in the old one", async () => {
    const definition = workflow([IF, { id: "a" }], ["if", "a", "true"]);
    const problem = 'returned route() to "maybe"; its type declares the outputs "true", "false".';
    expect(await run(definition, "maybe")).toMatchObject({
      status: "failed",
      failure: { code: "NODE_RESULT_INVALID", message: expect.stringContaining(problem) },
    });
    const v1 = createWorkflowExecutor({
      workflows: [definition],
      executors: { if: choosing("maybe"), default: others },
    });
    expect(await v1.executeWorkflowSync({ workflowId: "w", userId: "u1" })).toMatchObject({
      success: false,
      error: expect.stringContaining(problem),
    });
  });

  it("takes its first declared output if it is disabled, although another one has the first edge", async () => {
    const nodes = [{ id: "start" }, { ...IF, disabled: true }, { id: "no" }, { id: "yes" }];
    const definition = workflow(nodes, ["start", "if"], ["if", "no", "false"], ["if", "yes", "true"]);
    expect(await run(definition)).toMatchObject({ currentStep: 2, totalSteps: 2, output: { start: true, yes: true } });
  });

  it("keeps its outputs with the definition, for engines that declare others", async () => {
    const store = new MemoryCheckpointStore();
    const nodes = [{ id: "start" }, { ...IF, disabled: true }, { id: "no" }, { id: "yes" }];
    const definition = workflow(nodes, ["start", "if"], ["if", "no", "false"], ["if", "yes", "true"]);
    const engine = (executor: NodeExecutor | ReturnType<typeof choosing>) =>
      createWorkflowEngine({ store, workflows: [definition], executors: { if: executor, default: others } });
    await engine(choosing("true")).startExecution({ workflowId: "w", userId: "u1", executionId: "e1" });
    const result = await engine(others).resumeWorkflow({ executionId: "e1" });
    expect(result).toMatchObject({ status: "completed", definitionChanged: true, output: { yes: true } });
  });
});
