import type { ErrorCode } from "../../errors.ts";
import type {
  CheckpointRecord,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
  NewExecution,
  ReadCheckpointsOptions,
  WorkflowStatus,
} from "../../store/checkpoint-store.ts";
import type { Outcome } from "../assert.ts";
import { inOrder } from "../page-order.ts";
import { type Operation, viewOf } from "./operation.ts";

/** What the model says of a call: its value in the model's terms, or the code it must be refused with. */
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

const RESTING: readonly WorkflowStatus[] = ["suspended", "completed", "failed", "cancelled"];

/**
 * A store as simple as it can be told: what the suite holds real ones against.
 *
 * - Written apart from the rules that stores share, so that a fault in those shows as well.
 * - Tokens and times are the store's to choose: the model takes them over, and only demands that tokens rise.
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

  /** Does to the model what the call does to a store. `actual` is how the store answered. */
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
    if (token === undefined) return { value: "a token higher than any this id has had" };
    const { checkpoint, leaseMs, ...given } = execution;
    const { id, status } = given;
    const isHeld = (leaseMs ?? 0) > 0;
    this.executions.set(id, {
      view: {
        ...given,
        ...{ version: 0, token, seq: 0, snapshotSeq: 0, firstSeq: 0, checkpointsCount: 0, hasEnded: false },
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
    if (token === undefined) return { value: "a token higher than any this id has had" };
    Object.assign(one, { status: "running", token, isHeld: request.leaseMs > 0, lastClaimId: request.claimId });
    const cleared = { wakeAt: undefined, failure: undefined, hasEnded: false };
    one.view = { ...one.view, ...cleared, status: "running", token, isHeld: one.isHeld, owner: request.owner };
    return { value: one.view };
  }

  #commit(id: string, request: CommitRequest): Expectation {
    const one = this.executions.get(id);
    if (one === undefined) return { code: "EXECUTION_NOT_FOUND" };
    if (one.lastCommitId === request.commitId) return { value: undefined };
    if (one.token !== request.token) return { code: "LEASE_LOST" };
    if (RESTING.includes(one.status)) return { code: "INVALID_STATUS" };
    if (one.version !== request.version) return { code: "VERSION_CONFLICT" };
    const { checkpoint, head = {}, leaseMs, dropBefore } = request;
    const seq = Number(one.view.seq) + (checkpoint === undefined ? 0 : 1);
    const records = checkpoint === undefined ? one.records : [...one.records, { ...checkpoint, seq }];
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
    const given = Object.fromEntries(Object.entries(head).filter(([, value]) => value !== undefined));
    const view: Record<string, unknown> = { ...one.view, ...given, version: one.version, seq, firstSeq: one.firstSeq };
    for (const field of ["wakeAt", "failure"]) view[field] = view[field] === null ? undefined : view[field];
    if (checkpoint?.kind === "snapshot") view.snapshotSeq = seq;
    if (checkpoint !== undefined && checkpoint.kind !== "save")
      view.checkpointsCount = Number(view.checkpointsCount) + 1;
    view.hasEnded = RESTING.includes(one.status) && one.status !== "suspended";
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

  #list({ status, leaseExpired, due, createdBefore, order = "desc", ...texts }: ListExecutionsOptions): unknown {
    const { workflowId, userId, parentId } = texts;
    const wanted = Object.entries({ workflowId, userId, parentId }).filter(([, value]) => value !== undefined);
    const rows = [...this.executions.values()]
      .filter(({ view }) => wanted.every(([name, value]) => view[name] === value))
      .filter((one) => status === undefined || [status].flat().includes(one.status))
      .filter((one) => createdBefore === undefined || one.createdAt < createdBefore)
      .filter((one) => !leaseExpired || (one.status === "running" && !one.isHeld))
      .filter(({ view }) => !due || view.wakeAt === 0)
      .map(({ view, createdAt }) => ({ view, createdAt, id: String(view.id) }));
    const views = inOrder(rows).map(({ view }) => view);
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

  /** The token that the store has just given, if it may give it. */
  #newToken(id: string, actual: Outcome<unknown>): number | undefined {
    const token = headIn(actual)?.token;
    if (token === undefined || token <= (this.#highestTokens.get(id) ?? -1)) return undefined;
    this.#highestTokens.set(id, token);
    return token;
  }
}

/** A store's answer in the model's terms. */
export function answerOf(operation: Operation, actual: Outcome<unknown>): Expectation | { error: unknown } {
  if (!actual.ok) return actual.code === undefined ? { error: actual.error } : { code: actual.code };
  if (actual.value === undefined) return { value: undefined };
  if (operation.kind === "list") return { value: (actual.value as ExecutionRecord[]).map(viewOf) };
  const isHead = operation.kind === "create" || operation.kind === "claim" || operation.kind === "get";
  return { value: isHead ? viewOf(actual.value as ExecutionRecord) : actual.value };
}

function headIn(actual: Outcome<unknown>): ExecutionRecord | undefined {
  return actual.ok ? (actual.value as ExecutionRecord | undefined) : undefined;
}
