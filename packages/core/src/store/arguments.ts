import { WorkflowError } from "../errors.ts";
import type {
  CheckpointKind,
  ClaimRequest,
  CommitRequest,
  ExecutionRef,
  FailureRecord,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  ReadCheckpointsOptions,
  WorkflowStatus,
} from "./checkpoint-store.ts";

/** The longest id a store takes, in bytes of UTF-8. */
export const MAX_ID_BYTES = 512;
/** Rows in a page of a listing where the caller names no number. */
export const DEFAULT_PAGE_SIZE = 100;
/** The most rows a page of a listing can have. */
export const MAX_PAGE_SIZE = 1_000;

const STATUSES: ReadonlySet<string> = new Set<WorkflowStatus>([
  "pending",
  "running",
  "suspended",
  "completed",
  "failed",
  "cancelled",
]);
const KINDS: ReadonlySet<string> = new Set<CheckpointKind>(["snapshot", "delta", "error", "save"]);
const ENDED: ReadonlySet<string> = new Set<WorkflowStatus>(["completed", "failed", "cancelled"]);

/** Tells whether a value is one of the statuses. */
export function isWorkflowStatus(value: unknown): value is WorkflowStatus {
  return typeof value === "string" && STATUSES.has(value);
}

/** Tells whether a value is one of the kinds of records. */
export function isCheckpointKind(value: unknown): value is CheckpointKind {
  return typeof value === "string" && KINDS.has(value);
}

/** Tells whether a status is one that an execution ends with. */
export function isEnded(status: WorkflowStatus): boolean {
  return ENDED.has(status);
}

/**
 * Checks an id: 1 to 512 bytes of well-formed Unicode without U+0000.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkId(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw invalid(name, `must be a string, not ${describe(value)}`);
  if (value === "") throw invalid(name, "must not be empty");
  if (!isStorableText(value)) throw invalid(name, "must be well-formed Unicode without U+0000");
  // A UTF-16 code unit is at most three bytes of UTF-8, so most texts need no counting.
  if (value.length * 3 > MAX_ID_BYTES && utf8Bytes(value) > MAX_ID_BYTES) {
    throw invalid(name, `must be at most ${MAX_ID_BYTES} bytes of UTF-8`);
  }
}

/** Checks what {@link CheckpointStore.createExecution} is given. @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function checkNewExecution(execution: NewExecution, maxPayloadBytes: number): void {
  checkObject(execution, "execution");
  checkId(execution.id, "id");
  checkId(execution.workflowId, "workflowId");
  checkId(execution.userId, "userId");
  checkStatus(execution.status, "status");
  checkCount(execution.currentStep, "currentStep");
  checkCount(execution.totalSteps, "totalSteps");
  if (execution.parentId !== undefined) checkId(execution.parentId, "parentId");
  if (execution.definitionHash !== undefined) checkId(execution.definitionHash, "definitionHash");
  if (execution.wakeAt !== undefined) checkCount(execution.wakeAt, "wakeAt");
  if (execution.failure !== undefined) checkFailure(execution.failure, "failure");
  if (execution.status === "running") {
    checkId(execution.owner, "owner");
    checkCount(execution.leaseMs, "leaseMs");
  } else if (execution.owner !== undefined || execution.leaseMs !== undefined) {
    throw invalid("owner", `goes with status "running" only, not with "${execution.status}"`);
  }
  checkNewCheckpoint(execution.checkpoint, maxPayloadBytes);
  if (execution.checkpoint.kind !== "snapshot") throw invalid("checkpoint.kind", 'must be "snapshot"');
}

/** Checks what {@link CheckpointStore.claimExecution} is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClaim(id: string, request: ClaimRequest): void {
  checkId(id, "id");
  checkObject(request, "request");
  checkId(request.claimId, "claimId");
  checkId(request.owner, "owner");
  checkCount(request.leaseMs, "leaseMs");
  if (!Array.isArray(request.from) || request.from.length === 0) {
    throw invalid("from", "must list at least one status");
  }
  for (const status of request.from) checkStatus(status, "from");
}

/** Checks what {@link CheckpointStore.commit} is given. @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function checkCommit(id: string, request: CommitRequest, maxPayloadBytes: number): void {
  checkId(id, "id");
  checkObject(request, "request");
  checkId(request.commitId, "commitId");
  checkCount(request.token, "token");
  checkCount(request.version, "version");
  if (request.leaseMs !== undefined) checkCount(request.leaseMs, "leaseMs");
  if (request.dropBefore !== undefined) checkCount(request.dropBefore, "dropBefore");
  const { checkpoint, head } = request;
  if (checkpoint !== undefined) checkNewCheckpoint(checkpoint, maxPayloadBytes);
  if (head === undefined) return;
  checkObject(head, "head");
  if (head.status !== undefined) checkStatus(head.status, "head.status");
  if (head.currentStep !== undefined) checkCount(head.currentStep, "head.currentStep");
  if (head.totalSteps !== undefined) checkCount(head.totalSteps, "head.totalSteps");
  if (head.wakeAt !== undefined && head.wakeAt !== null) checkCount(head.wakeAt, "head.wakeAt");
  if (head.failure !== undefined && head.failure !== null) checkFailure(head.failure, "head.failure");
  if (head.definitionHash !== undefined) checkId(head.definitionHash, "head.definitionHash");
}

/** Checks what {@link CheckpointStore.readCheckpoints} is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkReadCheckpoints(id: string, options: ReadCheckpointsOptions): void {
  checkId(id, "id");
  checkObject(options, "options");
  if (options.from !== undefined) checkCount(options.from, "from");
  if (options.to !== undefined) checkCount(options.to, "to");
  if (options.limit !== undefined) checkCount(options.limit, "limit");
  checkOrder(options.order);
}

/** A listing's conditions, checked and with its defaults filled in. */
export interface ListQuery extends Omit<ListExecutionsOptions, "status" | "cursor" | "limit" | "order"> {
  statuses?: readonly WorkflowStatus[];
  /** The last row of the page before. */
  after?: PagePosition;
  limit: number;
  order: "asc" | "desc";
}

