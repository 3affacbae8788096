import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { copyFolder, folderInMemory, PREPARED } from "./data-folders.ts";
import { fetchOnce } from "./fetch-once.ts";

/** Opens a PGlite on an empty cluster, in a folder that goes away with `close()`. */
export async function openPGlite(): Promise<PGlite> {
  const folder = mkdtempSync(join(folderInMemory(), "waymark-pglite-"));
  const { PGlite } = await import("@electric-sql/pglite");
  const pglite = await PGlite.create(await preparePGlite(folder));
  const close = pglite.close.bind(pglite);
  pglite.close = async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  };
  return pglite;
}

/**
 * Puts an empty cluster of PGlite where a store opens it, and returns the cluster's path.
 *
 * - To create one takes a processor 4 to 9 s, to open a copy 0.8 s. So it is created once for each version of PGlite, and
 *   kept below `node_modules/.cache`.
 *
 * @param dataDir The store's option of that name. The folder is made if it is missing.
 */
export async function preparePGlite(dataDir: string): Promise<string> {
  const prepared = join(PREPARED, `pglite-${version()}`);
  await fetchOnce(prepared, async (building) => {
    const { PGlite } = await import("@electric-sql/pglite");
    const cluster = join(building, "cluster");
    await (await PGlite.create(cluster)).close();
    return cluster;
  });
  const cluster = join(dataDir, "pgdata");
  copyFolder(prepared, cluster);
  return cluster;
}

function version(): string {
  const manifest = new URL("../package.json", import.meta.resolve("@electric-sql/pglite"));
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
