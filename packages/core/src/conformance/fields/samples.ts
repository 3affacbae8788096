import type {
  ClaimRequest,
  FailureRecord,
  HeadUpdate,
  NewCheckpoint,
  NewExecution,
  WaitingNode,
} from "../../store/checkpoint-store.ts";

/** The latest time that a `Date` can hold. */
export const LAST_TIME = 8.64e15;
/** Ten years in milliseconds: more than 32 bits can hold. */
const TEN_YEARS_MS = 315_360_000_000;

/** A failure with a value in every field, and with characters that a template or a query might change. */
const FULL_FAILURE: Required<FailureRecord> = {
  code: "NODE_FAILED",
  message: "boom 'quoted' \n \u2028 😀; --",
  nodeId: "__proto__",
  nodeName: "",
  attempts: 0,
  name: "TypeError",
  errorCode: "ECONNREFUSED",
  status: 503,
  stack: "Error: boom\n    at x (y:1:2)",
  cause: { message: "why", name: "Error", code: 23505, status: "UNAVAILABLE", cause: { message: "", stack: "at z" } },
  errors: [{ message: "one", errors: [{ message: "deep" }] }, { message: "two" }],
};
/** A failure in the form used before causes were kept whole. */
const OLD_FAILURE: FailureRecord = { code: "NODE_FAILED", message: "boom", cause: "Error: why" };
/** A failure with text that no database keeps unchanged. Nodes can throw such text. */
const THROWN: FailureRecord = { code: "NODE_FAILED", message: "a\u0000b \ud800 c", stack: "\udfff" };
const FAILURES = [FULL_FAILURE, OLD_FAILURE, THROWN] as const;

/** Two waiting nodes: one with all fields, and one with the required fields only. */
const WAITING: readonly WaitingNode[] = [
  {
    nodeId: "__proto__",
    nodeName: "Überprüfung 'x'",
    visit: 2,
    reason: "a\u0000b \ud800 😀",
    since: 1_700_000_000_123,
    until: LAST_TIME,
  },
  { nodeId: "node-2", nodeName: "", visit: 1, since: 0 },
];
const METADATA: Samples<NewExecution["metadata"]> = [
  { trace: "00-4bf9-01", "a.b": "$1 'x'; --", ünï: "\u0000 \ud800 😀" },
  JSON.parse('{"__proto__":"x","":""}'),
  {},
];

/** The values of one field. A store must keep each of them. */
export type Samples<Value> = readonly [Exclude<Value, undefined>, ...Exclude<Value, undefined>[]];
type SamplesOf<T, Left extends keyof T = never> = {
  readonly [K in Exclude<keyof T, Left>]-?: Samples<T[K]>;
};

/** Samples for all fields of {@link NewExecution}. The id has cases of its own. */
export const CREATED: SamplesOf<NewExecution, "id" | "checkpoint"> = {
  workflowId: ["billing", "a.b"],
  userId: ["bob", "__proto__"],
  status: ["suspended", "completed", "failed", "cancelled", "pending", "running"],
  currentStep: [2, 0, 5_000_000_000],
  totalSteps: [7, 0, 5_000_000_000],
  owner: ["worker-é", "owner 2"],
  leaseMs: [TEN_YEARS_MS, 0, 1],
  definitionHash: ["sha256-abc", "$1"],
  parentId: ["parent-1", "{a}b"],
  parentNodeId: ["node.1", "__proto__"],
  parentVisit: [3, 1, 5_000_000_000],
  forkedFromId: ["origin-1", "$1"],
  forkedFromSeq: [7, 0, 5_000_000_000],
  metadata: METADATA,
  wakeAt: [1_800_000_000_123, 0, LAST_TIME],
  wakeInMs: [TEN_YEARS_MS, 0, 1],
  deadlineMs: [TEN_YEARS_MS, 0, 1],
  failure: FAILURES,
  createdAt: [1_600_000_000_123, 0],
};

/** Samples for all fields of {@link ClaimRequest} that a head keeps. */
export const CLAIMED: SamplesOf<ClaimRequest, "claimId" | "from" | "force" | "cancel"> = {
  owner: ["worker-é", "owner 2"],
  leaseMs: [TEN_YEARS_MS, 0, 1],
};

/**
 * Samples for all fields of {@link HeadUpdate}, except `endedAt`: it needs a status that ends, and has its own case.
 */
export const UPDATED: SamplesOf<HeadUpdate, "endedAt"> = {
  status: ["suspended", "completed", "failed", "cancelled", "pending", "running"],
  currentStep: [2, 0, 5_000_000_000],
  totalSteps: [7, 0, 5_000_000_000],
  wakeAt: [1_800_000_000_123, 0, LAST_TIME, null],
  wakeInMs: [TEN_YEARS_MS, 0, 1],
  waiting: [WAITING, [], null],
  waitingCount: [101, 0, null],
  failure: [...FAILURES, null],
  definitionHash: ["sha256-def", "$1"],
};

/** Samples for all fields of {@link NewCheckpoint}. */
export const RECORDED: SamplesOf<NewCheckpoint> = {
  id: ["checkpoint-é", "__proto__"],
  kind: ["error", "save", "snapshot", "delta"],
  nodeId: ["a.b", "", "__proto__"],
  nodeName: ["Überprüfung", "", "x".repeat(4_096)],
  visit: [2, 1, 5_000_000_000],
  stepNumber: [70_000, 0, 5_000_000_000],
  attempt: [40_000, 0],
  durationMs: [5_000_000_000.125, 0, 0.5],
  payload: ['{"v":1,"set":{"total":4}}', ""],
  timestamp: [253_402_300_799_999, 0, LAST_TIME],
  error: FAILURES,
};