/** A row's place in a listing. */
export interface PagePosition {
  createdAt: number;
  id: string;
}

/** Checks what {@link CheckpointStore.listExecutions} is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkListExecutions(options: ListExecutionsOptions): ListQuery {
  checkObject(options, "options");
  const { status, cursor, limit = DEFAULT_PAGE_SIZE, order = "desc", ...filters } = options;
  if (filters.workflowId !== undefined) checkId(filters.workflowId, "workflowId");
  if (filters.userId !== undefined) checkId(filters.userId, "userId");
  if (filters.parentId !== undefined) checkId(filters.parentId, "parentId");
  if (filters.createdBefore !== undefined) checkCount(filters.createdBefore, "createdBefore");
  checkCount(limit, "limit");
  if (limit < 1 || limit > MAX_PAGE_SIZE) throw invalid("limit", `must be 1 to ${MAX_PAGE_SIZE}`);
  checkOrder(order);
  checkFlag(filters.leaseExpired, "leaseExpired");
  checkFlag(filters.due, "due");
  const query: ListQuery = { ...filters, limit, order };
  if (status !== undefined) {
    query.statuses = typeof status === "string" ? [status] : status;
    if (!Array.isArray(query.statuses)) throw invalid("status", "must be a status or an array of them");
    for (const one of query.statuses) checkStatus(one, "status");
  }
  if (cursor !== undefined) query.after = decodeCursor(cursor);
  return query;
}

/** Checks what {@link CheckpointStore.deleteExecutions} is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkDeleteExecutions(refs: readonly ExecutionRef[]): void {
  if (!Array.isArray(refs)) throw invalid("refs", "must be an array");
  for (const ref of refs) {
    checkObject(ref, "refs");
    checkId(ref.id, "id");
    if ("version" in ref) checkCount(ref.version, "version");
    if (ref.token !== undefined) checkCount(ref.token, "token");
  }
}

/** Checks what {@link CheckpointStore.saveDefinition} is given. @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function checkDefinition(hash: string, json: string, maxPayloadBytes: number): void {
  checkId(hash, "hash");
  checkPayload(json, "json", maxPayloadBytes);
}

/** Turns the last row of a page into the cursor of the next one. */
export function encodeCursor(position: PagePosition): string {
  return Buffer.from(JSON.stringify([position.createdAt, position.id])).toString("base64url");
}

