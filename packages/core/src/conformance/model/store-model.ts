import type { ErrorCode } from "../../errors.ts";
import type {
  CheckpointRecord,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  FailureRecord,
  ListExecutionsOptions,
  NewExecution,
  ReadCheckpointsOptions,
  WorkflowStatus,
} from "../../store/checkpoint-store.ts";
import type { Outcome } from "../assert.ts";
import { inOrder } from "../page-order.ts";
import { FAR_FUTURE, LONG_AGO, type Operation, spanView, viewOf } from "./operation.ts";

/** The result that the model expects of a call: a value in the model's terms, or the code of an error. */
export type Expectation = { value: unknown } | { code: ErrorCode };

interface ModelExecution {
  view: Record<string, unknown>;
  createdAt: number;
  status: WorkflowStatus;
  isHeld: boolean;
  version: number;
  token: number;
  firstSeq: number;
  records: CheckpointRecord[];
  initialCheckpointId: string;
  lastClaimId?: string;
  lastCommitId?: string;
}

const CLEARABLE = ["wakeAt", "waiting", "waitingCount", "failure"] as const;
const RESTING: readonly WorkflowStatus[] = ["suspended", "completed", "failed", "cancelled"];

/**
 * The simplest possible store. The suite compares real stores with it.
 *
 * - It does not use the rules that stores share, so that a fault in those rules is found as well.
 * - A store chooses tokens and times. The model takes them over, and only requires that tokens rise.
 */
export class StoreModel {
  readonly executions: Map<string, ModelExecution>;
  readonly #highestTokens: Map<string, number>;

  constructor(from?: StoreModel) {
    this.executions = new Map(
      from === undefined ? [] : [...from.executions].map(([id, one]) => [id, structuredClone(one)]),
    );
    this.#highestTokens = new Map(from === undefined ? [] : from.#highestTokens);
  }

  /** Applies a call to the model. `actual` is the store's outcome of the call. */
  apply(operation: Operation, actual: Outcome<unknown>): Expectation {
    switch (operation.kind) {
      case "create":
        return this.#create(operation.execution, actual);
      case "get":
        return { value: this.executions.get(operation.id)?.view };
      case "claim":
        return this.#claim(operation, actual);
      case "commit":
        return this.#commit(operation.id, operation.request);
      case "read":
        return this.#read(operation.id, operation.options);
      case "list":
        return { value: this.#list(operation.options) };
      case "delete":
        return { value: this.#delete(operation.refs) };
    }
  }

  #create(execution: NewExecution, actual: Outcome<unknown>): Expectation {
    const existing = this.executions.get(execution.id);
    if (existing !== undefined) {
      if (existing.initialCheckpointId !== execution.checkpoint.id) return { code: "EXECUTION_ALREADY_EXISTS" };
      return { value: existing.view };
    }
    const token = this.#newToken(execution.id, actual);
    if (token === undefined) return { value: "a token higher than any that this id has had" };
    const { checkpoint, leaseMs, wakeInMs, deadlineMs, createdAt, ...given } = execution;
    const { id, status, wakeAt = spanView(wakeInMs) } = given;
    const isHeld = (leaseMs ?? 0) > 0;
    this.executions.set(id, {
      view: {
        ...given,
        ...{
          version: 0,
          token,
          seq: 0,
          snapshotSeq: 0,
          firstSeq: 0,
          checkpointsCount: 0,
          recoveries: 0,
        },
        // createdAt is never later than the store's clock.
        ...{ createdAt: createdAt === LONG_AGO ? LONG_AGO : "by now", wakeAt, deadlineAt: spanView(deadlineMs) },
        isHeld: leaseMs === undefined ? undefined : isHeld,
      },
      createdAt: headIn(actual)?.createdAt ?? 0,
      status,
      isHeld,
      version: 0,
      token,
      firstSeq: 0,
      records: [{ ...checkpoint, seq: 0 }],
      initialCheckpointId: checkpoint.id,
    });
    return { value: this.executions.get(id)?.view };
  }

  #claim({ id, request }: Operation & { kind: "claim" }, actual: Outcome<unknown>): Expectation {
    const one = this.executions.get(id);
    if (one === undefined) return { code: "EXECUTION_NOT_FOUND" };
    if (one.lastClaimId === request.claimId) return { value: one.view };
    if (!request.from.includes(one.status)) return { code: "INVALID_STATUS" };
    if (one.status === "running" && one.isHeld && !request.force) return { code: "LEASE_HELD" };
    const token = this.#newToken(id, actual);
    if (token === undefined) return { value: "a token higher than any that this id has had" };
    const wasRunning = one.status === "running";
    Object.assign(one, { status: "running", token, isHeld: request.leaseMs > 0, lastClaimId: request.claimId });
    const kept = wasRunning
      ? { recoveries: Number(one.view.recoveries) + 1 }
      : { recoveries: 0, failure: undefined, endedAt: undefined };
    one.view = { ...one.view, ...kept, status: "running", token, isHeld: one.isHeld, owner: request.owner };
    if (request.cancel !== undefined) this.#cancel(one, request.cancel);
    return { value: one.view };
  }

