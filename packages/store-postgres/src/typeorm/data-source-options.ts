import type { EntitySchema } from "typeorm";
import { type TableLocation, tableNames } from "../sql/table-names.ts";
import { waymarkEntities } from "./entities.ts";
import { type MigrationClass, waymarkMigrations } from "./migrations.ts";

/** What a DataSource needs to know of the store's tables. */
export interface WaymarkDataSourceOptions {
  schema: string;
  // biome-ignore lint/suspicious/noExplicitAny: TypeORM's own type for a list of entities
  entities: EntitySchema<any>[];
  migrations: MigrationClass[];
  migrationsTableName: string;
}

/**
 * Options for a DataSource that manages the store's tables: to migrate in a deployment step, or to go back.
 *
 * - Not to be merged with the options of an application's own DataSource: each has a migrations table of its own.
 *
 * @example
 * ```ts
 * const dataSource = new DataSource({ type: "postgres", url, ...waymarkDataSourceOptions() });
 * await dataSource.initialize();
 * await dataSource.undoLastMigration({ transaction: "all" });
 * ```
 */
export function waymarkDataSourceOptions(location: TableLocation = {}): WaymarkDataSourceOptions {
  const { schema, prefix } = tableNames(location);
  return {
    schema,
    entities: Object.values(waymarkEntities(location)),
    migrations: waymarkMigrations(location),
    migrationsTableName: `${prefix}migrations`,
  };
}