/** Compares ids as databases do that order by the bytes of UTF-8 (JavaScript's `<` differs beyond U+FFFF). */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function decodeCursor(cursor: unknown): PagePosition {
  if (typeof cursor !== "string") throw invalid("cursor", "must be the nextCursor of a page");
  try {
    const [createdAt, id] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    checkCount(createdAt, "cursor");
    checkId(id, "cursor");
    return { createdAt, id };
  } catch (cause) {
    throw new WorkflowError("INVALID_ARGUMENT", "cursor must be the nextCursor of a page.", { cause });
  }
}

function checkNewCheckpoint(checkpoint: NewCheckpoint, maxPayloadBytes: number): void {
  checkObject(checkpoint, "checkpoint");
  checkId(checkpoint.id, "checkpoint.id");
  if (!isCheckpointKind(checkpoint.kind)) throw invalid("checkpoint.kind", `must be one of ${[...KINDS].join(", ")}`);
  checkText(checkpoint.nodeId, "checkpoint.nodeId");
  checkText(checkpoint.nodeName, "checkpoint.nodeName");
  checkCount(checkpoint.stepNumber, "checkpoint.stepNumber");
  checkCount(checkpoint.attempt, "checkpoint.attempt");
  checkCount(checkpoint.timestamp, "checkpoint.timestamp");
  if (!(checkpoint.durationMs >= 0 && checkpoint.durationMs <= Number.MAX_SAFE_INTEGER)) {
    throw invalid("checkpoint.durationMs", "must be zero or more milliseconds");
  }
  if (checkpoint.error !== undefined) checkFailure(checkpoint.error, "checkpoint.error");
  checkPayload(checkpoint.payload, "checkpoint.payload", maxPayloadBytes);
}

// Its texts may hold anything: what nodes throw is not ours to choose, and JSON escapes it.
function checkFailure(failure: FailureRecord, name: string): void {
  checkObject(failure, name);
  if (typeof failure.code !== "string") throw invalid(`${name}.code`, "must be a string");
  if (typeof failure.message !== "string") throw invalid(`${name}.message`, "must be a string");
}

function checkPayload(value: unknown, name: string, maxPayloadBytes: number): void {
  checkText(value, name);
  if (value.length * 3 <= maxPayloadBytes) return;
  const bytes = utf8Bytes(value);
  if (bytes > maxPayloadBytes) throw payloadTooLarge(name, bytes, maxPayloadBytes);
}

/** The error for what is larger than a store keeps. @internal */
export function payloadTooLarge(what: string, bytes: number, maxPayloadBytes: number): WorkflowError {
  return new WorkflowError(
    "PAYLOAD_TOO_LARGE",
    `${what} is ${bytes} bytes, more than the ${maxPayloadBytes} that this store keeps. Put large values elsewhere and keep a reference in the context.`,
    { details: { bytes, maxPayloadBytes } },
  );
}

/** Checks a text: well-formed Unicode without U+0000, of any length. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw invalid(name, `must be a string, not ${describe(value)}`);
  if (!isStorableText(value)) throw invalid(name, "must be well-formed Unicode without U+0000");
}

function checkStatus(value: unknown, name: string): void {
  if (!isWorkflowStatus(value)) {
    throw invalid(name, `must be one of ${[...STATUSES].join(", ")}`);
  }
}

function checkOrder(value: unknown): void {
  if (value !== undefined && value !== "asc" && value !== "desc") throw invalid("order", 'must be "asc" or "desc"');
}

function checkFlag(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== "boolean") throw invalid(name, "must be a boolean");
}

function checkCount(value: unknown, name: string): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw invalid(name, `must be a whole number, zero or more, not ${describe(value)}`);
  }
}

function checkObject(value: unknown, name: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "must be an object");
}

function invalid(name: string, problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${name} ${problem}.`, { details: { argument: name } });
}

function describe(value: unknown): string {
  return typeof value === "number" ? String(value) : value === null ? "null" : typeof value;
}

function isStorableText(value: string): boolean {
  return value.isWellFormed() && !value.includes("\0");
}

function utf8Bytes(value: string): number {
  return Buffer.byteLength(value, "utf8");
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
