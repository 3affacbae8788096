import { createWorkflowEngine, type ExecutionRecord, isWorkflowError } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { beforeEach, describe, expect, it } from "vitest";
import { EXECUTION } from "../src/sql/columns.ts";
import { migratedServer } from "./migrated-server.ts";

const { pool, store } = await migratedServer();
beforeEach(async () => {
  await pool.query("TRUNCATE waymark.executions, waymark.checkpoints");
});

const MAX_BIGINT = "9223372036854775807";
const NUMBERS = ["-1", "9007199254740992", MAX_BIGINT, `-${MAX_BIGINT}`];
const TIMES = [...NUMBERS, "8640000000000001"];
const FAILURES = ["1", '"x"', "[]", "null", "{}", '{"code":1,"message":"x"}', '{"code":"X"}'];
const TEXTS = [""];

/** Values that a column's type accepts although the field cannot have them. The id has a test of its own. */
const DAMAGE: Record<Exclude<keyof typeof EXECUTION, "id">, string[]> = {
  workflowId: TEXTS,
  userId: TEXTS,
  status: ["", "RUNNING", "lost"],
  version: NUMBERS,
  token: NUMBERS,
  seq: NUMBERS,
  snapshotSeq: NUMBERS,
  firstSeq: NUMBERS,
  checkpointsCount: NUMBERS,
  currentStep: NUMBERS,
  totalSteps: NUMBERS,
  owner: TEXTS,
  leaseUntil: TIMES,
  wakeAt: TIMES,
  waiting: ["1", "{}", "[1]", "[{}]", '[{"nodeId":"n","nodeName":"N","visit":"1","since":1}]'],
  waitingCount: NUMBERS,
  failure: FAILURES,
  recoveries: NUMBERS,
  deadlineAt: TIMES,
  definitionHash: TEXTS,
  parentId: TEXTS,
  parentNodeId: TEXTS,
  parentVisit: NUMBERS,
  forkedFromId: TEXTS,
  forkedFromSeq: NUMBERS,
  metadata: ["1", "[]", '{"a":1}', '{"a":null}'],
  createdAt: TIMES,
  updatedAt: TIMES,
  endedAt: TIMES,
};
const CASES = Object.entries(DAMAGE).flatMap(([field, values]) =>
  values.map((value) => [field as keyof typeof DAMAGE, value] as const),
);

