import { defineNode, suspend } from "@waymark/core";
import * as z from "zod";

const schema = z.object({
  /** What is to be approved. */
  reason: z.string().min(1).max(200),
  /** Default: the node's id. */
  as: z.string().optional(),
});

/** Suspends the execution until somebody answers, and writes the answer to the context. */
export const approval = defineNode({
  type: "approval",
  data: schema,
  run: ({ context, data, node, resume }) =>
    resume === undefined ? suspend({ reason: data.reason }) : { ...context, [data.as ?? node.id]: resume.data },
});
