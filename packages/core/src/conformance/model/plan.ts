import fc from "fast-check";
import type {
  CheckpointKind,
  CommitRequest,
  HeadUpdate,
  ListExecutionsOptions,
  NewExecution,
  WorkflowStatus,
} from "../../store/checkpoint-store.ts";
import { LONG_LEASE_MS, newCheckpoint, newSnapshot, uniqueId } from "../fixtures.ts";
import { FAR_FUTURE, LONG_AGO, type Operation } from "./operation.ts";
import type { StoreModel } from "./store-model.ts";

/*
 * Plans of random calls. A plan refers to the state of the model at the time of the call ("the version before", "the
 * last commitId again"), so that most calls of a random sequence succeed, and the sequence stays meaningful when it is
 * shrunk.
 */

/** A plan of a call. */
export type Plan =
  | { kind: "create"; who: number; isRunning: boolean; lease: Lease; given: Given; again: boolean; userId: string }
  | { kind: "get"; who: number }
  | {
      kind: "claim";
      who: number;
      lease: Lease;
      from: WorkflowStatus[];
      force: boolean;
      again: boolean;
      cancels: boolean;
    }
  | {
      kind: "commit";
      who: number;
      token: Which;
      version: Which;
      again: boolean;
      write: Write;
      head: HeadUpdate;
      lease?: Lease;
      drop: Drop;
    }
  | { kind: "read"; who: number; from?: number; to?: number; limit?: number; order: "asc" | "desc" }
  | { kind: "list"; filter: Filter; limit: number; order: "asc" | "desc" }
  | { kind: "delete"; who: number; version: Which | "any"; withToken: boolean };

type Lease = 0 | typeof LONG_LEASE_MS;
type Which = "current" | "older" | "newer";
type Write = "nothing" | "delta" | "save" | "error" | "snapshot" | "several";
type Drop = "no" | "snapshot" | "newest" | "first";
/** The fields of a creation that are drawn at random. The others are made from the plan. */
type Given = Omit<NewExecution, Made>;
type Made = "id" | "workflowId" | "userId" | "status" | "owner" | "leaseMs" | "checkpoint";
/**
 * The conditions of a listing. Every listing is also filtered by its sequence's workflow, to exclude other sequences.
 */
type Filter = Omit<ListExecutionsOptions, "workflowId" | "cursor" | "limit" | "order">;

const ENDS: readonly (WorkflowStatus | undefined)[] = ["completed", "failed", "cancelled"];
const STATUSES: WorkflowStatus[] = ["pending", "running", "suspended", "completed", "failed", "cancelled"];

// Mostly one execution, so that it goes through many states.
const who = fc.constantFrom(0, 0, 0, 0, 1, 2);
const lease = fc.constantFrom<Lease>(0, LONG_LEASE_MS);
const order = fc.constantFrom("asc" as const, "desc" as const);
const rarely = fc.nat(7).map((number) => number === 0);
const which: fc.Arbitrary<Which> = fc.oneof(
  { arbitrary: fc.constant<Which>("current"), weight: 10 },
  { arbitrary: fc.constantFrom<Which>("older", "newer"), weight: 1 },
);
const time = fc.constantFrom(LONG_AGO, FAR_FUTURE);
const span = fc.constantFrom(0, LONG_LEASE_MS);
const statuses: fc.Arbitrary<WorkflowStatus[]> = fc.subarray(STATUSES, { minLength: 1 });
const userId = fc.constantFrom("user-1", "user-2");

/** Random values for every field of an interface. A table that lacks a field does not compile. */
type Values<T> = { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> };

