import * as z from "zod/mini";
import { messageOf } from "../errors.ts";
import { checkId } from "../store/checks.ts";

/** An id, as stores take it. */
export const id = z
  .custom<unknown>((value) => typeof value === "string", "must be a string")
  .check(({ value, issues }) => {
    try {
      checkId(value, "");
    } catch (error) {
      issues.push({ code: "custom", input: value, message: messageOf(error).trim().replace(/\.$/, "") });
    }
  });

/** An option that narrows or guards a call. It must not vanish: `undefined`, `null` and "" would mean everything. */
export const filter = (schema: z.ZodMiniType): z.ZodMiniType =>
  z.exactOptional(
    schema.check(z.refine((value) => value !== undefined && value !== null && value !== "", "must not be empty")),
  );
