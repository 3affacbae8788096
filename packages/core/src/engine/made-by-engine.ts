import type { NodeExecutorArgs } from "./node-executor.ts";

/** Returns true for an executor's arguments that the engine has made, and for a copy; false for those of the old executor. */
export function isMadeByEngine(args: unknown): boolean {
  if (typeof args !== "object" || args === null) return false;
  const token = Object.getOwnPropertyDescriptor(args, "waitToken" satisfies keyof NodeExecutorArgs);
  // The old executor passes an empty one.
  return token?.get !== undefined || (typeof token?.value === "string" && token.value !== "");
}
