import { defineWorkflow, type NodeExecutor, patch, suspend } from "@waymark/core";

/** Collects figures from two sources, writes a report, and publishes it once an editor has approved it. */
export const report = defineWorkflow({
  id: "report",
  nodes: [
    { id: "start", type: "start" },
    { id: "sales", type: "figures", data: { source: "sales" } },
    { id: "visits", type: "figures", data: { source: "visits" } },
    { id: "write", type: "write" },
    { id: "approve", type: "approve" },
    { id: "publish", type: "publish" },
  ],
  edges: [
    { source: "start", target: "sales" },
    { source: "start", target: "visits" },
    { source: "sales", target: "write" },
    { source: "visits", target: "write" },
    { source: "write", target: "approve" },
    { source: "approve", target: "publish" },
  ],
});

/** What the nodes need from outside. */
export interface Services {
  readFigure(source: string): Promise<number>;
  publish(text: string, idempotencyKey: string): Promise<void>;
}

/** Makes the code of the nodes. */
export function reportExecutors(services: Services): Record<string, NodeExecutor> {
  return {
    start: ({ context }) => context,
    figures: async ({ data }) => {
      const source = String(data.source);
      return patch({ [source]: await services.readFigure(source) });
    },
    write: ({ context }) => ({ ...context, text: `${context.sales} sales from ${context.visits} visits` }),
    approve: ({ context, resume }) =>
      resume === undefined
        ? suspend({ reason: "approval by an editor", payload: { text: context.text } })
        : patch({ approvedBy: resume.data }),
    publish: async ({ context, idempotencyKey }) => {
      await services.publish(String(context.text), idempotencyKey);
      return { ...context, published: true };
    },
  };
}
