import { isDeepStrictEqual } from "node:util";
import { defineNode, NonRetryableError, route } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import * as z from "zod";
import { evaluate } from "./expression.ts";

const schema = z.object({
  /** A JSONata expression, compared with each case's `equals`. */
  value: z.string().min(1),
  cases: z.array(z.object({ handle: z.string().min(1), equals: z.unknown() })).min(1),
  /** The handle if no case fits. Without it the node fails, so that no case is lost silently. */
  fallback: z.string().min(1).optional(),
});

/** Takes the edges of the first case that fits. */
export const switchNode = defineNode({
  type: "switch",
  data: schema,
  run: async ({ context, data, signal }) => {
    const value = await evaluate(data.value, context, { signal });
    const handle = data.cases.find((one) => isDeepStrictEqual(one.equals, value))?.handle ?? data.fallback;
    if (handle === undefined) {
      throw new NonRetryableError(`No case fits the value of ${quoted(data.value)}, and there is no fallback.`);
    }
    return route(context, handle);
  },
});
