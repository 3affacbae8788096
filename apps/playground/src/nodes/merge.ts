import { defineNode, type WorkflowContext } from "@waymark/core";
import * as z from "zod";

const schema = z.object({
  /** The context keys that the branches wrote. Keys of branches that were not taken are absent, and are ignored. */
  from: z.array(z.string()).min(1),
  /** "first": the first present value. "combine": one object, later keys win. "append": one list. */
  mode: z.enum(["first", "combine", "append"]).default("first"),
  /** Default: the node's id. */
  as: z.string().optional(),
});

/** Merges the results of several branches. */
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
