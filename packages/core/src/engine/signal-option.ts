import { mustBe } from "../given.ts";
import type { Check } from "../option.ts";

/** An option that takes an AbortSignal, of whatever realm. */
export const signal: Check = (value) => {
  if (isSignal(value)) return undefined;
  const isController = isSignal((value as { signal?: unknown } | null | undefined)?.signal);
  return `${mustBe("an AbortSignal", value)}${isController ? ": pass its .signal" : ""}`;
};

function isSignal(value: unknown): boolean {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" && [addEventListener, removeEventListener].every((each) => typeof each === "function")
  );
}
