import {
  createWorkflowEngine,
  type NodeExecutor,
  NonRetryableError,
  patch,
  route,
  suspend,
  type WorkflowDefinition,
} from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";

/** An order: it is priced, checked, approved by a person if it is large, charged and shipped. */
export const ORDER: WorkflowDefinition = {
  id: "order",
  name: "Order",
  nodes: [
    { id: "price", type: "price", name: "Price the order" },
    { id: "check", type: "check", name: "Check stock", retry: { maxAttempts: 2, backoffMs: 0 } },
    { id: "large", type: "large", name: "Large order?" },
    { id: "approve", type: "approve", name: "Approval" },
    { id: "charge", type: "charge", name: "Charge the card", data: { provider: "stripe", apiKey: "sk_live_1234" } },
    { id: "ship", type: "ship", name: "Ship" },
  ],
  edges: [
    { source: "price", target: "check" },
    { source: "check", target: "large" },
    { source: "large", target: "approve", sourceHandle: "yes" },
    { source: "large", target: "charge", sourceHandle: "no" },
    { source: "approve", target: "charge" },
    { source: "charge", target: "ship" },
  ],
};

const EXECUTORS: Record<string, NodeExecutor> = {
  price: ({ context }) => {
    const { items = [] } = context as { items?: { price: number; count: number }[] };
    return patch({
      total: items.reduce((sum, { price, count }) => sum + price * count, 0),
      cents: BigInt(Math.round(100 * items.reduce((sum, { price, count }) => sum + price * count, 0))),
      pricedAt: new Date("2026-11-01T08:30:00Z"),
      rates: new Map([
        ["EUR", 1],
        ["USD", 1.08],
      ]),
    });
  },
  check: ({ context, attempt }) => {
    if (context.stock === "flaky" && attempt === 1) throw new Error("warehouse answered 503");
    return patch({ stock: "reserved", warehouse: { id: "w7", row: -0 } });
  },
  large: ({ context }) => route(context, (context.total as number) > 1_000 ? "yes" : "no"),
  approve: ({ resume, context }) => {
    if (resume === undefined) {
      return suspend({
        reason: "approval of a large order",
        payload: { total: context.total, customer: context.customer },
      });
    }
    return patch({ approval: resume.data });
  },
  charge: ({ context }) => {
    if (typeof context.card !== "string" || !/^\d{16}$/.test(context.card)) {
      const cause = Object.assign(new TypeError(`"${String(context.card)}" is no card number`), {
        code: "CARD_FORMAT",
      });
      throw new NonRetryableError("The card was declined", { cause });
    }
    return patch({ payment: { id: "pay_1", card: `…${context.card.slice(-4)}` } });
  },
  ship: () => patch({ shipment: { carrier: "DHL", parcels: ["p1", "p2"] } }),
};

export const CARD = "4242424242424242";
const ITEMS = [{ name: "Lamp", price: 49.9, count: 2 }];

/** An engine with orders in every state. */
export async function newOrders({
  count = 0,
  workflows = [ORDER],
}: {
  count?: number;
  workflows?: WorkflowDefinition[];
} = {}) {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({
    store,
    workflows,
    executors: EXECUTORS,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const order = (executionId: string, initialData: Record<string, unknown>, userId = "ada") =>
    engine.executeWorkflow({ workflowId: "order", userId, executionId, initialData });
  for (let index = 0; index < count; index++) {
    await order(
      `order-old-${String(index).padStart(4, "0")}`,
      { items: ITEMS, card: CARD },
      index % 3 === 0 ? "ben" : "ada",
    );
  }
  await order("order-1001", { items: ITEMS, card: CARD, customer: "Grace" });
  await order("order-1002", { items: ITEMS, card: CARD, stock: "flaky", customer: "Linus" }, "ben");
  await order("order-1003", { items: ITEMS, card: "4242-declined", customer: "Edsger", password: "hunter2" });
  await order("order-1004", { items: [{ name: "Sofa", price: 2_400, count: 1 }], card: CARD, customer: "Barbara" });
  await engine.startExecution({
    workflowId: "order",
    userId: "ben",
    executionId: "order-1005",
    initialData: { items: ITEMS },
  });
  await order("order-1006", { items: [{ name: "Desk", price: 1_300, count: 1 }], card: CARD, customer: "Alan" });
  await engine.cancelExecution({ executionId: "order-1006", reason: "the customer has changed his mind" });
  return { store, engine, order };
}