/** Returns the outcome of a call. An error without a code fails the test. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "done",
    (error) => {
      expect(isWorkflowError(error), String(error)).toBe(true);
      return error.code;
    },
  );
}

async function damage(id: string, field: keyof typeof EXECUTION, value: string) {
  const { column, type } = EXECUTION[field];
  await pool.query(`UPDATE waymark.executions SET ${column} = $2::${type} WHERE id = $1`, [id, value]);
}

async function walk(order: "asc" | "desc", limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions({ order, limit, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined && ids.length < 20);
  return ids;
}

async function stored(order: "asc" | "desc"): Promise<string[]> {
  const { rows } = await pool.query(`SELECT id FROM waymark.executions ORDER BY created_at_ms ${order}, id ${order}`);
  return rows.map(({ id }) => id);
}

const rowOf = async (id: string) =>
  (await pool.query("SELECT * FROM waymark.executions WHERE id = $1", [id])).rows[0] as object | undefined;

describe("a damaged head", () => {
  it.each(CASES)("%s %j: can be listed, read and deleted, and nothing else", async (field, value) => {
    for (const id of ["a", "bad", "z"]) await store.createExecution(newExecution(id));
    const head = (await store.getExecution("bad")) as ExecutionRecord;
    await damage("bad", field, value);
    for (const order of ["asc", "desc"] as const) {
      for (const limit of [1, 2]) expect(await walk(order, limit)).toEqual(await stored(order));
    }
    expect(await store.getExecution("bad")).toMatchObject({ id: "bad", unreadable: [field] });
    const before = await rowOf("bad");
    const request = { claimId: "c", owner: "o", leaseMs: 1_000, from: ["running" as const, "failed" as const] };
    const claimed = await outcomeOf(store.claimExecution("bad", { ...request, force: true }));
    expect(claimed).toBe("STATE_CORRUPT");
    expect(await rowOf("bad")).toEqual(before);
    const { token } = (await store.getExecution("bad")) as ExecutionRecord;
    const committed = await outcomeOf(store.commit("bad", newCommit({ token, version: head.version })));
    expect(["done", "STATE_CORRUPT"]).toContain(committed);
    if (committed !== "done") expect(await rowOf("bad")).toEqual(before);
    expect(["done", "STATE_CORRUPT"]).toContain(await outcomeOf(store.readCheckpoints("bad")));
    expect(await store.deleteExecutions([{ id: "bad" }])).toBe(1);
    expect(await walk("asc", 1)).toEqual(["a", "z"]);
    expect((await pool.query("SELECT FROM waymark.checkpoints")).rowCount).toBe(2);
  });

  it.each(["", "x".repeat(600)])("with the id %j leaves the pages of other executions complete", async (id) => {
    for (const one of ["a", "bad", "z"]) await store.createExecution(newExecution(one));
    await damage("bad", "id", id);
    for (const order of ["asc", "desc"] as const) expect(await walk(order, 1)).toEqual(await stored(order));
  });

  it("that only core recognizes cannot be claimed, and can be deleted", async () => {
    await store.createExecution(newExecution("bad"));
    await damage("bad", "waiting", '[{"nodeId":"","nodeName":"N","visit":1,"since":1}]');
    const request = { claimId: "c", owner: "o", leaseMs: 1_000, from: ["running" as const], force: true };
    expect(await outcomeOf(store.claimExecution("bad", request))).toBe("STATE_CORRUPT");
    expect(await outcomeOf(store.claimExecution("bad", { ...request, claimId: "d" }))).toBe("STATE_CORRUPT");
    expect(await store.deleteExecutions([{ id: "bad" }])).toBe(1);
  });

  it.each([
    ["due", "wakeAt", { status: "pending" as const, owner: undefined, leaseMs: undefined, wakeAt: 5 }],
    ["leaseExpired", "leaseUntil", { leaseMs: 0 }],
  ] as const)("in a listing of what is %s: each comes once", async (filter, field, change) => {
    for (const [index, value] of ["-5", "-5", "-4", "7"].entries()) {
      const { owner, leaseMs, ...execution } = newExecution(`e-${index}`);
      const lease = "leaseMs" in change && change.leaseMs !== undefined ? { owner, leaseMs: change.leaseMs } : {};
      await store.createExecution({
        ...execution,
        ...lease,
        ...("wakeAt" in change && { status: change.status, wakeAt: change.wakeAt }),
      } as never);
      await damage(`e-${index}`, field, value);
    }
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listExecutions({ [filter]: true, limit: 1, ...(cursor && { cursor }) });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined && ids.length < 9);
    expect(ids).toEqual(["e-0", "e-1", "e-2", "e-3"]);
  });

  it("is listed once, even if several follow each other", async () => {
    const values = [`-${MAX_BIGINT}`, "-5", "-5", "9007199254740993", "9007199254740994", MAX_BIGINT, MAX_BIGINT];
    for (const [index, value] of values.entries()) {
      await store.createExecution(newExecution(`bad-${index}`));
      await damage(`bad-${index}`, "createdAt", value);
    }
    await store.createExecution(newExecution("good"));
    for (const order of ["asc", "desc"] as const) expect(await walk(order, 1)).toEqual(await stored(order));
  });

  it("with the largest number where none rises can be claimed", async () => {
    for (const field of ["parentVisit", "forkedFromSeq", "totalSteps", "currentStep"] as const) {
      const id = `largest-${field}`;
      await store.createExecution(newExecution(id));
      await damage(id, field, String(Number.MAX_SAFE_INTEGER));
      const request = { claimId: "c", owner: "o", leaseMs: 0, from: ["running" as const], force: true };
      expect(await store.claimExecution(id, request)).toMatchObject({ [field]: Number.MAX_SAFE_INTEGER });
    }
  });

  it("with a counter at its end refuses commits and claims, and does not change", async () => {
    for (const field of ["version", "token", "seq", "checkpointsCount"] as const) {
      await store.createExecution(newExecution(field));
      await damage(field, field, String(Number.MAX_SAFE_INTEGER));
      const before = await rowOf(field);
      const { token, version } = (await store.getExecution(field)) as ExecutionRecord;
      if (field !== "token") {
        expect(await outcomeOf(store.commit(field, newCommit({ token, version })))).toBe("STATE_CORRUPT");
      }
      const request = { claimId: "c", owner: "o", leaseMs: 0, from: ["running" as const], force: true };
      expect(await outcomeOf(store.claimExecution(field, request))).toBe("STATE_CORRUPT");
      expect(await rowOf(field)).toEqual(before);
    }
  });
});

describe("a cursor that was made by hand", () => {
  it.each([
    ['["1\'; --","a","bound"]'],
    ['["9999999999999999999","a","bound"]'],
    ['["1","a\\u0000","bound"]'],
    ['["1"]'],
    ['["1","a","other"]'],
    ["1"],
    ["{"],
  ])("%s is refused", async (stored) => {
    const cursor = Buffer.from(JSON.stringify(["createdAt", 0, "?", stored])).toString("base64url");
    await expect(store.listExecutions({ cursor })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

/** An execution with the records 0 to 4. */
async function withHistory(id: string): Promise<ExecutionRecord> {
  const head = await store.createExecution(newExecution(id));
  for (let version = 0; version < 4; version++) {
    await store.commit(id, newCommit({ token: head.token, version }));
  }
  return head;
}