  #cancel(one: ModelExecution, failure: FailureRecord): void {
    Object.assign(one, { status: "cancelled", isHeld: false });
    const gone = {
      owner: undefined,
      isHeld: undefined,
      wakeAt: undefined,
      waiting: undefined,
      waitingCount: undefined,
    };
    one.view = { ...one.view, ...gone, status: "cancelled", failure, endedAt: "by now" };
  }

  #commit(id: string, request: CommitRequest): Expectation {
    const one = this.executions.get(id);
    if (one === undefined) return { code: "EXECUTION_NOT_FOUND" };
    if (one.lastCommitId === request.commitId) return { value: undefined };
    if (one.token !== request.token) return { code: "LEASE_LOST" };
    if (RESTING.includes(one.status)) return { code: "INVALID_STATUS" };
    if (one.version !== request.version) return { code: "VERSION_CONFLICT" };
    const { checkpoints = [], head = {}, leaseMs, dropBefore } = request;
    const seq = Number(one.view.seq) + checkpoints.length;
    const added = checkpoints.map((checkpoint, at) => ({ ...checkpoint, seq: Number(one.view.seq) + 1 + at }));
    const records = [...one.records, ...added];
    if (dropBefore !== undefined) {
      if (!records.some((record) => record.seq === dropBefore && record.kind === "snapshot")) {
        return { code: "INVALID_ARGUMENT" };
      }
      one.firstSeq = dropBefore;
    }
    one.records = records.filter((record) => record.seq >= one.firstSeq);
    one.version += 1;
    one.lastCommitId = request.commitId;
    one.status = head.status ?? one.status;
    if (leaseMs !== undefined) one.isHeld = leaseMs > 0;
    if (one.status !== "running") one.isHeld = false;
    const { endedAt, wakeInMs, ...named } = head;
    const given: Record<string, unknown> = Object.fromEntries(
      Object.entries(named).filter(([, value]) => value !== undefined),
    );
    if (wakeInMs !== undefined) given.wakeAt = spanView(wakeInMs);
    const view: Record<string, unknown> = { ...one.view, ...given, version: one.version, seq, firstSeq: one.firstSeq };
    for (const field of CLEARABLE) view[field] = view[field] === null ? undefined : view[field];
    for (const { kind, seq: number } of added) {
      if (kind === "snapshot") view.snapshotSeq = number;
      if (kind === "save") continue;
      view.checkpointsCount = Number(view.checkpointsCount) + 1;
      view.recoveries = 0;
    }
    const ends = RESTING.includes(one.status) && one.status !== "suspended";
    view.endedAt = ends ? (endedAt === LONG_AGO ? LONG_AGO : "by now") : undefined;
    view.isHeld = one.status === "running" ? one.isHeld : undefined;
    if (one.status !== "running") view.owner = undefined;
    one.view = view;
    return { value: undefined };
  }

  #read(id: string, { from = 0, to = Number.MAX_SAFE_INTEGER, limit, order }: ReadCheckpointsOptions): Expectation {
    const one = this.executions.get(id);
    if (one === undefined) return { code: "EXECUTION_NOT_FOUND" };
    const records = one.records.filter(({ seq }) => seq >= from && seq <= to);
    if (order === "desc") records.reverse();
    return { value: records.slice(0, limit) };
  }

  #list({
    status,
    leaseExpired,
    due,
    createdBefore,
    createdAfter,
    endedAfter,
    endedForMs,
    order = "desc",
    ...texts
  }: ListExecutionsOptions): unknown {
    const { workflowId, userId, parentId, topLevel } = texts;
    const wanted = Object.entries({ workflowId, userId, parentId }).filter(([, value]) => value !== undefined);
    const rows = [...this.executions.values()]
      .filter(({ view }) => wanted.every(([name, value]) => view[name] === value))
      .filter((one) => status === undefined || [status].flat().includes(one.status))
      .filter((one) => createdBefore === undefined || one.createdAt < createdBefore)
      .filter((one) => createdAfter === undefined || one.createdAt > createdAfter)
      .filter((one) => !leaseExpired || (one.status === "running" && !one.isHeld))
      .filter(({ view, status: is }) => !due || (hasCome(view.wakeAt) && (is === "pending" || is === "suspended")))
      .filter(({ view }) => endedAfter === undefined || (view.endedAt === "by now" && endedAfter !== FAR_FUTURE))
      .filter(({ view }) => endedForMs === undefined || view.endedAt === LONG_AGO || (view.endedAt && endedForMs === 0))
      .filter(({ view }) => !topLevel || view.parentId === undefined)
      .map(({ view, createdAt }) => ({ view, createdAt: due || leaseExpired ? 0 : createdAt, id: String(view.id) }));
    const views = inOrder(rows).map(({ view }) => view);
    // due and leaseExpired order by times that only the store knows; see answerOf.
    if (due || leaseExpired) return views;
    return order === "asc" ? views : views.reverse();
  }

  #delete(refs: readonly ExecutionRef[]): number {
    let deleted = 0;
    for (const { id, version, token } of refs) {
      const one = this.executions.get(id);
      if (one === undefined || (version ?? one.version) !== one.version || (token ?? one.token) !== one.token) continue;
      this.executions.delete(id);
      deleted += 1;
    }
    return deleted;
  }

  /** Returns the token that the store has just assigned, if it is a valid one. */
  #newToken(id: string, actual: Outcome<unknown>): number | undefined {
    const token = headIn(actual)?.token;
    if (token === undefined || token <= (this.#highestTokens.get(id) ?? -1)) return undefined;
    this.#highestTokens.set(id, token);
    return token;
  }
}

