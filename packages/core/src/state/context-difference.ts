import { abandonPromises } from "../abandoned-promises.ts";
import type { Codec } from "./codec.ts";
import { type Difference, difference, patchDifference } from "./delta.ts";
import type { ContextChange } from "./journal-entries.ts";

/** Returns what a change changes in a context. @throws {WorkflowError} STATE_NOT_SERIALIZABLE */
export function contextDifference(
  codec: Codec,
  before: Record<string, unknown>,
  { context, changes }: ContextChange,
): Difference | undefined {
  try {
    if (context !== undefined) return difference(codec, before, context);
    return changes === undefined ? undefined : patchDifference(codec, before, changes);
  } catch (error) {
    abandonPromises(context ?? changes);
    throw error;
  }
}
