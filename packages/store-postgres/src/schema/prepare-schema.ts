import { WorkflowError } from "@waymark/core";
import { listed, unavailable } from "@waymark/core/store";
import { type Database, statement } from "../database.ts";
import type { TableNames } from "../sql/table-names.ts";
import { MIGRATION_NAMES, onlyAdds } from "./migration-names.ts";

/** The oldest major version that is supported. */
const OLDEST_SERVER = 13;

/** Options of {@link prepareSchema}. */
export interface PrepareSchemaOptions {
  database: Database;
  names: TableNames;
  /** True to run migrations that are missing, false to refuse. */
  migrate: boolean;
  /** Opens the database in which to migrate, if that is not `database`. */
  openForMigration?(): Promise<Database | undefined>;
}

/**
 * Checks the server and the schema, and migrates if that is allowed and needed.
 *
 * - Two short queries if the schema is up to date.
 * - Tables of a newer version are accepted if its migrations only add.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
 */
export async function prepareSchema(options: PrepareSchemaOptions): Promise<void> {
  const { database, names } = options;
  const hasMigrations = await checkServer(database, names);
  const applied = hasMigrations ? await appliedMigrations(database, names) : [];
  const known = new Set<string>(MIGRATION_NAMES);
  const breaking = applied.filter((name) => !known.has(name) && !onlyAdds(name));
  if (breaking.length > 0) {
    throw new WorkflowError(
      "STATE_VERSION_UNSUPPORTED",
      `The tables in schema "${names.schema}" are of a newer version of @waymark/store-postgres (${listed(breaking)}). Upgrade the package, or go back by that version's down migrations.`,
      { details: { migrations: breaking } },
    );
  }
  const missing = MIGRATION_NAMES.filter((name) => !applied.includes(name));
  if (missing.length === 0) return;
  if (!options.migrate) {
    throw unavailable(
      "schema",
      `Schema "${names.schema}" lacks the migrations ${missing.join(", ")}, and \`migrate\` is false. Run them in your deployment: PostgresCheckpointStore.migrate().`,
      { details: { migrations: [...missing] } },
    );
  }
  const { migrate } = await import("./migrate.ts");
  const other = await options.openForMigration?.();
  try {
    await migrate(other ?? database, names);
  } finally {
    await other?.end();
  }
}

/** Refuses a server that does not suit, and returns whether the table of migrations exists. */
async function checkServer(database: Database, names: TableNames): Promise<boolean> {
  const { rows } = await database.run(
    statement(`SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS version_name,
      current_setting('server_encoding') AS encoding, to_regclass($1::text) IS NOT NULL AS has_migrations`),
    [names.migrations],
    { unprepared: true },
  );
  const [facts] = rows;
  if (Number(facts?.version) < OLDEST_SERVER * 10_000) {
    throw unavailable(
      "server_too_old",
      `This is PostgreSQL ${facts?.version_name}; Waymark needs version ${OLDEST_SERVER} or newer. Upgrade the server.`,
      { details: { version: facts?.version_name, oldestSupported: String(OLDEST_SERVER) } },
    );
  }
  if (facts?.encoding !== "UTF8") {
    throw unavailable(
      "server",
      `The database's encoding is ${facts?.encoding}, which cannot keep every text. Make one with ENCODING 'UTF8'.`,
      { details: { encoding: facts?.encoding } },
    );
  }
  return facts.has_migrations?.startsWith("t") === true;
}

async function appliedMigrations(database: Database, names: TableNames): Promise<string[]> {
  const { rows } = await database.run(statement(`SELECT name FROM ${names.migrations} ORDER BY id`), [], {
    unprepared: true,
  });
  return rows.map((row) => String(row.name));
}
