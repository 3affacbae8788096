/**
 * Every migration there is, oldest first. Apart from their code, so that a schema can be checked without TypeORM.
 */
export const MIGRATION_NAMES = [
  "CreateTables1764000000000",
  "CreateExecutionOutput1764000000001",
  "DropExecutionOutput1764000000002",
] as const;
