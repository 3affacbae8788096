// For release-before.test.ts: the release before the present one, as far as a database can tell.
import type { ExecutionRecord, NewExecution } from "@waymark/core";
import { readStoredHead } from "@waymark/core/store";
import type pg from "pg";
import { EXECUTION } from "../src/sql/columns.ts";
import before from "./fixtures/release-before.json" with { type: "json" };

type Name = { [K in keyof typeof before]: (typeof before)[K] extends { sql: string } ? K : never }[keyof typeof before];

/** Makes the tables as that release does, with its table of migrations. */
export async function createTablesOfBefore(pool: pg.Pool): Promise<void> {
  await pool.query("CREATE SCHEMA waymark");
  for (const sql of before.up) await pool.query(sql);
  await pool.query(
    "CREATE TABLE waymark.migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)",
  );
  for (const name of before.migrations) {
    await pool.query("INSERT INTO waymark.migrations (timestamp, name) VALUES ($1, $2)", [
      name.match(/\d+$/)?.[0],
      name,
    ]);
  }
}

/** Sends the statements of that release. */
export class ReleaseBefore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Sends a statement with its fields, named by their paths ("head.status"); those that are absent are NULL. */
  async send(name: Name, fields: Readonly<Record<string, unknown>>): Promise<pg.QueryResult> {
    const { sql, values } = before[name];
    return this.#pool.query(
      sql,
      values.map((field) =>
        typeof field === "string" && field in fields ? fields[field] : typeof field === "number" ? field : null,
      ),
    );
  }

  async create(execution: NewExecution): Promise<void> {
    await this.send("create", flat({ ...execution, checkpoint: execution.checkpoint }));
  }

  /** Reads the head, with the fields that this release knows. */
  async head(id: string): Promise<ExecutionRecord | undefined> {
    const { rows } = await this.send("head", { id });
    if (rows[0] === undefined) return undefined;
    const fields = Object.entries(EXECUTION).map(([field, { column }]) => [field, rows[0][column]]);
    return readStoredHead({ ...Object.fromEntries(fields), readAt: rows[0].now_ms });
  }
}

/** The fields of a request by their paths. */
export function flat(request: object, path = ""): Record<string, unknown> {
  const entries = Object.entries(request).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && name !== "failure"
      ? Object.entries(flat(value, `${path}${name}.`))
      : [[`${path}${name}`, name === "failure" ? JSON.stringify(value) : value] as const],
  );
  return Object.fromEntries(entries);
}
