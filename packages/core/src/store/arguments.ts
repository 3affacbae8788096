import type {
  ClaimRequest,
  CommitRequest,
  DeleteUnusedDefinitionsOptions,
  ExecutionRecord,
  ExecutionRef,
  HeadUpdate,
  NewCheckpoint,
  NewExecution,
  ReadCheckpointsOptions,
} from "./checkpoint-store.ts";
import {
  checkCount,
  checkDuration,
  checkFailure,
  checkFlag,
  checkId,
  checkKind,
  checkName,
  checkNodeId,
  checkOrder,
  checkPayload,
  checkSpan,
  checkStatus,
  checkStatuses,
  checkTime,
  invalid,
  refusalFor,
} from "./checks.ts";
import {
  checkFields,
  type Fields,
  type FieldTable,
  fieldsOf,
  narrowing,
  needed,
  optional,
  removable,
} from "./fields.ts";
import { checkMetadata, checkWaiting } from "./head-values.ts";
import { isEnded } from "./status.ts";

/*
 * The checks of the arguments of a store's methods: types, ranges, sizes and names, also in nested objects. A wrong
 * argument of any kind is refused with one of the named codes before anything is written.
 */

const CHECKPOINT: FieldTable<NewCheckpoint> = {
  id: needed(checkId),
  kind: needed(checkKind),
  nodeId: needed(checkNodeId),
  nodeName: needed(checkName),
  visit: needed(checkCount),
  stepNumber: needed(checkCount),
  attempt: needed(checkCount),
  durationMs: needed(checkDuration),
  payload: needed(checkPayload),
  timestamp: needed(checkTime),
  error: optional(checkFailure),
};
const INITIAL = fieldsOf("checkpoint", "checkpoint.", CHECKPOINT);
/** The fields of each checkpoint of a commit, by its place. Most commits have one checkpoint. */
const COMMITTED: Fields[] = [fieldsOf("checkpoint", "checkpoints[0].", CHECKPOINT)];

/** The most checkpoints that one commit takes. */
export const MAX_CHECKPOINTS = 100;
/** Milliseconds for which a saved definition is not unused: a new execution may be about to refer to it. */
const MIN_UNUSED_MS = 600_000;

const NEW_EXECUTION = fieldsOf<NewExecution>("execution", "", {
  id: needed(checkId),
  workflowId: needed(checkId),
  userId: needed(checkId),
  status: needed(checkStatus),
  currentStep: needed(checkCount),
  totalSteps: needed(checkCount),
  owner: optional(checkId),
  leaseMs: optional(checkSpan),
  definitionHash: optional(checkId),
  parentId: optional(checkId),
  parentNodeId: optional(checkId),
  parentVisit: optional(checkCount),
  forkedFromId: optional(checkId),
  forkedFromSeq: optional(checkCount),
  metadata: optional(checkMetadata),
  wakeAt: optional(checkTime),
  wakeInMs: optional(checkSpan),
  deadlineMs: optional(checkSpan),
  failure: optional(checkFailure),
  createdAt: optional(checkTime),
  checkpoint: needed((value, _path, limit) => checkFields(value, INITIAL, limit)),
});

const CLAIM = fieldsOf<ClaimRequest>("request", "", {
  claimId: needed(checkId),
  owner: needed(checkId),
  leaseMs: needed(checkSpan),
  from: needed((value, path) => {
    checkStatuses(value, path);
    if ((value as unknown[]).length === 0) throw invalid(path, "must list at least one status");
  }),
  force: optional(checkFlag),
  cancel: optional(checkFailure),
});

const HEAD = fieldsOf<HeadUpdate>("head", "head.", {
  status: optional(checkStatus),
  currentStep: optional(checkCount),
  totalSteps: optional(checkCount),
  wakeAt: removable(checkTime),
  wakeInMs: optional(checkSpan),
  waiting: removable(checkWaiting),
  waitingCount: removable(checkCount),
  failure: removable(checkFailure),
  definitionHash: optional(checkId),
  endedAt: optional(checkTime),
});

const COMMIT = fieldsOf<CommitRequest>("request", "", {
  commitId: needed(checkId),
  token: needed(checkCount),
  version: needed(checkCount),
  checkpoints: optional(checkCheckpoints),
  head: optional((value) => {
    checkFields(value, HEAD);
    refuseTwoWakes(value as HeadUpdate, "head.");
    const { endedAt, status } = value as HeadUpdate;
    if (endedAt !== undefined && (status === undefined || !isEnded(status))) {
      throw invalid("head.endedAt", "may be given only with a head.status that ends the execution");
    }
  }),
  leaseMs: optional(checkSpan),
  dropBefore: optional(checkCount),
});

const UNUSED = fieldsOf<DeleteUnusedDefinitionsOptions>("options", "", {
  olderThanMs: needed((value, path) => {
    checkSpan(value, path);
    if ((value as number) < MIN_UNUSED_MS) throw invalid(path, `must be at least ${MIN_UNUSED_MS} (ten minutes)`);
  }),
});