function optional<T>(values: Values<T>): fc.Arbitrary<Partial<T>> {
  return fc.record(values, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

const failure = fc.constantFrom({ code: "NODE_FAILED", message: "boom" }, { code: "OTHER", message: "", attempts: 2 });
const hash = fc.constantFrom("hash-1", "hash-2");
const waiting = fc.constantFrom([], [{ nodeId: "node-1", nodeName: "Node 1", visit: 1, since: 1 }]);
const parentId = fc.constantFrom("parent-1", "parent-2");

// Without "running": a claim makes an execution running, a commit cannot.
const head: fc.Arbitrary<HeadUpdate> = optional<HeadUpdate>({
  status: fc.constantFrom<WorkflowStatus>("suspended", "completed", "failed", "cancelled", "pending"),
  currentStep: fc.nat(9),
  totalSteps: fc.nat(9),
  wakeAt: fc.oneof(time, fc.constant(null)),
  wakeInMs: span,
  waiting: fc.oneof(waiting, fc.constant(null)),
  waitingCount: fc.oneof(fc.nat(3), fc.constant(null)),
  failure: fc.oneof(failure, fc.constant(null)),
  definitionHash: hash,
  endedAt: time,
}).map(({ endedAt, ...update }) => {
  const ends = endedAt !== undefined && ENDS.includes(update.status);
  return withOneWait(ends ? { ...update, endedAt } : update);
});

/** A request sets a wait by a time or by a duration, not by both. */
function withOneWait<T extends { wakeAt?: number | null; wakeInMs?: number }>({ wakeInMs, ...rest }: T) {
  return rest.wakeAt === undefined && wakeInMs !== undefined ? { ...rest, wakeInMs } : rest;
}

const givenOptional = optional<Omit<NewExecution, Made | "currentStep" | "totalSteps">>({
  definitionHash: hash,
  parentId,
  parentNodeId: fc.constantFrom("node-1", "node-2"),
  parentVisit: fc.nat(3),
  forkedFromId: fc.constantFrom("origin-1", "origin-2"),
  forkedFromSeq: fc.nat(3),
  metadata: fc.constantFrom({}, { tag: "a" }),
  wakeAt: time,
  wakeInMs: span,
  deadlineMs: span,
  createdAt: time,
  failure,
}).map(withOneWait);
const given: fc.Arbitrary<Given> = fc
  .record({ currentStep: fc.nat(3), totalSteps: fc.nat(9) })
  .chain((counts) => givenOptional.map((rest) => ({ ...counts, ...rest })));

/** Plans of commits. Few of them change the status. */
const commitPlan = fc
  .record({
    kind: fc.constant("commit" as const),
    who,
    token: which,
    version: which,
    again: rarely,
    write: fc.constantFrom<Write>("delta", "delta", "save", "error", "snapshot", "nothing", "several"),
    head: fc.oneof({ arbitrary: fc.constant({}), weight: 1 }, { arbitrary: head, weight: 1 }),
    drop: fc.constantFrom<Drop>("no", "no", "no", "snapshot", "newest", "first"),
  })
  .chain((plan) =>
    fc
      .option(lease, { nil: undefined })
      .map((leaseMs): Plan => (leaseMs === undefined ? plan : { ...plan, lease: leaseMs })),
  );

const createPlan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("create" as const),
  who,
  isRunning: fc.boolean(),
  lease,
  given,
  again: rarely,
  userId,
});

const claimPlan: fc.Arbitrary<Plan & { kind: "claim" }> = fc.record({
  kind: fc.constant("claim" as const),
  who,
  lease,
  from: fc.oneof({ arbitrary: fc.constant(STATUSES), weight: 2 }, { arbitrary: statuses, weight: 1 }),
  force: fc.boolean(),
  again: rarely,
  cancels: rarely,
});

const deletePlan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("delete" as const),
  who,
  version: fc.oneof({ arbitrary: which, weight: 3 }, { arbitrary: fc.constant("any" as const), weight: 1 }),
  withToken: fc.boolean(),
});

const readPlan: fc.Arbitrary<Plan> = optional({ from: fc.nat(6), to: fc.nat(6), limit: fc.nat(4) }).chain((range) =>
  fc.record({ kind: fc.constant("read" as const), who, order }).map((plan) => ({ ...plan, ...range }) as Plan),
);

const listPlan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("list" as const),
  filter: optional<Filter>({
    status: fc.oneof(statuses, fc.constantFrom(...STATUSES)),
    userId,
    leaseExpired: fc.boolean(),
    due: fc.boolean(),
    parentId,
    topLevel: fc.boolean(),
    createdBefore: fc.constantFrom(LONG_AGO, LONG_AGO + 1, FAR_FUTURE),
    createdAfter: time,
    endedAfter: time,
    endedForMs: span,
  }).map(compatible),
  limit: fc.integer({ min: 1, max: 3 }),
  order,
});

/** Removes conditions that cannot be combined. */
function compatible({ leaseExpired, due, createdBefore, topLevel, parentId: parent, ...filter }: Filter): Filter {
  const hasOrder = leaseExpired === true || due === true;
  return {
    ...filter,
    ...(leaseExpired !== undefined && due !== true && { leaseExpired }),
    ...(due !== undefined && { due }),
    ...(createdBefore !== undefined && !hasOrder && { createdBefore }),
    ...(topLevel !== undefined && { topLevel }),
    ...(parent !== undefined && topLevel !== true && { parentId: parent }),
  };
}

