import type { TableNames } from "../sql/table-names.ts";
import { addedIndexes, createIndex } from "./added-indexes.ts";
import type { MIGRATION_NAMES } from "./migration-names.ts";

/** The statements of a migration, up and down. */
export interface MigrationStep {
  up: string[];
  down: string[];
}

/** Returns the statements of every migration, for a place of the tables. */
export function migrationSteps(names: TableNames): Record<(typeof MIGRATION_NAMES)[number], MigrationStep> {
  return {
    CreateTables1764000000000: createTables(names),
    // It made a view, which a later migration has dropped.
    CreateExecutionOutput1764000000001: { up: [], down: [] },
    DropExecutionOutput1764000000002: dropExecutionOutput(names),
    AddHeadFields1764000000003: addHeadFields(names),
    AddIndexes1764000000004: addIndexes(names),
  };
}

/*
 * - Ids are compared by their bytes (collation "C"), which is the order of a listing on every server.
 * - Times are whole milliseconds: exact, and independent of a session's time zone and date style.
 * - A commit changes no indexed column (a status changes at the beginning and the end of a run only), and pages are
 *   left half empty: so its UPDATE finds room on the row's own page and touches no index (a HOT update).
 * - There is no foreign key: the statements that write records and delete executions keep the two together themselves,
 *   and a check per record would cost as much as writing it.
 */
function createTables({ executions, checkpoints, definitions, tokens, prefix }: TableNames): MigrationStep {
  const index = (name: string, columns: string, where = "") =>
    `CREATE INDEX "${prefix}executions_${name}" ON ${executions} (${columns})${where}`;
  return {
    up: [
      `CREATE SEQUENCE ${tokens} AS bigint`,
      `CREATE TABLE ${executions} (
        key bigint NOT NULL,
        id text COLLATE "C" NOT NULL,
        workflow_id text COLLATE "C" NOT NULL,
        user_id text COLLATE "C" NOT NULL,
        status text NOT NULL,
        version bigint NOT NULL,
        token bigint NOT NULL,
        seq bigint NOT NULL,
        snapshot_seq bigint NOT NULL,
        first_seq bigint NOT NULL,
        checkpoints_count bigint NOT NULL,
        current_step bigint NOT NULL,
        total_steps bigint NOT NULL,
        owner text,
        lease_until_ms bigint,
        wake_at_ms bigint,
        failure json,
        definition_hash text,
        parent_id text COLLATE "C",
        created_at_ms bigint NOT NULL,
        updated_at_ms bigint NOT NULL,
        ended_at_ms bigint,
        initial_checkpoint_id text NOT NULL,
        last_claim_id text,
        last_commit_id text,
        CONSTRAINT "${prefix}executions_pkey" PRIMARY KEY (id)
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)`,
      index("created", "created_at_ms, id"),
      index("status", "status, created_at_ms, id"),
      index("workflow", "workflow_id, created_at_ms, id"),
      index("user", "user_id, created_at_ms, id"),
      index("parent", "parent_id, created_at_ms, id", " WHERE parent_id IS NOT NULL"),
      index("wake", "wake_at_ms", " WHERE wake_at_ms IS NOT NULL"),
      `CREATE TABLE ${checkpoints} (
        execution_key bigint NOT NULL,
        seq bigint NOT NULL,
        checkpoint_id text NOT NULL,
        kind text NOT NULL,
        node_id text NOT NULL,
        node_name text NOT NULL,
        step_number bigint NOT NULL,
        attempt bigint NOT NULL,
        duration_ms double precision NOT NULL,
        timestamp_ms bigint NOT NULL,
        error json,
        payload text NOT NULL,
        CONSTRAINT "${prefix}checkpoints_pkey" PRIMARY KEY (execution_key, seq)
      )`,
      `CREATE TABLE ${definitions} (
        hash text COLLATE "C" NOT NULL,
        definition text NOT NULL,
        created_at_ms bigint NOT NULL,
        CONSTRAINT "${prefix}definitions_pkey" PRIMARY KEY (hash)
      )`,
    ],
    down: [
      `DROP TABLE ${definitions}`,
      `DROP TABLE ${checkpoints}`,
      `DROP TABLE ${executions}`,
      `DROP SEQUENCE ${tokens}`,
    ],
  };
}

/*
 * Earlier versions had a view that put the JSON of the old `Execution.output` column together in SQL: a second reader
 * of the stored format. It is dropped without CASCADE: the application must drop what it has built on the view.
 */
function dropExecutionOutput({ schema, prefix }: TableNames): MigrationStep {
  const qualified = (name: string) => `"${schema}"."${prefix}${name}"`;
  return {
    up: [
      `DROP VIEW IF EXISTS ${qualified("execution_output")}`,
      `DROP FUNCTION IF EXISTS ${qualified("output_of")}(bigint)`,
      `DROP FUNCTION IF EXISTS ${qualified("apply_change")}(jsonb, jsonb)`,
    ],
    down: [],
  };
}

/*
 * Columns that can be NULL or have a constant default: PostgreSQL adds them without touching a row. An INSERT without
 * them (by an older version of the package, while both run) writes a record of visit 1, an execution without
 * recoveries, and a lease whose end the index does not know (0).
 */
function addHeadFields({ executions, checkpoints, definitions }: TableNames): MigrationStep {
  const added: [string, string[]][] = [
    [
      executions,
      [
        "waiting json",
        "waiting_count bigint",
        "recoveries bigint NOT NULL DEFAULT 0",
        "deadline_at_ms bigint",
        'parent_node_id text COLLATE "C"',
        "parent_visit bigint",
        'forked_from_id text COLLATE "C"',
        "forked_from_seq bigint",
        "metadata json",
        "lease_bound_ms bigint NOT NULL DEFAULT 0",
      ],
    ],
    [checkpoints, ["visit bigint NOT NULL DEFAULT 1"]],
    [definitions, ["saved_at_ms bigint"]],
  ];
  const alter = (change: (column: string) => string) =>
    added.map(([table, columns]) => `ALTER TABLE ${table} ${columns.map(change).join(", ")}`);
  return {
    up: alter((column) => `ADD COLUMN ${column}`),
    down: alter((column) => `DROP COLUMN ${column.slice(0, column.indexOf(" "))}`),
  };
}

/*
 * - No index has a column that the commit of a node changes: its UPDATE would no longer be a HOT one. A lapsed lease is
 *   found by a bound of its end.
 * - The two indexes of times are partial: they hold only executions that wait or run.
 * - On a large table they exist already: see build-indexes.ts.
 */
function addIndexes(names: TableNames): MigrationStep {
  const indexes = addedIndexes(names);
  return {
    up: indexes.map((index) => createIndex(index)),
    down: indexes.map(({ qualified }) => `DROP INDEX ${qualified}`),
  };
}
