import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  append as adding,
  createWorkflowEngine,
  forEachItem,
  type NodeExecutor,
  patch,
  route,
} from "../../src/index.ts";

const workflow = {
  id: "w",
  nodes: [{ id: "each", type: "each" }, { id: "handle" }, { id: "end", type: "end" }],
  edges: [
    { source: "start", target: "each" },
    { source: "each", target: "handle", sourceHandle: "item" },
    { source: "handle", target: "each" },
    { source: "each", target: "end", sourceHandle: "done" },
  ],
};
workflow.nodes.unshift({ id: "start", type: "end" });

async function run(initialData: object, batchSize?: number, handle?: NodeExecutor) {
  const seen: unknown[] = [];
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [workflow],
    executors: {
      each: forEachItem({ items: "orders", as: "order", ...(batchSize === undefined ? {} : { batchSize }) }),
      default:
        handle ??
        (({ context }) => {
          seen.push(context.order);
          return patch({ handled: adding(context.order) });
        }),
      end: ({ context }) => context,
    },
  });
  const result = await engine.executeWorkflow({ workflowId: "w", userId: "u1", initialData });
  return { result, seen };
}

describe("forEachItem", () => {
  it("gives each round the next item, and leaves nothing of its own behind", async () => {
    const { result, seen } = await run({ orders: [1, 2, 3] });
    expect(seen).toEqual([1, 2, 3]);
    expect(result).toMatchObject({ status: "completed", currentStep: 9, totalSteps: 9 });
    expect(result.output).toEqual({ orders: [1, 2, 3], handled: [1, 2, 3] });
  });

  it("gives each round a batch if it has a size", async () => {
    expect((await run({ orders: [1, 2, 3] }, 2)).seen).toEqual([[1, 2], [3]]);
  });

  it("runs no round for an empty list", async () => {
    const { result, seen } = await run({ orders: [] });
    expect(seen).toEqual([]);
    expect(result).toMatchObject({ status: "completed", currentStep: 3, output: { orders: [] } });
  });

  it.each([
    ["nothing", {}],
    ["a string", { orders: "many" }],
  ])("fails if the key holds %s", async (what, initialData) => {
    const { result } = await run(initialData);
    expect(result).toMatchObject({ status: "failed", error: expect.stringContaining(`"orders" holds ${what}`) });
  });

  it("handles items that a round adds", async () => {
    const { result } = await run({ orders: [1] }, undefined, ({ context }) => {
      const orders = context.orders as number[];
      return { ...context, orders: orders.length < 3 ? [...orders, orders.length + 1] : orders };
    });
    expect(result.output).toEqual({ orders: [1, 2, 3] });
    expect(result.currentStep).toBe(9);
  });

  it.each(["constructor", "__proto__", "toString"])("loops at a node with the id %s", async (id) => {
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [JSON.parse(JSON.stringify(workflow).replaceAll('"each"', JSON.stringify(id)))],
      executors: (type) => {
        if (type === id) return forEachItem({ items: "orders", as: "order" });
        return type === "end" ? () => patch({}) : ({ context }) => patch({ handled: adding(context.order) });
      },
    });
    const initialData = { orders: [1, 2] };
    const result = await engine.executeWorkflow({ workflowId: "w", userId: "u1", initialData });
    expect(result).toMatchObject({ status: "completed", output: { orders: [1, 2], handled: [1, 2] } });
  });

  it.each([["x"], [-1], [1.5], [null]])(
    "begins with the first item if a context comes with the position %j",
    async (position) => {
      const { seen } = await run({ orders: [1, 2], forEachItem: { each: position } });
      expect(seen).toEqual([1, 2]);
    },
  );

  it.each([
    [{ items: "orders", as: "orders" }, /: as: .*"orders": it is the key of the list/],
    [{ items: "orders", as: "forEachItem" }, /: as: .*"forEachItem": the positions/],
    [{ items: "forEachItem", as: "order" }, /: items: .*"forEachItem": the positions/],
  ])("refuses %j: the list, the item and the positions have keys of their own", (options, message) => {
    expect(() => forEachItem(options)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => forEachItem(options)).toThrow(message);
  });

  it("refuses options that it does not know", () => {
    expect(() => forEachItem({ items: "a", as: "b", batchSizes: 3 } as never)).toThrow("batchSize");
    expect(() => forEachItem({ items: "a", as: "b", batchSize: 0 })).toThrow("batchSize");
  });

  it.each([
    [1, undefined],
    [4, undefined],
    [1, "continue"],
  ] as const)(
    "begins with the first item again after it was left early (concurrency %i, onError %s)",
    async (nodeConcurrency, onError) => {
      // Each group leaves its loop over the orders at the second one.
      const nested = {
        id: "nested",
        nodes: [
          { id: "start" },
          { id: "groups", type: "groups" },
          { id: "each", type: "each" },
          { id: "handle", type: "handle", ...(onError && { onError }) },
          { id: "left" },
        ],
        edges: [
          { source: "start", target: "groups" },
          { source: "groups", target: "each", sourceHandle: "item" },
          { source: "each", target: "handle", sourceHandle: "item" },
          { source: "handle", target: "left", sourceHandle: "left" },
          { source: "handle", target: "each", sourceHandle: "next" },
          { source: "left", target: "groups" },
        ],
      };
      const seen: unknown[] = [];
      const engine = createWorkflowEngine({
        store: new MemoryCheckpointStore(),
        workflows: [nested],
        nodeConcurrency,
        executors: {
          groups: forEachItem({ items: "list", as: "group" }),
          each: forEachItem({ items: "orders", as: "order" }),
          handle: ({ context }) => {
            seen.push([context.group, context.order]);
            if (context.order !== 2) return route(context, "next");
            if (onError !== undefined) throw new Error("it is left by a failure");
            return route(context, "left");
          },
          default: ({ context }) => context,
        },
      });
      const initialData = { list: ["a", "b"], orders: [1, 2, 3] };
      const result = await engine.executeWorkflow({ workflowId: "nested", userId: "u1", initialData });
      expect(seen).toEqual([
        ["a", 1],
        ["a", 2],
        ["b", 1],
        ["b", 2],
      ]);
      expect(result.status).toBe("completed");
      expect(result.output).not.toHaveProperty("forEachItem");
    },
  );
});
