export type { TableLocation } from "../sql/table-names.ts";
export { type WaymarkDataSourceOptions, waymarkDataSourceOptions } from "./data-source-options.ts";
export {
  type CheckpointRow,
  type DefinitionRow,
  type ExecutionRow,
  type WaymarkEntities,
  waymarkEntities,
} from "./entities.ts";
export { type MigrationClass, waymarkMigrations } from "./migrations.ts";
