import * as z from "zod/mini";

/** Milliseconds, zero or more. @internal */
export const milliseconds: z.ZodMiniType<number> = z
  .number()
  .check(z.refine((value) => value >= 0, "must not be negative"));

/** Milliseconds, more than zero. @internal */
export const positiveMs: z.ZodMiniType<number> = z
  .number()
  .check(z.refine((value) => value > 0, "must be more than zero"));

/** A whole number, 1 or more. @internal */
export const count: z.ZodMiniType<number> = z
  .number()
  .check(z.refine((value) => Number.isSafeInteger(value) && value >= 1, "must be a whole number, 1 or more"));
