import type { FailureRecord } from "../store/checkpoint-store.ts";

/** What an engine tells its `onEvent`. */
export type ExecutionEvent = EventSource & EventBody;

interface EventSource {
  executionId: string;
  workflowId: string;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

type EventBody =
  | { type: "execution.started"; totalSteps: number }
  | { type: "execution.resumed"; currentStep: number; totalSteps: number }
  | { type: "execution.completed" }
  | { type: "execution.failed"; failure: FailureRecord }
  /** The budget was spent or the signal aborted. */
  | { type: "execution.stopped" }
  | { type: "execution.suspended"; nodeId: string; visit: number; wakeAt?: number }
  | { type: "execution.lost"; failure: FailureRecord }
  | { type: "node.started"; nodeId: string; visit: number; attempt: number; stepNumber: number }
  /** The node's checkpoint is committed (in async durability: queued). */
  | { type: "node.completed"; nodeId: string; visit: number; attempt: number; stepNumber: number; durationMs: number }
  | { type: "node.failed"; nodeId: string; visit: number; attempt: number; failure: FailureRecord; retryInMs?: number }
  | { type: "node.skipped"; nodeId: string }
  | { type: "log"; nodeId: string; visit: number; level: LogLevel; message: string; fields?: Record<string, unknown> };

/** How much a log line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** An event without where it comes from. */
export type EventDraft = EventBody;
