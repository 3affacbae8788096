import { randomUUID } from "node:crypto";
import { type CheckpointStore, type ExecutionRecord, isWorkflowError, type ListExecutionsOptions } from "@waymark/core";
import { compareIds } from "@waymark/core/store";
import { expect } from "vitest";
import { newCommit, newExecution } from "../store-fixtures.ts";

/** A change of a stored head that bypasses the store. */
export interface HeadDamage {
  /** The field that cannot be read afterwards, if `unreadable` must name it. */
  unreadable?: string;
  /** True if the head of an ended execution is changed instead of a running one. Default: false. */
  isEnded?: boolean;
  /** True if an unfiltered listing still contains the execution. Default: true. */
  isListed?: boolean;
  apply(id: string): Promise<void>;
  /** Returns all stored data of an execution, as text. */
  dump(id: string): Promise<string>;
}

const FAILURE = { code: "NODE_FAILED", message: "down" };
/** The allowed outcomes. STORE_UNAVAILABLE is not allowed: damage does not go away by itself. */
const CODES = ["none", "STATE_CORRUPT", "EXECUTION_ALREADY_EXISTS", "INVALID_STATUS", "LEASE_LOST", "VERSION_CONFLICT"];
const WAITING = [{ nodeId: "n1", nodeName: "Node 1", visit: 1, since: 5 }];
const SET = { wakeAt: 5, waiting: WAITING, waitingCount: 1, failure: FAILURE, definitionHash: "h1" };

/**
 * Damages one of three executions, the only ones in the store, and checks that nothing else is affected: the others are
 * listed, calls on the damaged one fail with a code and change nothing, and it can be deleted.
 */
export async function expectHarmless(store: CheckpointStore, damage: HeadDamage): Promise<void> {
  const heads = [await newHead(store, damage), await newHead(store, damage)];
  const bad = await newHead(store, damage);
  heads.push(await newHead(store, damage));
  const others = heads.sort((a, b) => a.createdAt - b.createdAt || compareIds(a.id, b.id)).map(({ id }) => id);
  await damage.apply(bad.id);

  for (const order of ["asc", "desc"] as const) {
    const ids = await walk(store, { order, limit: 1 });
    expect(ids.filter((id) => id !== bad.id)).toEqual(order === "asc" ? others : others.toReversed());
    expect(ids.filter((id) => id === bad.id)).toHaveLength(damage.isListed === false ? 0 : 1);
  }
  const { status } = bad;
  // The leases of running executions have lapsed, and the wakeAt of the others has passed.
  const timed = damage.isEnded === true ? { endedForMs: 0 } : { leaseExpired: true };
  const filters = [{ status }, { userId: "u1" }, { workflowId: "w1" }, { parentId: "p1" }, timed];
  for (const filter of [...filters, { ...timed, status: [status, "pending"] as const }]) {
    const ids = await walk(store, { ...filter, limit: 2 });
    expect(ids.filter((id) => id !== bad.id).toSorted(), JSON.stringify(filter)).toEqual(others.toSorted());
  }
  const head = await store.getExecution(bad.id);
  if (damage.unreadable !== undefined) expect(head?.unreadable).toContain(damage.unreadable);

  const outcomeOf = async (call: () => Promise<unknown>) => {
    const dump = await damage.dump(bad.id);
    const code = await codeOf(call());
    expect(CODES).toContain(code);
    if (code !== "none") expect(await damage.dump(bad.id)).toBe(dump);
    return code;
  };
  await outcomeOf(() => store.readCheckpoints(bad.id));
  expect(await outcomeOf(() => store.createExecution(newExecution(bad.id)))).not.toBe("none");
  const claim = { claimId: randomUUID(), owner: "o2", leaseMs: 0, from: [status], force: true };
  const claimed = await outcomeOf(() => store.claimExecution(bad.id, claim));
  if (damage.unreadable !== undefined) expect(claimed).toBe("STATE_CORRUPT");
  await outcomeOf(() => store.commit(bad.id, newCommit(bad)));

  expect(await store.deleteExecutions([{ id: bad.id }])).toBe(1);
  expect(await store.getExecution(bad.id)).toBeUndefined();
  expect((await walk(store, { limit: 1 })).toReversed()).toEqual(others);
  const again = await store.createExecution(newExecution(bad.id));
  await store.commit(bad.id, newCommit(again));
  expect(await store.readCheckpoints(bad.id)).toHaveLength(2);
  expect(await store.deleteExecutions([...others, bad.id].map((id) => ({ id })))).toBe(4);
}

/** Creates a head with a value in every field. */
async function newHead(store: CheckpointStore, { isEnded = false }: HeadDamage): Promise<ExecutionRecord> {
  const id = `e-${randomUUID()}`;
  const parent = { parentId: "p1", parentNodeId: "n1", parentVisit: 1 };
  const others = { forkedFromId: "f1", forkedFromSeq: 1, metadata: { tag: "a" }, deadlineMs: 60_000 };
  await store.createExecution(newExecution(id, { ...parent, ...others, leaseMs: 0 }));
  const claim = { claimId: randomUUID(), owner: "o1", leaseMs: 0, from: ["running"] as const };
  const claimed = await store.claimExecution(id, claim);
  await store.commit(id, newCommit(claimed, { head: isEnded ? { ...SET, status: "failed" } : SET }));
  return (await store.getExecution(id)) ?? expect.unreachable();
}

async function walk(store: CheckpointStore, options: ListExecutionsOptions): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 12; pages++) {
    const page = await store.listExecutions(cursor === undefined ? options : { ...options, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (cursor === undefined) return ids;
  }
  return expect.unreachable("The listing does not end.");
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "none";
  } catch (error) {
    return isWorkflowError(error) ? error.code : `no code: ${error}`;
  }
}
