import { defineNode, type WorkflowContext } from "@waymark/core";
import * as z from "zod";
import { evaluate } from "./expression.ts";

const schema = z
  .object({
    /** A JSONata expression, whose value is written to the key `as`. */
    expression: z.string().min(1).optional(),
    /** Default: the node's id. */
    as: z.string().optional(),
    /** Several expressions by context key. Each sees the context before this node. */
    set: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ expression, set }) => (expression === undefined) !== (set === undefined), {
    error: 'needs either "expression" or "set"',
  });

/** Computes new values from the context. */
export const transform = defineNode({
  type: "transform",
  data: schema,
  run: async ({ context, data, node, signal }) => {
    const wanted = data.set ?? { [data.as ?? node.id]: data.expression ?? "" };
    const changes: WorkflowContext = {};
    for (const [key, expression] of Object.entries(wanted)) {
      changes[key] = await evaluate(expression, context, { signal });
    }
    return { ...context, ...changes };
  },
});
