import type { ProjectedExecution } from "@waymark/core/migration";

/** A chain of four nodes. */
export const WORKFLOW = {
  id: "chain",
  nodes: ["a", "b", "c", "d"].map((id) => ({ id })),
  edges: [
    { source: "a", target: "b" },
    { source: "b", target: "c" },
    { source: "c", target: "d" },
  ],
};

/** The table of an application, as it had it before: with a column for the revision. */
export const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "Execution" (id text PRIMARY KEY, "workflowId" text NOT NULL,
  "userId" text NOT NULL, status text NOT NULL, output jsonb, error text, "endedAt" timestamptz, revision text)`;

const UPSERT = `INSERT INTO "Execution" AS e (id, "workflowId", "userId", status, output, error, "endedAt", revision)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, output = coalesce(excluded.output, e.output),
    error = excluded.error, "endedAt" = excluded."endedAt", revision = excluded.revision
  WHERE e.revision IS NULL OR e.revision < excluded.revision`;

/** A connection or a pool, of `pg` or PGlite. */
interface Client {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
}

/** Writes a row, unless the table has a newer state of it. */
export async function upsert(client: Client, row: ProjectedExecution): Promise<void> {
  const { executionId, workflowId, userId, status, output, error, endedAt, revision } = row;
  const json = output === undefined ? null : JSON.stringify(output);
  await client.query(UPSERT, [executionId, workflowId, userId, status, json, error, endedAt, revision]);
}
