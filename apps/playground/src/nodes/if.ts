import { defineNode, route } from "@waymark/core";
import * as z from "zod";
import { evaluate } from "./expression.ts";

const schema = z.object({
  /** A JSONata expression. `false`, `null`, 0, "" and no value count as false, as in JSONata's `$boolean`. */
  condition: z.string().min(1),
});

/** Takes the edges of handle "true" or "false". */
export const ifNode = defineNode({
  type: "if",
  data: schema,
  run: async ({ context, data, signal }) => {
    const holds = await evaluate(`$boolean((${data.condition}))`, context, { signal });
    return route(context, holds === true ? "true" : "false");
  },
});
