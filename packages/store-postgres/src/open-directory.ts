import type { Database } from "./database.ts";
import { EmbeddedDatabase } from "./embedded-database.ts";

/** Opens PGlite on a folder, or in memory. */
export async function openDirectory(dataDir: string): Promise<Database> {
  const { PGlite } = await import("@electric-sql/pglite");
  const pglite = await PGlite.create({ dataDir });
  return new EmbeddedDatabase(pglite, () => pglite.close());
}
