import { type OwnPostgresOptions, runPostgres } from "./postgres.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { initialise, newFolder } from "./postgres-data.ts";
import type { OwnTestServer } from "./registry.ts";
import { copyAsStandby, primaryConnectionInfo, type Replication, replication } from "./streaming-standby.ts";

/** A primary and a standby that streams its writes. */
export interface PostgresPair extends Replication {
  primary: OwnTestServer;
  /** The standby. It is read-only until it is promoted. */
  standby: OwnTestServer;
  stop(): Promise<void>;
}

/** Starts a primary with a hot standby by streaming replication. */
export async function startPostgresPair(options: OwnPostgresOptions = {}): Promise<PostgresPair> {
  const binaries = await findPostgresBinaries(options.version);
  const [folder, standbyFolder] = [newFolder(options.parentFolder), newFolder(options.parentFolder)];
  await initialise(binaries, folder, options.files);
  copyAsStandby(folder, standbyFolder);
  const settings = options.settings ?? {};
  const primary = await runPostgres({ binaries, folder, settings, role: "primary" });
  const standby = await runPostgres({
    binaries,
    folder: standbyFolder,
    settings: { ...settings, primary_conninfo: primaryConnectionInfo(primary.url) },
    role: "standby",
  }).catch(async (error) => {
    await primary.stop();
    throw error;
  });
  return {
    primary,
    standby,
    ...(await replication(primary.url, standby.url)),
    stop: async () => {
      await Promise.all([primary.stop(), standby.stop()]);
    },
  };
}
