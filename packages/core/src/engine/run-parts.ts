import type { Clock } from "../clock.ts";
import type { RetryPolicy } from "../definition/schema.ts";
import type { ContextMode, ContextValues } from "../state/context-values.ts";
import type { Journal } from "../state/journal.ts";
import type { FailureRecord, WaitingNode } from "../store/checkpoint-store.ts";
import type { EventDraft } from "./events.ts";
import type { Interrupts } from "./interrupts.ts";
import type { PreparedWorkflow } from "./workflow-catalog.ts";

/** Everything one run works with. */
export interface RunParts {
  workflow: PreparedWorkflow;
  journal: Journal;
  values: ContextValues;
  contextMode: ContextMode;
  clock: Clock;
  interrupts: Interrupts;
  retry: RetryPolicy | undefined;
  nodeTimeoutMs: number | undefined;
  budgetMs: number | undefined;
  durability: "sync" | "async";
  emit: (event: EventDraft) => void;
}

/** How a run's loop ended. */
export type RunEnd =
  | { status: "completed" }
  | { status: "pending"; wakeAt?: number | undefined }
  | { status: "suspended"; wakeAt?: number | undefined; waiting?: readonly WaitingNode[] | undefined }
  | { status: "failed"; failure: FailureRecord; thrown: unknown }
  | { status: "lost"; failure: FailureRecord; thrown: unknown };
