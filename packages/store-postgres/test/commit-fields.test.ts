import {
  type CommitRequest,
  committedHead,
  type ExecutionRecord,
  type HeadUpdate,
  type NewCheckpoint,
  type NewExecution,
} from "@waymark/core";
import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { batchRow, batchStatement } from "../src/batch-statement.ts";
import { CommitStatements } from "../src/commit-statements.ts";
import { PostgresCheckpointStore } from "../src/index.ts";
import { ServerDatabase } from "../src/server-database.ts";
import { tableNames } from "../src/table-names.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
const store = PostgresCheckpointStore.from(pool);
await store.setup();
afterAll(async () => {
  await store.close();
  await pool.end();
  await server.stop();
});

const database = new ServerDatabase({ pool, owned: false, timeoutMs: 60_000, prepare: true });
const names = tableNames();
const single = new CommitStatements(names);
const batch = batchStatement(names);

const failure = { code: "NODE_FAILED", message: 'it said "no" \u0000 \ud800 😀 \\', attempts: 2 };
const other = { code: "OTHER", message: "", nodeId: "n", nodeName: "N", stack: "s", cause: "c" };

/** Every value that a field of the head can be given; the compiler asks for each field. */
const HEADS: { [K in keyof Required<HeadUpdate>]: (HeadUpdate[K] | undefined)[] } = {
  status: [undefined, "pending", "running", "suspended", "completed", "failed", "cancelled"],
  currentStep: [undefined, 0, 7],
  totalSteps: [undefined, 9, 0],
  wakeAt: [undefined, null, 8_000_000_000_000_000, 0],
  failure: [undefined, null, failure, other],
  definitionHash: [undefined, "2:other"],
  // With an end only; the last one is later than the server's clock.
  endedAt: [undefined, 5, 8_000_000_000_000_000],
};
const ENDED: unknown[] = ["completed", "failed", "cancelled"];
/** The same for a checkpoint. */
const CHECKPOINTS: { [K in keyof Required<NewCheckpoint>]: NewCheckpoint[K][] } = {
  id: ["c1", "a checkpoint"],
  kind: ["delta", "snapshot", "error", "save"],
  nodeId: ["n1", "", "'; --"],
  nodeName: ["N", "", "\ufeff"],
  stepNumber: [1, 0, 77],
  attempt: [1, 0, 12],
  durationMs: [0, 0.1 + 0.2, 1e-7, 123_456.789],
  payload: ["{}", '{"a":"\\u0000 \\ud800 é 😀"}', "\ufeffx", ""],
  timestamp: [1_700_000_000_000, 0],
  error: [undefined, failure, other],
};
const LEASES = [undefined, 0, 90_000];
const BEFORE: Partial<NewExecution>[] = [
  { wakeAt: 5, failure: other, definitionHash: "1:first", leaseMs: 60_000 },
  { definitionHash: "1:first", leaseMs: 0 },
  { status: "pending", wakeAt: 5 },
];

