import type { MigrationInterface, QueryRunner } from "typeorm";
import { MIGRATION_NAMES } from "../schema/migration-names.ts";
import { type MigrationStep, migrationSteps } from "../schema/migration-steps.ts";
import { type TableLocation, tableNames } from "../sql/table-names.ts";

/** A migration class of TypeORM. */
export type MigrationClass = new () => MigrationInterface;

/**
 * Returns the store's migrations, oldest first, for a place of the tables.
 *
 * - `up` and `down` run inside a transaction; `down` of the first one drops every execution.
 */
export function waymarkMigrations(location: TableLocation = {}): MigrationClass[] {
  const steps = migrationSteps(tableNames(location));
  return MIGRATION_NAMES.map((name) => migrationClass(name, steps[name]));
}

function migrationClass(name: string, step: MigrationStep): MigrationClass {
  return class implements MigrationInterface {
    readonly name = name;
    async up(queryRunner: QueryRunner): Promise<void> {
      for (const sql of step.up) await queryRunner.query(sql);
    }
    async down(queryRunner: QueryRunner): Promise<void> {
      for (const sql of step.down) await queryRunner.query(sql);
    }
  };
}
