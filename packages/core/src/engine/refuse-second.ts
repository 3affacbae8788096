import { WorkflowError } from "../errors.ts";

/**
 * Refuses a further object behind the one that a member takes: what is in it, such as a `userId`, would guard nothing.
 *
 * - What `Array.prototype.map` hands on behind an item is ignored.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function refuseSecond(member: string, call: unknown, more: readonly unknown[]): void {
  // Anything but an object is refused by the member itself.
  if (typeof call !== "object" || !more.some(isOptions)) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `${member}: takes one object, and was given a second one: write its options into the first.`,
  );
}

function isOptions(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
