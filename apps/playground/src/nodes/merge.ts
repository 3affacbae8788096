import { defineNode, type WorkflowContext } from "@waymark/core";
import * as z from "zod";

const schema = z.object({
  /** Context keys that the branches wrote; those of branches not taken are absent and left out. */
  from: z.array(z.string()).min(1),
  /** "first": the first that is there; "combine": objects, later keys win; "append": one list of all. */
  mode: z.enum(["first", "combine", "append"]).default("first"),
  /** Default: the node's id. */
  as: z.string().optional(),
});

/** Brings the results of several branches together. */
export const merge = defineNode({
  type: "merge",
  data: schema,
  run: ({ context, data, node }) => {
    const found = data.from.filter((key) => Object.hasOwn(context, key)).map((key) => context[key]);
    return { ...context, [data.as ?? node.id]: join(found, data.mode) };
  },
});

function join(values: readonly unknown[], mode: z.output<typeof schema>["mode"]): unknown {
  if (mode === "first") return values[0] ?? null;
  if (mode === "append") return values.flat(1);
  const combined: WorkflowContext = {};
  for (const value of values) Object.assign(combined, value);
  return combined;
}
