import { checker } from "../checker.ts";
import { mustBe } from "../given.ts";
import { type Check, type OptionTable, optional, wholeNumber } from "../option.ts";
import { shownStatus } from "../state/incomplete-import.ts";
import { readHead } from "../state/open-execution.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { Call } from "./call.ts";
import { createFor } from "./create-for.ts";
import type { EngineParts } from "./engine-parts.ts";
import { makeDue } from "./keep-answer.ts";
import { creation } from "./run-call-options.ts";
import type { StartExecutionOptions, StartedExecution } from "./run-options.ts";

const store: Check = (value) =>
  typeof (value as Partial<CheckpointStore> | null)?.createExecution === "function"
    ? undefined
    : mustBe("a store, or what inTransaction returns", value);

const startOptions: OptionTable<StartExecutionOptions> = {
  ...creation,
  store: optional(store),
  priority: optional(wholeNumber(-1_000, 1_000)),
};

const checkStartOptions = checker("startExecution", startOptions) as (value: unknown) => StartExecutionOptions<object>;

/** Creates an execution that is due at once, and runs nothing. @throws {WorkflowError} INVALID_ARGUMENT */
export async function startExecution(
  parts: EngineParts,
  call: Call,
  given: StartExecutionOptions<object>,
): Promise<StartedExecution> {
  const options = checkStartOptions(given);
  const { emitter, hint } = parts;
  const { userId, priority, store } = options;
  // A view of a transaction that does not say which one: outside of it, the execution is not there yet.
  const isHinted = store === undefined || store.transaction !== undefined;
  const made = (executionId: string) =>
    isHinted ? hint?.(executionId, { tenant: userId, priority, transaction: store?.transaction }) : undefined;
  const { opened } = await createFor(parts, call, { options, isPending: true, store });
  if (opened !== undefined) {
    const { id: executionId, totalSteps } = opened.record;
    // Inside the caller's transaction, nobody sees it yet.
    if (store === undefined) emitter.of(opened.record)({ type: "execution.created", totalSteps });
    await made(executionId);
    return { executionId, created: true };
  }
  const { executionId = "" } = options;
  const head = await readHead(call.surroundings, executionId, userId);
  if (options.ifExists === "resume" && shownStatus(head) === "failed") {
    await makeDue(call.surroundings, head);
    await made(executionId);
  }
  return { executionId, created: false };
}