const READ = fieldsOf<ReadCheckpointsOptions>("options", "", {
  from: optional(checkCount),
  to: optional(checkCount),
  limit: optional(checkCount),
  order: optional(checkOrder),
});

/** The fields of a reference. The other fields of a record are accepted too, because a listed record can be passed. */
const REF: Fields = (() => {
  const ref = fieldsOf<ExecutionRef>("refs", "", {
    id: needed(checkId),
    version: narrowing(checkCount),
    token: narrowing(checkCount),
  });
  const others: Record<Exclude<keyof ExecutionRecord, keyof ExecutionRef>, true> = {
    workflowId: true,
    userId: true,
    status: true,
    seq: true,
    snapshotSeq: true,
    firstSeq: true,
    checkpointsCount: true,
    currentStep: true,
    totalSteps: true,
    owner: true,
    leaseUntil: true,
    wakeAt: true,
    failure: true,
    waiting: true,
    waitingCount: true,
    recoveries: true,
    deadlineAt: true,
    definitionHash: true,
    parentId: true,
    parentNodeId: true,
    parentVisit: true,
    forkedFromId: true,
    forkedFromSeq: true,
    metadata: true,
    readAt: true,
    createdAt: true,
    updatedAt: true,
    endedAt: true,
    unreadable: true,
  };
  return { ...ref, names: new Set([...ref.names, ...Object.keys(others)]) };
})();

/**
 * Checks the argument of {@link CheckpointStore.createExecution}.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function checkNewExecution(execution: NewExecution, maxPayloadBytes: number): void {
  try {
    checkFields(execution, NEW_EXECUTION, maxPayloadBytes);
    const { status, owner, leaseMs, checkpoint } = execution;
    if (status === "running") {
      checkId(owner, "owner");
      checkSpan(leaseMs, "leaseMs");
    } else if (owner !== undefined || leaseMs !== undefined) {
      throw invalid("owner", `and leaseMs may be given only with status "running", not with "${status}"`);
    }
    refuseTwoWakes(execution, "");
    if (checkpoint.kind !== "snapshot") throw invalid("checkpoint.kind", 'must be "snapshot"');
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks the arguments of {@link CheckpointStore.claimExecution}. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClaim(id: string, request: ClaimRequest): void {
  try {
    checkId(id, "id");
    checkFields(request, CLAIM);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/**
 * Checks the arguments of {@link CheckpointStore.commit}.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function checkCommit(id: string, request: CommitRequest, maxPayloadBytes: number): void {
  try {
    checkId(id, "id");
    checkFields(request, COMMIT, maxPayloadBytes);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks the arguments of {@link CheckpointStore.readCheckpoints}. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkReadCheckpoints(id: string, options: ReadCheckpointsOptions): void {
  try {
    checkId(id, "id");
    checkFields(options, READ);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/**
 * Checks the argument of {@link CheckpointStore.deleteExecutions}.
 *
 * - A `version` or `token` that is explicitly `undefined` is refused: without it, more would be deleted.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkDeleteExecutions(refs: readonly ExecutionRef[]): void {
  try {
    if (!Array.isArray(refs)) throw invalid("refs", "must be an array");
    for (let at = 0; at < refs.length; at++) checkFields(refs[at], REF);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks the argument of {@link CheckpointStore.deleteUnusedDefinitions}. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkDeleteUnusedDefinitions(options: DeleteUnusedDefinitionsOptions): void {
  try {
    checkFields(options, UNUSED);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/**
 * Checks the arguments of {@link CheckpointStore.saveDefinition}.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function checkDefinition(hash: string, json: string, maxPayloadBytes: number): void {
  checkId(hash, "hash");
  checkPayload(json, "json", maxPayloadBytes);
}

function checkCheckpoints(value: unknown, path: string, limit: number): void {
  if (!Array.isArray(value)) throw invalid(path, "must be an array");
  if (value.length > MAX_CHECKPOINTS)
    throw invalid(path, `must have at most ${MAX_CHECKPOINTS} items, not ${value.length}`);
  for (let at = 0; at < value.length; at++) {
    COMMITTED[at] ??= fieldsOf("checkpoint", `checkpoints[${at}].`, CHECKPOINT);
    checkFields(value[at], COMMITTED[at] as Fields, limit);
  }
}

/** Refuses `wakeAt` together with `wakeInMs`: one of them would have no effect. */
function refuseTwoWakes({ wakeAt, wakeInMs }: Pick<HeadUpdate, "wakeAt" | "wakeInMs">, prefix: string): void {
  if (wakeAt !== undefined && wakeInMs !== undefined)
    throw invalid(`${prefix}wakeInMs`, "cannot be combined with wakeAt");
}
