import { WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import type { ClaimedExecution } from "../state/open-execution.ts";
import { nextRun, type RecordParts } from "../state/progress.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { WorkflowStatus } from "../store/checkpoint-store.ts";
import { payloadTooLarge } from "../store/checks.ts";
import { quoted } from "../text.ts";
import { onResume } from "./decide.ts";
import { restorePlanner } from "./run.ts";
import type { ResumeWorkflowOptions } from "./run-options.ts";
import type { PreparedWorkflow } from "./workflow-catalog.ts";

/** The answer that a call brings, as the engine's own decoding of it. */
export type Answer = { data: unknown } | undefined;

/**
 * Reads a call's answer, once, before anything is claimed.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
 */
export function keepAnswer({ codec, store }: Surroundings, call: ResumeWorkflowOptions): Answer {
  if (!("data" in call)) return undefined;
  const { text, value } = codec.take(call.data, ["data"]);
  const { maxPayloadBytes } = store.capabilities;
  const bytes = Buffer.byteLength(text);
  if (bytes > maxPayloadBytes) throw payloadTooLarge("data", bytes, maxPayloadBytes);
  return { data: value };
}

/** What a resume would do with an execution as it is. @throws {WorkflowError} NOT_WAITING */
export function whatToDo(
  call: ResumeWorkflowOptions,
  { journal, status, workflow }: { journal: Journal; status: WorkflowStatus; workflow: PreparedWorkflow },
): "run" | "rest" {
  const index = restorePlanner(workflow, journal).next();
  const next = index === undefined ? undefined : workflow.steps[index]?.node.id;
  const { nodeId } = call;
  const what = onResume({
    status,
    next,
    answered: next === undefined || !journal.progress.answers.has(next) ? undefined : next,
    nodeId,
    hasData: "data" in call,
  });
  if (what !== "refuse") return what;
  const where = next === undefined ? "has no node left to run" : `continues at node ${quoted(next)}`;
  const problem =
    nodeId === undefined || nodeId === next
      ? `is ${status} and waits for no answer`
      : `${where}, not at ${quoted(nodeId)}`;
  throw new WorkflowError("NOT_WAITING", `Execution ${quoted(journal.executionId)} ${problem}.`, {
    executionId: journal.executionId,
    details: { status, ...(next === undefined ? {} : { next }), ...(nodeId === undefined ? {} : { nodeId }) },
  });
}

/**
 * Writes what must be on record before the first node of a resumed run starts: the answer it was resumed with, or that
 * an attempt was cut off by a crash; and the definition it continues with.
 *
 * - Returns `rest`, and writes nothing, if the execution was suspended since it was looked at.
 *
 * @throws {WorkflowError} NOT_WAITING if another call was faster, and the codes of a commit; nothing is written then
 */
export async function prepareResume(
  call: ResumeWorkflowOptions,
  { claimed, workflow, answer }: { claimed: ClaimedExecution; workflow: PreparedWorkflow; answer: Answer },
): Promise<"run" | "rest"> {
  const { journal, before } = claimed;
  if (whatToDo(call, { journal, status: before.status, workflow }) === "rest") return "rest";
  const planner = restorePlanner(workflow, journal);
  const next = planner.next();
  const nodeId = next === undefined ? undefined : workflow.steps[next]?.node.id;
  const totalSteps = workflow.steps.length - planner.skipped.length;
  const isOtherDefinition = workflow.hash !== journal.definitionHash;
  const parts: RecordParts = {
    ...(nodeId === undefined || before.status !== "running"
      ? {}
      : { attempts: [{ nodeId, attempt: journal.nextAttempt(nodeId) }] }),
    ...(nodeId === undefined || answer === undefined
      ? {}
      : { answers: [{ ...nextRun(journal.progress, nodeId), data: answer.data }] }),
    ...(isOtherDefinition ? { definition: workflow.hash } : {}),
  };
  if (totalSteps !== journal.totalSteps || Object.keys(parts).length > 0) {
    await journal.save({ totalSteps, definitionHash: workflow.hash }, parts);
  }
  return "run";
}
