import {
  type CommitRequest,
  committedHead,
  type ExecutionRecord,
  type HeadUpdate,
  type NewCheckpoint,
  type NewExecution,
} from "@waymark/core/store";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { isThorough } from "tooling/thorough";
import { describe, expect, it } from "vitest";
import { ServerDatabase } from "../src/server/server-database.ts";
import { BatchStatements } from "../src/sql/batch-statement.ts";
import { CommitStatements } from "../src/sql/commit-statements.ts";
import { tableNames } from "../src/sql/table-names.ts";
import { migratedServer } from "./migrated-server.ts";

const { pool, store } = await migratedServer();

const database = new ServerDatabase({ pool, owned: false, timeoutMs: 60_000, prepare: true });
const names = tableNames();
const single = new CommitStatements(names);
const batches = new BatchStatements(names);

const failure = { code: "NODE_FAILED", message: 'it said "no" \u0000 \ud800 😀 \\', attempts: 2 };
const other = { code: "OTHER", message: "", nodeId: "n", nodeName: "N", stack: "s", cause: "c" };

const node = { nodeId: "n", nodeName: "N", visit: 2, since: 4 };

/** Every value that a field of the head can be given; the compiler asks for each field. */
const HEADS: { [K in keyof Required<HeadUpdate>]: (HeadUpdate[K] | undefined)[] } = {
  status: [undefined, "pending", "running", "suspended", "completed", "failed", "cancelled"],
  currentStep: [undefined, 0, 7],
  totalSteps: [undefined, 9, 0],
  wakeAt: [undefined, null, 8_000_000_000_000_000, 0],
  wakeInMs: [undefined, 0, 90_000],
  waiting: [undefined, null, [], [node, { ...node, reason: "\u0000 \ud800 \\", until: 5 }]],
  waitingCount: [undefined, null, 0, 101],
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
  visit: [1, 3],
  stepNumber: [1, 0, 77],
  attempt: [1, 0, 12],
  durationMs: [0, 0.1 + 0.2, 1e-7, 123_456.789],
  payload: ["{}", '{"a":"\\u0000 \\ud800 é 😀"}', "\ufeffx", ""],
  timestamp: [1_700_000_000_000, 0],
  error: [undefined, failure, other],
};
const LEASES = [undefined, 0, 90_000];
const SIZES = [1, 3, 1, 100, 2];
const BEFORE: Partial<NewExecution>[] = [
  { wakeAt: 5, failure: other, definitionHash: "1:first", leaseMs: 60_000 },
  { definitionHash: "1:first", leaseMs: 0 },
  { status: "pending", wakeAt: 5 },
];

/**
 * Every value of every field, and every combination of those that decide what becomes of the others. One in seven of these,
 * unless all are to be tried: a number of values that no field has.
 */
function* requests(): Generator<{ before: Partial<NewExecution>; change: Partial<CommitRequest> }> {
  let turn = 0;
  const next = <T>(values: T[]) => values[turn % values.length] as T;
  for (const before of BEFORE) {
    for (const status of HEADS.status) {
      for (const leaseMs of LEASES) {
        for (const wakeAt of HEADS.wakeAt) {
          for (const failure of HEADS.failure) {
            turn += 1;
            if (!isThorough && turn % 7 !== 0) continue;
            const { currentStep, totalSteps, definitionHash, waiting, waitingCount, wakeInMs } = HEADS;
            const head = {
              ...{ status, wakeAt, failure, currentStep: next(currentStep), totalSteps: next(totalSteps) },
              ...{ definitionHash: next(definitionHash), waiting: next(waiting), waitingCount: next(waitingCount) },
              wakeInMs: wakeAt === undefined ? next(wakeInMs) : undefined,
              endedAt: ENDED.includes(status) ? next(HEADS.endedAt) : undefined,
            };
            const checkpoints = Array.from({ length: next(SIZES) }, (_, at) => checkpointOf(turn + at));
            yield { before, change: defined({ checkpoints, head: defined(head), leaseMs }) };
          }
        }
      }
    }
  }
}

function checkpointOf(turn: number): NewCheckpoint {
  const values = Object.entries(CHECKPOINTS).map(([field, some]) => [field, some[turn % some.length]]);
  return defined(Object.fromEntries(values)) as NewCheckpoint;
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
  const { statement, values } = batches.call(commits);
  return (await database.run(statement, values)).rowCount;
}