/** Returns a store's answer in the model's terms. */
export function answerOf(operation: Operation, actual: Outcome<unknown>): Expectation | { error: unknown } {
  if (!actual.ok) return actual.code === undefined ? { error: actual.error } : { code: actual.code };
  if (actual.value === undefined) return { value: undefined };
  if (operation.kind === "list") return { value: listed(operation.options, actual.value as ExecutionRecord[]) };
  const isHead = operation.kind === "create" || operation.kind === "claim" || operation.kind === "get";
  return { value: isHead ? viewOf(actual.value as ExecutionRecord) : actual.value };
}

/**
 * Returns the rows of a listing. Rows of `due` and `leaseExpired` must be in order, and are then sorted for comparison.
 */
function listed({ due, leaseExpired }: ListExecutionsOptions, rows: ExecutionRecord[]): unknown {
  if (!due && !leaseExpired) return rows.map(viewOf);
  const timeOf = ({ wakeAt, leaseUntil }: ExecutionRecord) => (due ? wakeAt : leaseUntil) ?? 0;
  const isInOrder = inOrder(rows, timeOf).every((row, at) => row.id === rows[at]?.id);
  return isInOrder ? inOrder(rows, () => 0).map(viewOf) : `${due ? "wakeAt" : "leaseUntil"} is not in order`;
}

function hasCome(time: unknown): boolean {
  return time === LONG_AGO || time === "by now";
}

function headIn(actual: Outcome<unknown>): ExecutionRecord | undefined {
  return actual.ok ? (actual.value as ExecutionRecord | undefined) : undefined;
}
