// A caller that does not give up, for the tests of faults.
import { setTimeout as sleep } from "node:timers/promises";
import { isWorkflowError } from "@waymark/core";

/** Repeats a call, as an engine does, as long as the store is unavailable. Records the reasons of the failures. */
export async function untilAccepted(call: () => Promise<unknown>, reasons = new Set<string>()): Promise<void> {
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (!isWorkflowError(error, "STORE_UNAVAILABLE")) throw error;
      reasons.add(String(error.details.reason));
      await sleep(20);
    }
  }
}