/** Everything that is stored of an execution but what no two have in common. */
async function stored(id: string, { leaseMs, head: update }: Partial<CommitRequest>) {
  const { rows } = await pool.query("SELECT * FROM waymark.executions WHERE id = $1", [id]);
  const { key, token: _token, id: _id, initial_checkpoint_id: _initial, ...head } = rows[0];
  const { rows: records } = await pool.query(
    "SELECT * FROM waymark.checkpoints WHERE execution_key = $1 AND seq > 0 ORDER BY seq",
    [key],
  );
  // A time is either that of this commit, or what it was, or was given.
  const age = (name: string) => (head[name] === null ? null : Number(head[name]) - Number(head.updated_at_ms));
  const [bound, end] = [Number(head.lease_bound_ms), Number(head.lease_until_ms)];
  expect(bound).toBeLessThanOrEqual(end);
  const times = {
    lease: leaseMs === undefined ? head.lease_until_ms !== null : age("lease_until_ms"),
    isBound: bound > 0,
    wake: update?.wakeInMs === undefined ? head.wake_at_ms : age("wake_at_ms"),
  };
  const {
    lease_bound_ms: _bound,
    wake_at_ms: _wake,
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
  it("with any fields writes the same alone and in a batch, as the rules of core require", async () => {
    const cases = [...requests()];
    const shared: { id: string; request: CommitRequest }[] = [];
    for (const [index, { before, change }] of cases.entries()) {
      const one = await begin(`alone-${index}`, before);
      const request = newCommit(one, { commitId: `commit-${index}`, ...change });
      expect(await alone(one.id, request)).toBe(change.checkpoints?.length);
      const after = (await store.getExecution(one.id)) as ExecutionRecord;
      const { readAt } = after;
      expect(after, `case ${index}`).toEqual({ ...committedHead(one, request, after.updatedAt), readAt });
      const records = change.checkpoints?.map((checkpoint, at) => ({ seq: at + 1, ...checkpoint }));
      expect(await store.readCheckpoints(one.id, { from: 1 })).toEqual(records);
      const two = await begin(`shared-${index}`, before);
      shared.push({ id: two.id, request: { ...request, token: two.token } });
    }
    // A batch of commits that have one checkpoint each has a statement of its own.
    const isSingle = ({ request }: { request: CommitRequest }) => request.checkpoints?.length === 1;
    for (const some of [shared.filter(isSingle), shared.filter((one) => !isSingle(one))]) {
      expect(await together(some)).toBe(some.length);
    }
    for (const [index, { change }] of cases.entries()) {
      expect(await stored(`shared-${index}`, change), `case ${index}`).toEqual(await stored(`alone-${index}`, change));
    }
  });

  it("without a checkpoint writes its other fields", async () => {
    for (const head of [{ definitionHash: "2:b" }, { status: "suspended" as const, wakeAt: null }, {}]) {
      const one = await store.createExecution(newExecution(`bare-${JSON.stringify(head)}`, { wakeAt: 5 }));
      const { checkpoints: _checkpoints, ...request } = newCommit(one, { head });
      expect(await alone(one.id, request)).toBe(1);
      const after = (await store.getExecution(one.id)) as ExecutionRecord;
      expect(after).toEqual({ ...committedHead(one, request, after.updatedAt), readAt: after.readAt });
    }
  });

  it("with several checkpoints has the result of one commit for each, alone and in a batch", async () => {
    const KINDS = ["delta", "save", "snapshot", "error", "delta"] as const;
    const checkpoints = KINDS.map((kind, at) => ({ ...checkpointOf(at), kind, id: `c${at}` }));
    const before = { wakeAt: 5, leaseMs: 60_000 };
    const one = await begin("several-alone", before);
    await alone(one.id, newCommit(one, { checkpoints }));
    const two = await begin("several-shared", before);
    await together([{ id: two.id, request: newCommit(two, { checkpoints }) }]);
    const three = await begin("one-by-one", before);
    for (const [version, checkpoint] of checkpoints.entries()) {
      await alone(three.id, newCommit({ ...three, version }, { checkpoints: [checkpoint] }));
    }
    const rows = await Promise.all([one, two, three].map(async ({ id }) => stored(id, {})));
    const [first, ...others] = rows.map(({ version: _version, last_commit_id: _last, ...rest }) => rest);
    for (const other of others) expect(other).toEqual(first);
  });

  it("with several checkpoints drops its own checkpoints before its own snapshot", async () => {
    const one = await begin("several-dropped", {});
    const kinds = ["delta", "snapshot", "save", "snapshot", "delta"] as const;
    const checkpoints = kinds.map((kind, at) => ({ ...checkpointOf(at), kind }));
    for (const dropBefore of [1, 3, 6]) {
      await expect(store.commit(one.id, newCommit(one, { checkpoints, dropBefore }))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { argument: "dropBefore" },
      });
    }
    await store.commit(one.id, newCommit(one, { checkpoints, dropBefore: 4 }));
    expect(await store.getExecution(one.id)).toMatchObject({
      seq: 5,
      snapshotSeq: 4,
      firstSeq: 4,
      checkpointsCount: 4,
    });
    expect((await store.readCheckpoints(one.id)).map(({ seq }) => seq)).toEqual([4, 5]);
  });
});
