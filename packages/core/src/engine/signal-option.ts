import * as z from "zod/mini";

/** An option that takes an AbortSignal, of whatever realm. */
export const signal: z.ZodMiniType<AbortSignal> = z.custom<AbortSignal>((value) => {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" && [addEventListener, removeEventListener].every((each) => typeof each === "function")
  );
}, "must be an AbortSignal");
