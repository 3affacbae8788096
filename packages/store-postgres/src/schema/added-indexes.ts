import type { TableNames } from "../sql/table-names.ts";

/** An index of `executions` that a migration adds to existing rows. */
export interface AddedIndex {
  /** Its name, quoted, with the schema. */
  readonly qualified: string;
  /** The part of the statement from the name on. */
  readonly definition: string;
}

/** Lists the indexes of the migration "AddIndexes". */
export function addedIndexes({ executions, schema, prefix }: TableNames): AddedIndex[] {
  const columns: [string, string][] = [
    ["due", "(wake_at_ms, id) WHERE wake_at_ms IS NOT NULL AND status IN ('pending', 'suspended')"],
    ["lease", "(lease_bound_ms, id) WHERE status = 'running'"],
    ["definition", "(definition_hash)"],
  ];
  return columns.map(([name, of]) => ({
    qualified: `"${schema}"."${prefix}executions_${name}"`,
    definition: `"${prefix}executions_${name}" ON ${executions} ${of}`,
  }));
}

/** Returns the statement that makes an index if it is missing. Writes wait meanwhile, unless it is CONCURRENTLY. */
export function createIndex({ definition }: AddedIndex, how: "" | "CONCURRENTLY" = ""): string {
  return `CREATE INDEX ${how} IF NOT EXISTS ${definition}`;
}

/** Drops indexes whose concurrent build was cut off. */
export async function dropInvalid(
  names: TableNames,
  send: (sql: string) => Promise<{ rows: readonly unknown[] }>,
  how: "" | "CONCURRENTLY" = "",
): Promise<void> {
  for (const { qualified } of addedIndexes(names)) {
    const found = await send(
      `SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('${qualified}') AND NOT indisvalid`,
    );
    if (found.rows.length > 0) await send(`DROP INDEX ${how} ${qualified}`);
  }
}
