import { type NodeExecutor, patch, type ReactFlowEdge, type ReactFlowNode } from "@waymark/core";
import type { Recorder } from "@waymark/core/migration";
import type { DemoDatabase } from "./demo-database.ts";

/** The context of an order, as it passes from node to node. */
export interface OrderContext {
  orderId: string;
  items: { price: number; count: number }[];
  total?: number;
  discount?: number;
  charged?: boolean;
  [key: string]: unknown;
}

/** An executor of V1: it gets the context and returns it, and most change it in place. */
export type OldExecutor = (args: {
  data: Record<string, unknown>;
  nodeId: string;
  context: OrderContext;
}) => Promise<OrderContext> | OrderContext;

/** The canvas of the demo, as React Flow saves it. */
export const CANVAS: {
  nodes: (ReactFlowNode & { position: { x: number; y: number } })[];
  edges: ReactFlowEdge[];
} = {
  nodes: [
    { id: "start", type: "trigger", position: { x: 0, y: 0 }, data: {} },
    { id: "total", type: "total", position: { x: 200, y: 0 }, data: {} },
    { id: "discount", type: "discount", position: { x: 400, y: 0 }, data: { from: 100, percent: 10 } },
    { id: "charge", type: "charge", position: { x: 600, y: 0 }, data: {} },
    { id: "receipt", type: "receipt", position: { x: 800, y: 0 }, data: {} },
  ],
  edges: [
    { id: "e1", source: "start", target: "total" },
    { id: "e2", source: "total", target: "discount" },
    { id: "e3", source: "discount", target: "charge" },
    { id: "e4", source: "charge", target: "receipt" },
  ],
};

/** The node types without side effects, whose own executors may run in a comparison. */
export const LIVE = ["trigger", "total", "discount", "receipt"];

/** V1's registry. The recorder wraps what it hands out. */
export function createRegistry(
  database: DemoDatabase,
  { recorder, isDown }: { recorder: Recorder; isDown: (orderId: string) => boolean },
): (type: string) => OldExecutor {
  const registry: Readonly<Record<string, OldExecutor>> = {
    trigger: ({ context }) => context,
    total: ({ context }) => {
      context.total = context.items.reduce((sum, { price, count }) => sum + price * count, 0);
      return context;
    },
    discount: ({ context, data }) => {
      const { total = 0 } = context;
      context.discount = total >= Number(data.from) ? (total * Number(data.percent)) / 100 : 0;
      return context;
    },
    charge: async ({ context }) => {
      if (isDown(context.orderId)) throw new Error("503 from the payment service");
      await database.charge(context.orderId, (context.total ?? 0) - (context.discount ?? 0));
      context.charged = true;
      return context;
    },
    receipt: ({ context }) => ({ ...context, receipt: { number: crypto.randomUUID(), at: new Date().toISOString() } }),
  };
  return (type) => {
    const executor = registry[type];
    if (executor === undefined) throw new Error(`No executor for ${type}.`);
    return recorder.wrap(type, executor);
  };
}

/** The executor of `discount`, as somebody rewrote it for V2. With `hasBug`, an order of exactly 100 gets none. */
export function newDiscount(hasBug: boolean): NodeExecutor {
  return ({ context, data }) => {
    const total = Number(context.total);
    const from = Number(data.from);
    const isLarge = hasBug ? total > from : total >= from;
    return patch({ discount: isLarge ? (total * Number(data.percent)) / 100 : 0 });
  };
}

/** V2's executors: V1's, which need only the id of their node, and the one that was rewritten. */
export function newExecutors(getExecutor: (type: string) => OldExecutor, discount: NodeExecutor) {
  return (type: string): NodeExecutor => {
    if (type === "discount") return discount;
    return ({ context, data, node }) => getExecutor(type)({ context: context as OrderContext, data, nodeId: node.id });
  };
}
