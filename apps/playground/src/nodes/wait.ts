import { setTimeout as sleep } from "node:timers/promises";
import { defineNode } from "@waymark/core";
import * as z from "zod";

const schema = z.object({ ms: z.number().min(0).max(86_400_000) });

/** Waits. It ends at once if the run is stopped. */
export const wait = defineNode({
  type: "wait",
  data: schema,
  run: async ({ context, data, signal }) => {
    signal?.throwIfAborted();
    try {
      await sleep(data.ms, undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
    return context;
  },
});
