// Compares a commit on PostgreSQL with a prepared INSERT of the same row by bare `pg` on one connection.
//
//   node postgres-commit.ts            uses the server of POSTGRES_URL; without it, starts a server with fsync on
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { startOwnPostgres, startPostgres } from "tooling/test-servers";
import { type Floor, measureCommits } from "./commit-cost.ts";

const ROUNDS = 15;
const INSERT = `INSERT INTO plain (execution_key, seq, checkpoint_id, kind, node_id, node_name, step_number, attempt,
  duration_ms, payload, timestamp_ms, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

const server = process.env.POSTGRES_URL ? await startPostgres() : await startOwnPostgres({ settings: { fsync: "on" } });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const store = await PostgresCheckpointStore.connect({ url: server.url });
const { rows } = await client.query(
  "SELECT current_setting('fsync') || ', ' || current_setting('synchronous_commit') AS s",
);
console.log(`fsync, synchronous_commit: ${rows[0].s}`);
await client.query("CREATE TABLE plain (LIKE waymark.checkpoints INCLUDING ALL)");

const floor: Floor = {
  name: "INSERT",
  write: (c, seq, step) => {
    const node = [c.id, c.kind, c.nodeId, c.nodeName, c.stepNumber, c.attempt, c.durationMs];
    const values = [step, seq, ...node, c.payload, c.timestamp, null];
    return client.query({ name: "insert", text: INSERT, values });
  },
};
await measureCommits(store, floor, ROUNDS);

await store.close();
await client.end();
await server.stop();
