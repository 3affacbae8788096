import type { FailureRecord } from "../store/checkpoint-store.ts";
import { type Codec, isTagged } from "./codec.ts";
import type { Checkpoint } from "./history.ts";
import { PlainJson, type ValueTypes } from "./plain-json.ts";

/** The content of the old `Execution.output` column: plain JSON. */
export interface ExecutionOutput {
  checkpoints: ExecutionOutputCheckpoint[];
  currentContext: Record<string, unknown>;
  currentStep: number;
  totalSteps: number;
  error?: string;
  /**
   * The values of the contexts whose type JSON does not have: a list of `[path, ...types]`. They stand there in
   * a plain form, such as a date's ISO string. Absent if there are none; `importExecutionOutput` reads it.
   */
  waymarkTypes?: ValueTypes;
}

/** One checkpoint of an {@link ExecutionOutput}. */
export interface ExecutionOutputCheckpoint {
  id: string;
  nodeId: string;
  nodeName: string;
  stepNumber: number;
  context: Record<string, unknown>;
  /** ISO 8601. */
  timestamp: string;
  error?: string;
}

/** Writes the old shape. */
export function toExecutionOutput(
  codec: Codec,
  state: {
    checkpoints: readonly Checkpoint<unknown>[];
    context: unknown;
    currentStep: number;
    totalSteps: number;
    failure: FailureRecord | undefined;
  },
): ExecutionOutput {
  const plain = new PlainJson();
  const contextAt = (context: unknown, path: (string | number)[]): Record<string, unknown> => {
    const text = codec.encode(context);
    const json: unknown = JSON.parse(text);
    return (isTagged(text) ? plain.from(json, path) : json) as Record<string, unknown>;
  };
  const error = errorOf(state.failure);
  const output: ExecutionOutput = {
    checkpoints: state.checkpoints.map(({ id, nodeId, nodeName, stepNumber, context, timestamp, error }, index) => ({
      id,
      nodeId,
      nodeName,
      stepNumber,
      context: contextAt(context, ["checkpoints", index, "context"]),
      timestamp,
      ...(error === undefined ? {} : { error: error.message }),
    })),
    currentContext: contextAt(state.context, ["currentContext"]),
    currentStep: state.currentStep,
    totalSteps: state.totalSteps,
    ...(error === undefined ? {} : { error }),
  };
  if (plain.types.length > 0) output.waymarkTypes = plain.types;
  return output;
}

/** The error of a run. That an execution was imported unfinished is none; what its row said is beside it. */
export function errorOf(failure: FailureRecord | undefined): string | undefined {
  if (failure?.code !== "IMPORTED") return failure?.message;
  return typeof failure.cause === "object" ? failure.cause.message : failure.cause;
}
