import type { Codec } from "./codec.ts";
import type { Checkpoint } from "./history.ts";

/** What the old `Execution.output` column holds: plain JSON. */
export interface ExecutionOutput {
  checkpoints: ExecutionOutputCheckpoint[];
  currentContext: Record<string, unknown>;
  currentStep: number;
  totalSteps: number;
  error?: string;
}

/** One checkpoint of an {@link ExecutionOutput}. */
export interface ExecutionOutputCheckpoint {
  nodeId: string;
  nodeName: string;
  stepNumber: number;
  context: Record<string, unknown>;
  /** ISO 8601. */
  timestamp: string;
  error?: string;
}

/** Writes the old shape; values that JSON does not have are written as the codec writes them. */
export function toExecutionOutput(
  codec: Codec,
  state: {
    checkpoints: readonly Checkpoint<unknown>[];
    context: unknown;
    currentStep: number;
    totalSteps: number;
    error: string | undefined;
  },
): ExecutionOutput {
  const plain = (context: unknown) => JSON.parse(codec.encode(context)) as Record<string, unknown>;
  return {
    checkpoints: state.checkpoints.map(({ nodeId, nodeName, stepNumber, context, timestamp, error }) => ({
      nodeId,
      nodeName,
      stepNumber,
      context: plain(context),
      timestamp,
      ...(error === undefined ? {} : { error: error.message }),
    })),
    currentContext: plain(state.context),
    currentStep: state.currentStep,
    totalSteps: state.totalSteps,
    ...(state.error === undefined ? {} : { error: state.error }),
  };
}