/** Plans of every method. */
export const anyPlan: fc.Arbitrary<Plan> = fc.oneof(
  { arbitrary: createPlan, weight: 4 },
  { arbitrary: claimPlan, weight: 4 },
  { arbitrary: commitPlan, weight: 8 },
  { arbitrary: readPlan, weight: 2 },
  { arbitrary: listPlan, weight: 2 },
  { arbitrary: deletePlan, weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("get" as const), who }), weight: 1 },
);

/** Plans of calls that change execution 0, for races. */
export const racingPlan: fc.Arbitrary<Plan> = fc
  .oneof(
    { arbitrary: commitPlan, weight: 4 },
    { arbitrary: claimPlan, weight: 3 },
    { arbitrary: deletePlan, weight: 2 },
    { arbitrary: createPlan, weight: 1 },
  )
  .map((plan) => (plan.kind === "list" ? plan : { ...plan, who: 0 }));

/**
 * Makes the call of a plan from the model's state. `name` keeps its ids apart from those of other runs on the store.
 */
export function fillIn(plan: Plan, model: StoreModel, name: (who: number) => string): Operation {
  const id = "who" in plan ? idOf(plan, model, name) : "";
  const one = model.executions.get(id);
  const workflowId = name(-1);
  switch (plan.kind) {
    case "create": {
      const { isRunning, lease: leaseMs, again, kind, userId: user, given: rest } = plan;
      const checkpoint = newSnapshot(again && one ? { id: one.initialCheckpointId } : {});
      const owned = isRunning
        ? { status: "running" as const, owner: "owner-1", leaseMs }
        : { status: "pending" as const };
      return { kind, execution: { id, workflowId, userId: user, ...owned, ...rest, checkpoint } };
    }
    case "get":
      return { kind: plan.kind, id };
    case "claim": {
      const claimId = (plan.again ? one?.lastClaimId : undefined) ?? uniqueId("claim");
      const { lease: leaseMs, from, force, cancels } = plan;
      const cancel = cancels ? { cancel: { code: "CANCELLED", message: "stop" } } : {};
      return { kind: plan.kind, id, request: { claimId, owner: uniqueId("owner"), leaseMs, from, force, ...cancel } };
    }
    case "commit":
      return { kind: plan.kind, id, request: commitOf(plan, one) };
    case "read": {
      const { kind, who: _who, ...options } = plan;
      return { kind, id, options };
    }
    case "list":
      return { kind: plan.kind, options: listOptions(plan, workflowId) };
    case "delete": {
      const version = plan.version === "any" ? {} : { version: numberOf(plan.version, one?.version ?? 0) };
      return { kind: plan.kind, refs: [{ id, ...version, ...(plan.withToken && { token: one?.token ?? 0 }) }] };
    }
  }
}

function listOptions({ filter, limit, order: by }: Plan & { kind: "list" }, workflowId: string) {
  const hasOrder = filter.leaseExpired === true || filter.due === true;
  return { ...filter, workflowId, limit, ...(!hasOrder && { order: by }) };
}

/**
 * Returns the id of the execution that a call concerns. It is rarely one that does not exist, which would prove little.
 */
function idOf(plan: Plan & { who: number }, model: StoreModel, name: (who: number) => string): string {
  const wanted = name(plan.who);
  if (plan.kind === "create" || plan.who === 2 || model.executions.has(wanted)) return wanted;
  return model.executions.keys().next().value ?? wanted;
}

type Known = StoreModel["executions"] extends Map<string, infer One> ? One : never;

function commitOf(plan: Plan & { kind: "commit" }, one: Known | undefined): CommitRequest {
  const kinds: readonly CheckpointKind[] =
    plan.write === "nothing" ? [] : plan.write === "several" ? ["delta", "snapshot", "save"] : [plan.write];
  const newest = Number(one?.view.seq ?? 0) + kinds.length;
  const dropBefore = { no: undefined, snapshot: Number(one?.view.snapshotSeq ?? 0), newest, first: one?.firstSeq ?? 0 }[
    plan.drop
  ];
  return {
    commitId: (plan.again ? one?.lastCommitId : undefined) ?? uniqueId("commit"),
    token: numberOf(plan.token, one?.token ?? 0),
    version: numberOf(plan.version, one?.version ?? 0),
    ...(kinds.length > 0 && { checkpoints: kinds.map((kind) => newCheckpoint({ kind })) }),
    head: plan.head,
    ...(plan.lease !== undefined && { leaseMs: plan.lease }),
    ...(dropBefore !== undefined && { dropBefore }),
  };
}

function numberOf(wanted: Which, current: number): number {
  return wanted === "older" ? Math.max(0, current - 1) : wanted === "newer" ? current + 1 : current;
}
