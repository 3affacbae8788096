import { isWorkflowError } from "../errors.ts";
import { shownStatus } from "../state/incomplete-import.ts";
import { readHead } from "../state/open-execution.ts";
import { leaseHeld } from "../store/refusals.ts";
import type { Call } from "./call.ts";
import { ChangeWaiter } from "./change-waiter.ts";
import { onJoin } from "./decide-resume.ts";
import type { EngineParts } from "./engine-parts.ts";
import { limitsOf } from "./limits-of.ts";
import type { Resumer } from "./resumer.ts";
import type { ExecuteWorkflowOptions } from "./run-options.ts";
import type { RunResult } from "./run-starter.ts";

/** Returns the result of an execution that exists: the recorded one, or that of its run. */
export async function joinExecution(
  { parts, resumer }: { parts: EngineParts; resumer: Resumer },
  call: Call,
  options: ExecuteWorkflowOptions<object>,
): Promise<RunResult> {
  const { surroundings, interrupts } = call;
  const { workflowId, userId, executionId = "", ifExists, budgetMs } = options;
  const waiter = new ChangeWaiter(parts.changes, { executionId, interrupts, budgetMs });
  try {
    for (;;) {
      const head = await readHead(surroundings, executionId, userId);
      const what = onJoin({
        status: shownStatus(head),
        resumes: ifExists === "resume",
        leaseExpired: (head.leaseUntil ?? 0) <= head.readAt,
      });
      if (what === "recorded") return await resumer.recorded(call, head);
      if (what === "resume") {
        try {
          const settings = { workflowId, sparesFailed: ifExists !== "resume" };
          return await resumer.resume(call, { ...limitsOf(options), executionId, userId }, settings);
        } catch (error) {
          if (!isWorkflowError(error, "LEASE_HELD") && !isWorkflowError(error, "INVALID_STATUS")) throw error;
        }
      }
      if (await waiter.wait()) continue;
      if (head.status === "pending") return await resumer.recorded(call, head);
      throw leaseHeld(head, head.readAt);
    }
  } finally {
    waiter.end();
  }
}
