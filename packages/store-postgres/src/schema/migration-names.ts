/**
 * The name of every migration, oldest first. Separate from their statements, which are loaded only to migrate.
 *
 * - A name that begins with "Add" is a promise: the migration adds columns that may be left out of an INSERT, indexes
 *   or tables, and nothing else, so every version of the package that can work without it can work with it.
 */
export const MIGRATION_NAMES = [
  "CreateTables1764000000000",
  "CreateExecutionOutput1764000000001",
  "DropExecutionOutput1764000000002",
  "AddHeadFields1764000000003",
  "AddIndexes1764000000004",
] as const;

/** Returns whether a migration, which may be of a newer version, only adds. */
export function onlyAdds(name: string): boolean {
  return name.startsWith("Add");
}
