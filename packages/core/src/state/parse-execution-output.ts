import { WorkflowError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import type { ExecutionOutput, ExecutionOutputCheckpoint } from "./execution-output.ts";

/**
 * Reads the old shape, and checks it.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, STATE_TYPE_UNKNOWN
 */
export function parseExecutionOutput(codec: Codec, output: unknown): ExecutionOutput {
  const json = structuredClone(typeof output === "string" ? parseJson(output) : output);
  if (!isRecord(json)) throw invalid("it is not an object");
  const { checkpoints = [], currentContext, currentStep, totalSteps, error } = json;
  if (!Array.isArray(checkpoints)) throw invalid("checkpoints is not a list");
  if (!isCount(currentStep)) throw invalid("currentStep is not a whole number");
  if (!isCount(totalSteps)) throw invalid("totalSteps is not a whole number");
  return {
    checkpoints: checkpoints.map((each, index) => parseCheckpoint(codec, each, index)),
    currentContext: contextOf(codec, currentContext, "currentContext"),
    currentStep,
    totalSteps,
    ...(error === undefined || error === null ? {} : { error: errorText(error) }),
  };
}

function parseCheckpoint(codec: Codec, json: unknown, index: number): ExecutionOutputCheckpoint {
  const at = `checkpoints[${index}]`;
  if (!isRecord(json)) throw invalid(`${at} is not an object`);
  const { nodeId, nodeName, stepNumber, context, timestamp, error } = json;
  if (typeof nodeId !== "string" || nodeId === "") throw invalid(`${at}.nodeId is not an id`);
  if (!isCount(stepNumber)) throw invalid(`${at}.stepNumber is not a whole number`);
  if (Number.isNaN(Date.parse(String(timestamp)))) throw invalid(`${at}.timestamp is not a time`);
  return {
    nodeId,
    nodeName: typeof nodeName === "string" ? nodeName : "default",
    stepNumber,
    context: contextOf(codec, context, `${at}.context`),
    timestamp: String(timestamp),
    ...(error === undefined || error === null ? {} : { error: errorText(error) }),
  };
}

function contextOf(codec: Codec, json: unknown, at: string): Record<string, unknown> {
  if (!isRecord(json)) throw invalid(`${at} is not an object`);
  return codec.revive(json) as Record<string, unknown>;
}

function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  return isRecord(error) && typeof error.message === "string" ? error.message : JSON.stringify(error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The execution output cannot be imported: ${problem}.`);
}
