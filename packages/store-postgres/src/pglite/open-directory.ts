import { existsSync } from "node:fs";
import { join } from "node:path";
import { WorkflowError } from "@waymark/core";
import { unavailable } from "@waymark/core/store";
import type { Database } from "../database.ts";
import { causeOf } from "../server/translate-error.ts";
import { lockDirectory, makeDatabaseDirectory } from "./directory-lock.ts";
import { pgliteDatabase } from "./pglite-database.ts";

const IN_MEMORY = "memory://";

/**
 * Opens PGlite on a folder that this process then holds, or in memory.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
 */
export async function openDirectory(dataDir: string, timeoutMs: number): Promise<Database> {
  const PGlite = await loadPGlite();
  if (dataDir.startsWith(IN_MEMORY)) {
    const pglite = await PGlite.create({ dataDir: IN_MEMORY });
    return pgliteDatabase({ pglite, timeoutMs, release: () => pglite.close() });
  }
  const folder = dataDir.replace(/^file:\/\//, "");
  try {
    const lock = await lockDirectory(folder);
    try {
      const pglite = await PGlite.create({ dataDir: databaseIn(folder) });
      const release = async () => {
        await pglite.close();
        await lock.release();
      };
      return await pgliteDatabase({ pglite, timeoutMs, release });
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw unusable(folder, error);
  }
}

/**
 * Returns the folder of the database, which only this user can use. PostgreSQL needs one without other files. A folder
 * that PGlite has made before is used unchanged.
 */
function databaseIn(folder: string): string {
  if (existsSync(join(folder, "PG_VERSION"))) return folder;
  const database = join(folder, "pgdata");
  makeDatabaseDirectory(database);
  return database;
}

async function loadPGlite(): Promise<typeof import("@electric-sql/pglite").PGlite> {
  try {
    return (await import("@electric-sql/pglite")).PGlite;
  } catch (error) {
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      "`dataDir` needs the package @electric-sql/pglite, which is not installed. Install it, or give the `url` of a server.",
      { cause: causeOf(error), details: { argument: "dataDir" } },
    );
  }
}

function unusable(folder: string, error: unknown): unknown {
  if (error instanceof WorkflowError) return error;
  const cause = causeOf(error);
  return unavailable("folder", `The folder ${folder} cannot be opened as a database. (${cause.message})`, {
    cause,
    details: { dataDir: folder, ...(cause.code === undefined ? {} : { code: cause.code }) },
  });
}
