import {
  type CheckpointStore,
  createWorkflowEngine,
  defineNode,
  defineWorkflow,
  patch,
  route,
  suspend,
} from "@waymark/core";
import * as z from "zod";
import type { CallService } from "./services.ts";

const RETRY = { maxAttempts: 5, backoffMs: 500 };

/** The workflow of an order: a large one needs an approval, then the customer pays, then the parcel goes out. */
const orderWorkflow = defineWorkflow({
  id: "order",
  nodes: [
    { id: "approve", type: "approve", retry: RETRY, data: { aboveCents: 100_000 } },
    { id: "charge", type: "charge", retry: RETRY },
    { id: "ship", type: "ship", retry: RETRY },
  ],
  edges: [
    { source: "approve", target: "charge", sourceHandle: "approved" },
    { source: "charge", target: "ship" },
  ],
  input: z.object({ customer: z.string().min(1).max(200), totalCents: z.int().positive() }),
});

/** The state of an order, as its nodes hand it on. */
interface OrderContext {
  customer: string;
  totalCents: number;
  approved?: boolean;
  payment?: unknown;
  shipment?: unknown;
}

/**
 * Makes the engine that runs orders.
 *
 * - Every request of a node carries the node's `idempotencyKey`. A node that was cut off runs again, with the same key, so
 *   a service that knows the key does nothing twice.
 */
export function createOrders({ store, callService }: { store: CheckpointStore; callService: CallService }) {
  const approve = defineNode<{ aboveCents: number }, OrderContext>({
    type: "approve",
    data: z.object({ aboveCents: z.int() }),
    run: async ({ context, data, executionId, idempotencyKey, resume, signal, waitToken }) => {
      if (context.totalCents <= data.aboveCents) return route(patch({ approved: true }), "approved");
      if (resume === undefined) {
        // Whoever has the token can answer, so it goes only to those who may.
        const body = { orderId: executionId, totalCents: context.totalCents, answerTo: `/answers/${waitToken}` };
        await callService("/approvals", { body, idempotencyKey, signal });
        return suspend({ reason: "approval of a large order", forMs: 7 * 86_400_000 });
      }
      const approved = !resume.timedOut && (resume.data as { approved?: unknown } | null)?.approved === true;
      return route(patch({ approved }), approved ? "approved" : "rejected");
    },
  });

  return createWorkflowEngine<OrderContext>()({
    store,
    workflows: [orderWorkflow],
    executors: {
      approve,
      charge: async ({ context: { customer, totalCents }, idempotencyKey, signal }) => {
        const payment = await callService("/payments", { body: { customer, totalCents }, idempotencyKey, signal });
        return patch({ payment });
      },
      // The carrier's client takes no signal. If `drain` has to cut this node off, the request stays under way.
      ship: async ({ context: { customer }, idempotencyKey }) => {
        const shipment = await callService("/shipments", { body: { customer }, idempotencyKey });
        return patch({ shipment });
      },
    },
  });
}