describe("a damaged history", () => {
  it.each([
    ["checkpoint_id", "''"],
    ["kind", "'half'"],
    ["step_number", "-1"],
    ["attempt", MAX_BIGINT],
    ["duration_ms", "'NaN'"],
    ["duration_ms", "'-Infinity'"],
    ["timestamp_ms", "9000000000000000"],
    ["error", `'{"code":1}'`],
  ])("with %s = %s in a record is STATE_CORRUPT", async (column, value) => {
    await withHistory("a");
    await pool.query(`UPDATE waymark.checkpoints SET ${column} = ${value} WHERE seq = 2`);
    expect(await outcomeOf(store.readCheckpoints("a"))).toBe("STATE_CORRUPT");
    expect(await store.readCheckpoints("a", { from: 3 })).toHaveLength(2);
  });

  it.each([0, 1, 2, 3, 4])("without record %i is STATE_CORRUPT for reads whose range includes it", async (seq) => {
    await withHistory("a");
    await pool.query("DELETE FROM waymark.checkpoints WHERE seq = $1", [seq]);
    for (const order of ["asc", "desc"] as const) {
      expect(await outcomeOf(store.readCheckpoints("a", { order }))).toBe("STATE_CORRUPT");
      expect(await outcomeOf(store.readCheckpoints("a", { from: seq, to: seq, order }))).toBe("STATE_CORRUPT");
      expect(await store.readCheckpoints("a", { from: seq + 1, order })).toHaveLength(4 - seq);
      if (seq > 0) expect(await store.readCheckpoints("a", { to: seq - 1, order })).toHaveLength(seq);
    }
  });

  it.each([
    ["ahead of its records", "seq = seq + 1"],
    ["behind its records", "seq = seq - 1"],
    ["with another beginning", "first_seq = -1"],
    ["with no end", `seq = ${MAX_BIGINT}`],
    ["with an end before its beginning", "first_seq = 5, seq = 3"],
  ])("of a head that is %s is STATE_CORRUPT", async (_what, change) => {
    await withHistory("a");
    await pool.query(`UPDATE waymark.executions SET ${change}`);
    for (const order of ["asc", "desc"] as const) {
      expect(await outcomeOf(store.readCheckpoints("a", { order }))).toBe("STATE_CORRUPT");
    }
  });

  it("of a head that is behind its records makes a commit STATE_CORRUPT, which changes nothing", async () => {
    const { token } = await withHistory("a");
    await pool.query("UPDATE waymark.executions SET seq = 2");
    const before = await rowOf("a");
    expect(await outcomeOf(store.commit("a", newCommit({ token, version: 4 })))).toBe("STATE_CORRUPT");
    expect(await rowOf("a")).toEqual(before);
  });

  it("is not reported for any range of an undamaged history", async () => {
    await withHistory("a");
    await store.commit("a", {
      ...newCommit({ token: ((await store.getExecution("a")) as ExecutionRecord).token, version: 4 }),
      checkpoints: [newCheckpoint({ kind: "snapshot" })],
      dropBefore: 5,
    });
    expect(await store.readCheckpoints("a")).toHaveLength(1);
    expect(await store.readCheckpoints("a", { to: 4 })).toEqual([]);
    expect(await store.readCheckpoints("a", { from: 9 })).toEqual([]);
    expect(await store.readCheckpoints("a", { limit: 0 })).toEqual([]);
  });

  it("is not resumed: no node runs, and the head does not change", async () => {
    let runs = 0;
    const nodes = ["a", "b", "c"].map((id) => ({ id, type: id }));
    const edges = [
      { source: "a", target: "b" },
      { source: "b", target: "c" },
    ];
    const pass = ({ context }: { context: object }) => {
      runs += 1;
      return { ...context };
    };
    const fail = () => {
      throw new Error("down");
    };
    const workflows = [{ id: "w", nodes, edges }];
    const engine = createWorkflowEngine({ store, workflows, executors: { a: pass, b: pass, c: fail } });
    const { executionId } = await engine.executeWorkflow({ workflowId: "w", userId: "u" });
    await pool.query("DELETE FROM waymark.checkpoints WHERE seq = 2");
    const call = createWorkflowEngine({ store, workflows, executors: { a: pass, b: pass, c: pass } });
    expect(await outcomeOf(call.resumeWorkflow({ executionId }))).toBe("STATE_CORRUPT");
    expect(runs).toBe(2);
  });
});
