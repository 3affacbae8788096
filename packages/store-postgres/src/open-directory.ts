import { existsSync } from "node:fs";
import { join } from "node:path";
import { WorkflowError } from "@waymark/core";
import type { Database } from "./database.ts";
import { lockDirectory } from "./directory-lock.ts";
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

/** PostgreSQL wants a folder that has nothing of others' in it; one that PGlite made before is used as it is. */
function databaseIn(folder: string): string {
  return existsSync(join(folder, "PG_VERSION")) ? folder : join(folder, "pgdata");
}

async function loadPGlite(): Promise<typeof import("@electric-sql/pglite").PGlite> {
  try {
    return (await import("@electric-sql/pglite")).PGlite;
  } catch (cause) {
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      "`dataDir` needs the package @electric-sql/pglite, which is not installed. Install it, or give the `url` of a server.",
      { cause, details: { argument: "dataDir" } },
    );
  }
}

function unusable(folder: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof WorkflowError) return cause;
  return new WorkflowError("STORE_UNAVAILABLE", `The folder ${folder} cannot be opened as a database. (${message})`, {
    cause,
    details: { reason: "folder", dataDir: folder, ...(code === undefined ? {} : { code }) },
  });
}
