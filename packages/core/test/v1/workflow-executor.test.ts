import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, defineNode, type NodeExecutor, patch, subWorkflow, suspend } from "../../src/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { append, chain } from "../engine/chain.ts";

const CALL = { workflowId: "chain", userId: "u1" };

describe("the old executor", () => {
  it("passes one mutable context from node to node", async () => {
    const contexts = new Set<object>();
    const mutate: NodeExecutor = ({ context, node }) => {
      contexts.add(context);
      return Object.assign(context, { [node.id]: true });
    };
    const initialData = {};
    const { executeWorkflowSync } = createWorkflowExecutor({ workflows: [chain(3)], executors: { default: mutate } });
    const result = await executeWorkflowSync({ ...CALL, initialData });
    expect(result).toEqual({ success: true, output: { n1: true, n2: true, n3: true } });
    expect(contexts).toEqual(new Set([initialData]));
  });

  it("starts from the first node when it is called again after a failure", async () => {
    const ran: string[] = [];
    let fail = true;
    const { executeWorkflowSync } = createWorkflowExecutor({
      workflows: [chain(3)],
      executors: {
        default: (args) => {
          ran.push(args.node.id);
          if (args.node.id === "n3" && fail) throw new Error("boom");
          return append(args);
        },
      },
    });
    expect(await executeWorkflowSync(CALL)).toEqual({ success: false, error: "boom" });
    fail = false;
    expect(await executeWorkflowSync(CALL)).toMatchObject({ success: true });
    expect(ran).toEqual(["n1", "n2", "n3", "n1", "n2", "n3"]);
  });

  it("accepts patches, validates node data, and cannot suspend", async () => {
    const add = defineNode({
      type: "add",
      data: z.object({ by: z._default(z.number(), 5) }),
      run: ({ data, context }) => patch({ n: Number(context.n ?? 0) + data.by }),
    });
    const definition = {
      id: "chain",
      nodes: [
        { id: "a", type: "add" },
        { id: "b", type: "add" },
      ],
      edges: [],
    };
    const old = createWorkflowExecutor({ workflows: [definition], executors: { add } });
    expect(await old.executeWorkflowSync(CALL)).toEqual({ success: true, output: { n: 10 } });
    const waiting = createWorkflowExecutor({ workflows: [chain(1)], executors: { default: () => suspend() } });
    expect(await waiting.executeWorkflowSync(CALL)).toMatchObject({ success: false });
  });

  it("refuses an unknown workflow and an unknown node type", async () => {
    const old = createWorkflowExecutor({ workflows: [chain(1)], executors: {} });
    await expect(old.executeWorkflowSync(CALL)).rejects.toMatchObject({ code: "UNKNOWN_NODE_TYPE" });
    await expect(old.executeWorkflowSync({ ...CALL, workflowId: "x" })).rejects.toMatchObject({
      code: "WORKFLOW_NOT_FOUND",
    });
  });
});

describe("executeWorkflowSync", () => {
  it("returns the same result as the old executor for nodes that change and return their context", async () => {
    const mutate: NodeExecutor = ({ context, node }) => {
      const bag = context as { list: string[]; deep: { ids: Map<string, { seen: boolean }> } };
      bag.list.push(node.id);
      for (const entry of bag.deep.ids.values()) entry.seen = true;
      bag.deep.ids.set(node.id, { seen: false });
      if (node.id === "n3" && bag.list.length > 5) throw new Error("too long");
      return context;
    };
    const options = { workflows: [chain(4)], executors: { default: mutate } };
    const old = createWorkflowExecutor(options);
    const engine = createWorkflowEngine({ ...options, store: new MemoryCheckpointStore() });
    for (const list of [[], ["a", "b", "c", "d"]]) {
      const initialData = () => ({ list: [...list], deep: { ids: new Map([["x", { seen: false }]]) } });
      const expected = await old.executeWorkflowSync({ ...CALL, initialData: initialData() });
      expect(await engine.executeWorkflowSync({ ...CALL, initialData: initialData() })).toEqual({
        ...expected,
        executionId: expect.any(String),
      });
    }
  });

  it.each([
    [
      "a loop",
      {
        nodes: [{ id: "s" }, { id: "a" }, { id: "b" }],
        edges: [
          ["s", "a"],
          ["a", "b"],
          ["b", "a"],
        ],
      },
      /a loop/,
    ],
    ["a disabled node", { nodes: [{ id: "a", disabled: true }], edges: [] }, /a disabled node, "a"/],
    ["an error policy", { nodes: [{ id: "a", onError: "continue" }], edges: [] }, /an error policy, "a"/],
    [
      "a sub-workflow",
      { nodes: [{ id: "a" }, { id: "b", type: "child" }], edges: [["a", "b"]] },
      /a node that runs other workflows, "b"/,
    ],
  ] as const)("refuses %s before a node runs", async (_title, { nodes, edges }, message) => {
    const ran: string[] = [];
    const workflow = { id: "chain", nodes: [...nodes], edges: edges.map(([source, target]) => ({ source, target })) };
    const { executeWorkflowSync } = createWorkflowExecutor({
      workflows: [workflow],
      executors: {
        child: subWorkflow({ workflowId: "other" }),
        default: (args) => {
          ran.push(args.node.id);
          return args.context;
        },
      },
    });
    const refused = executeWorkflowSync(CALL);
    await expect(refused).rejects.toMatchObject({ code: "V1_UNSUPPORTED", message: expect.stringMatching(message) });
    expect(ran).toEqual([]);
  });

  it("refuses a call that is no object, and passes over a workflow that is none", async () => {
    const workflows = [null as never, { id: "w", nodes: [{ id: "a" }], edges: [] }];
    const { executeWorkflowSync } = createWorkflowExecutor({
      workflows,
      executors: { default: () => ({ ran: true }) },
    });
    for (const call of [undefined, null, "w"]) {
      await expect(executeWorkflowSync(call as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(await executeWorkflowSync({ workflowId: "w", userId: "u" })).toMatchObject({ output: { ran: true } });
  });
});