/** Every value of every field, and every combination of those that decide what becomes of the others. */
function* requests(): Generator<{ before: Partial<NewExecution>; change: Partial<CommitRequest> }> {
  let turn = 0;
  const next = <T>(values: T[]) => values[turn % values.length] as T;
  for (const before of BEFORE) {
    for (const status of HEADS.status) {
      for (const leaseMs of LEASES) {
        for (const wakeAt of HEADS.wakeAt) {
          for (const failure of HEADS.failure) {
            turn += 1;
            const { currentStep, totalSteps, definitionHash } = HEADS;
            const head = {
              ...{ status, wakeAt, failure, currentStep: next(currentStep), totalSteps: next(totalSteps) },
              definitionHash: next(definitionHash),
              endedAt: ENDED.includes(status) ? next(HEADS.endedAt) : undefined,
            };
            const checkpoint = Object.fromEntries(
              Object.entries(CHECKPOINTS).map(([field, values]) => [field, next<unknown>(values)]),
            ) as unknown as NewCheckpoint;
            yield { before, change: defined({ checkpoint: defined(checkpoint), head: defined(head), leaseMs }) };
          }
        }
      }
    }
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}

/** An execution before its commit. A pending one has neither owner nor lease. */
function begin(id: string, before: Partial<NewExecution>): Promise<ExecutionRecord> {
  const { owner, leaseMs, ...rest } = newExecution(id, before);
  return store.createExecution(
    rest.status === "pending" ? rest : (defined({ ...rest, owner, leaseMs }) as NewExecution),
  );
}

async function alone(id: string, request: CommitRequest): Promise<number> {
  const { statement, values } = single.call(id, request);
  return (await database.run(statement, values)).rowCount;
}

async function together(commits: { id: string; request: CommitRequest }[]): Promise<number> {
  const rows = commits.map(({ id, request }) => batchRow(id, request));
  return (await database.run(batch, [JSON.stringify(rows)])).rowCount;
}

/** Everything that is stored of an execution but what no two have in common. */
async function stored(id: string, { leaseMs }: Partial<CommitRequest>) {
  const { rows } = await pool.query("SELECT * FROM waymark.executions WHERE id = $1", [id]);
  const { key, token: _token, id: _id, initial_checkpoint_id: _initial, ...head } = rows[0];
  const { rows: records } = await pool.query(
    "SELECT * FROM waymark.checkpoints WHERE execution_key = $1 AND seq > 0 ORDER BY seq",
    [key],
  );
  // A time is either that of this commit, or what it was, or was given.
  const age = (name: string) => (head[name] === null ? null : Number(head[name]) - Number(head.updated_at_ms));
  const times = { lease: leaseMs === undefined ? head.lease_until_ms !== null : age("lease_until_ms") };
  const {
    lease_until_ms: _lease,
    updated_at_ms: _updated,
    created_at_ms: _created,
    ended_at_ms: _ended,
    ...rest
  } = head;
  return {
    ...rest,
    ...times,
    ended: head.ended_at_ms === "5" ? 5 : age("ended_at_ms"),
    records: records.map(({ execution_key: _key, ...record }) => record),
  };
}

describe("a commit", () => {
  it("writes the same alone and in a batch, and what the rules say, whatever fields it has", async () => {
    const cases = [...requests()];
    const shared: { id: string; request: CommitRequest }[] = [];
    for (const [index, { before, change }] of cases.entries()) {
      const one = await begin(`alone-${index}`, before);
      const request = newCommit(one, { commitId: `commit-${index}`, ...change });
      expect(await alone(one.id, request)).toBe(1);
      const after = (await store.getExecution(one.id)) as ExecutionRecord;
      expect(after, `case ${index}`).toEqual(committedHead(one, request, after.updatedAt));
      expect(await store.readCheckpoints(one.id, { from: 1 })).toEqual([{ seq: 1, ...change.checkpoint }]);
      const two = await begin(`shared-${index}`, before);
      shared.push({ id: two.id, request: { ...request, token: two.token } });
    }
    for (let start = 0; start < shared.length; start += 100) {
      const some = shared.slice(start, start + 100);
      expect(await together(some)).toBe(some.length);
    }
    for (const [index, { change }] of cases.entries()) {
      expect(await stored(`shared-${index}`, change), `case ${index}`).toEqual(await stored(`alone-${index}`, change));
    }
  });

  it("without a checkpoint writes what it has, too", async () => {
    for (const head of [{ definitionHash: "2:b" }, { status: "suspended" as const, wakeAt: null }, {}]) {
      const one = await store.createExecution(newExecution(`bare-${JSON.stringify(head)}`, { wakeAt: 5 }));
      const { checkpoint: _checkpoint, ...request } = newCommit(one, { head });
      expect(await alone(one.id, request)).toBe(1);
      const after = (await store.getExecution(one.id)) as ExecutionRecord;
      expect(after).toEqual(committedHead(one, request, after.updatedAt));
    }
  });
});
