import type { WorkflowDefinition } from "../definition/schema.ts";
import type { WaitingFor } from "../state/waiting.ts";
import type { CheckpointKind, FailureRecord } from "../store/checkpoint-store.ts";
import type { ExecutionSummary } from "./execution-queries.ts";
import type { OfUser } from "./run-options.ts";

/**
 * The options of `inspectExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/inspector.md
 */
export interface InspectExecutionOptions extends OfUser {
  executionId: string;
}

/**
 * A part of an execution's records.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/inspector.md
 */
export interface RecordsQuery {
  /** The most records: 1 to 1,000. */
  limit: number;
  /** Only records with a lower number than this. Default: the newest. */
  before?: number;
}

/** A record of an execution's history, without its context. */
export interface InspectedRecord {
  id: string;
  /** 0 is the initial state; each later record has the next number. */
  seq: number;
  kind: CheckpointKind;
  nodeId: string;
  nodeName: string;
  visit: number;
  stepNumber: number;
  attempt: number;
  durationMs: number;
  /** The end of the attempt, in ISO 8601. */
  timestamp: string;
  error?: FailureRecord;
  /** The outputs that the node took; `null`: none of its edges. */
  handles?: readonly string[] | null;
  /** The time of the next attempt, in ISO 8601. */
  retryAt?: string;
  /** The attempts that began here after a crash had cut off others. */
  begun?: readonly { nodeId: string; attempt: number }[];
  /** The waits that began here. */
  waits?: readonly Omit<WaitingFor, "waitToken" | "payload">[];
  /** The waits that were answered here, or whose time was over. */
  answers?: readonly { nodeId: string; visit: number; timedOut: boolean }[];
  /** True if the execution has another definition from here on. */
  definitionChanged?: true;
}

/** A page of records, newest first. */
export interface RecordsPage {
  items: InspectedRecord[];
  /** `before` of the next page. Absent on the last one. */
  nextBefore?: number;
}

/**
 * The change that a record made to the context.
 *
 * - Texts are the codec's: JSON in which other values are `{"$type": name, "value": …}`.
 */
export interface InspectedChange {
  record: InspectedRecord;
  /** The context before the record. Absent if no record is kept before it. */
  before?: string;
  after: string;
  /** The operations of the delta, each one as JSON text: `["set", path, value]`, `["delete", path]` and so on. */
  operations: string[];
}

/** The definitions of an execution. */
export interface InspectedDefinition {
  /** The one that the execution runs by. Absent if it is gone, or cannot be read. */
  original?: WorkflowDefinition;
  /** The one that the engine has now. Absent if it has none, or cannot run it. */
  current?: WorkflowDefinition;
  /** True if the engine has another definition than the execution. */
  isChanged: boolean;
}

/** A wait, with its payload as the codec's text. */
export interface InspectedWait extends Omit<WaitingFor, "payload"> {
  payload?: string;
}

/** The progress of an execution through its graph. */
export interface InspectedProgress {
  execution: ExecutionSummary;
  /** The nodes that have run, in that order, with the outputs that they took. */
  ran: { nodeId: string; handles?: readonly string[] | null }[];
  /** The nodes that certainly do not run. */
  skipped: string[];
  /** The nodes that run now or next. */
  next: string[];
  waiting: InspectedWait[];
}

/** An execution that is looked into, made by `inspectExecution`. Every call reads the store anew. */
export interface ExecutionInspection {
  /** The execution as it was when `inspectExecution` was called. */
  readonly execution: ExecutionSummary;
  /** @throws {WorkflowError} STORE_UNAVAILABLE */
  definition(): Promise<InspectedDefinition>;
  /**
   * Reads the records, newest first, without their contexts.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_CORRUPT, STORE_UNAVAILABLE
   */
  records(query: RecordsQuery): Promise<RecordsPage>;
  /**
   * Reads the change that a record made.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT if there is no such record, EXECUTION_NOT_FOUND, STATE_CORRUPT,
   *   STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   */
  change(seq: number): Promise<InspectedChange>;
  /**
   * @throws {WorkflowError} EXECUTION_NOT_FOUND, STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN,
   *   STORE_UNAVAILABLE
   */
  progress(): Promise<InspectedProgress>;
  /**
   * Reads a text of the codec, for the context of a fork or for an answer.
   *
   * @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN
   */
  decode(text: string): unknown;
}
