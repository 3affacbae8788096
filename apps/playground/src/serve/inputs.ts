import * as z from "zod/mini";
import { STORE_NAMES } from "../store/open-store.ts";

/*
 * What the page may send.
 */

const id = z.string().check(z.minLength(1), z.maxLength(512));

export const runInput = z.strictObject({ id });

export const fileInput = z.strictObject({ name: z.string().check(z.maxLength(300)), text: z.string() });

export const orderInput = z.strictObject({
  workflow: id,
  /** A JSON object. */
  input: z.string().check(z.maxLength(1_000_000)),
  store: z.strictObject({
    name: z.enum(STORE_NAMES as [string, ...string[]]),
    url: z.optional(z.string().check(z.maxLength(2_000))),
  }),
  disturbance: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({ kind: z.literal("fail"), nodeId: id }),
    z.strictObject({ kind: z.literal("kill"), nodeId: id, moment: z.enum(["before", "during", "after"]) }),
  ]),
  /** The wait before each node's code, in milliseconds. */
  paceMs: z.number().check(z.minimum(0), z.maximum(5_000)),
});
