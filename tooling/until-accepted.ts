// For the tests of faults: who does not give up.
import { setTimeout as sleep } from "node:timers/promises";
import { isWorkflowError } from "@waymark/core";

/** Makes a call again, as an engine would, as long as the store is unavailable; notes the reasons why it is. */
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
