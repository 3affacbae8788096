import type { EntitySchema } from "typeorm";
import { type TableLocation, tableNames } from "../sql/table-names.ts";
import { waymarkEntities } from "./entities.ts";
import { type MigrationClass, waymarkMigrations } from "./migrations.ts";

/**
 * The options of a DataSource for the store's tables.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-postgres/README.md#upgrading-and-going-back
 */
export interface WaymarkDataSourceOptions {
  schema: string;
  // biome-ignore lint/suspicious/noExplicitAny: TypeORM's own type for a list of entities
  entities: EntitySchema<any>[];
  migrations: MigrationClass[];
  migrationsTableName: string;
}

/**
 * Returns options for a DataSource that manages the store's tables: to migrate in a deployment step, or to go back.
 *
 * - Do not merge them with the options of an application's own DataSource: each has its own migrations table.
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
