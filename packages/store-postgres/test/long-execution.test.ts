import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { tableNames } from "../src/sql/table-names.ts";

// A server of its own: up to PostgreSQL 13, a transaction in any database keeps old versions of rows in all.
const server = await startOwnPostgres();
afterAll(() => server.stop());
const pool = new pg.Pool({ connectionString: server.url });
const store = await PostgresCheckpointStore.connect({ url: server.url });
afterAll(async () => {
  await store.close();
  await pool.end();
});
const names = tableNames();

describe("a long execution", () => {
  it("of 10,000 checkpoints is committed by HOT updates, and its end is read by the index alone", async () => {
    // As long as its renewals are: a commit that makes the lease shorter changes what an index is on.
    const leaseMs = 30_000;
    const { id, token } = await store.createExecution(newExecution("long", { leaseMs }));
    // An ANALYZE that happens by would keep old versions of the row, and with them the page full.
    for (const table of [names.executions, names.checkpoints]) {
      await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
    }
    const before = await updates();
    const own = await PostgresCheckpointStore.connect({ url: server.url, poolSize: 1 });
    for (let version = 0; version < 10_000; version++) {
      await own.commit(id, newCommit({ token, version }, { leaseMs, head: { currentStep: version } }));
    }
    // A session reports all that it did when it ends; what it reports is counted a moment later.
    await own.close();
    const counted = async () => {
      const { all, hot } = await updates();
      return { all: all - before.all, hot: hot - before.hot };
    };
    await expect.poll(counted, { timeout: 30_000 }).toEqual({ all: 10_000, hot: 10_000 });
    // Pages are tidied up as they fill: ten thousand versions of one row leave little behind.
    const { rows: size } = await pool.query("SELECT pg_relation_size($1::regclass) AS bytes", [names.executions]);
    expect(Number(size[0].bytes)).toBeLessThan(100_000);
    const tail = await store.readCheckpoints(id, { order: "desc", limit: 3 });
    expect(tail.map(({ seq }) => seq)).toEqual([10_000, 9_999, 9_998]);
    expect(await store.readCheckpoints(id)).toHaveLength(10_001);
  });

  it("drops the records before a snapshot, and its deletion leaves nothing", async () => {
    const { id, token } = await store.createExecution(newExecution("dropped"));
    for (let version = 0; version < 20; version++) await store.commit(id, newCommit({ token, version }));
    const checkpoint = newCheckpoint({ kind: "snapshot" });
    await store.commit(id, newCommit({ token, version: 20 }, { checkpoints: [checkpoint], dropBefore: 21 }));
    const { rows: one } = await pool.query(`SELECT e.key, count(*) FROM ${names.executions} AS e
      JOIN ${names.checkpoints} AS c ON c.execution_key = e.key WHERE e.id = 'dropped' GROUP BY e.key`);
    expect(one[0].count).toBe("1");
    expect(await store.deleteExecutions([{ id, version: 21 }])).toBe(1);
    const { rows: none } = await pool.query(`SELECT 1 FROM ${names.checkpoints} WHERE execution_key = $1`, [
      one[0].key,
    ]);
    expect(none).toEqual([]);
  });
});

/** Returns the number of updates of executions that the server has counted, and the number of HOT ones. */
async function updates(): Promise<{ all: number; hot: number }> {
  const { rows } = await pool.query(
    'SELECT n_tup_upd AS "all", n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relid = $1::regclass',
    [names.executions],
  );
  return { all: Number(rows[0].all), hot: Number(rows[0].hot) };
}
