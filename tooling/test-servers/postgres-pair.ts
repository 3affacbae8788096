import { chownSync, cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DATA, initialise, newFolder, type OwnPostgresOptions, runPostgres, runStatement } from "./postgres.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import type { OwnTestServer } from "./registry.ts";
import { unprivilegedUser } from "./unprivileged-user.ts";

const DEADLINE_MS = 30_000;
const STANDBY = "standby";

/** Two servers, of which one streams what the other writes. */
export interface PostgresPair {
  primary: OwnTestServer;
  /** Read-only, until it is promoted. */
  standby: OwnTestServer;
  /** Waits until the standby shows all that the primary has acknowledged. */
  catchUp(): Promise<void>;
  /** Makes the primary answer a commit only once it is in the standby's log on the disk too. */
  makeSynchronous(): Promise<void>;
  /** Makes the standby a primary; resolves when it is one. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a primary with a hot standby by streaming replication. */
export async function startPostgresPair(options: OwnPostgresOptions = {}): Promise<PostgresPair> {
  const binaries = await findPostgresBinaries(options.version);
  const [folder, standbyFolder] = [newFolder(options.parentFolder), newFolder(options.parentFolder)];
  await initialise(binaries.initdb, folder, options.files);
  copyData(folder, standbyFolder);
  const settings = options.settings ?? {};
  const primary = await runPostgres({ binaries, folder, settings, role: "primary" });
  const standby = await runPostgres({
    binaries,
    folder: standbyFolder,
    settings: { ...settings, primary_conninfo: connectionInfo(primary.url) },
    role: STANDBY,
  }).catch(async (error) => {
    await primary.stop();
    throw error;
  });
  const replication = `SELECT FROM pg_stat_replication WHERE application_name = '${STANDBY}' AND state = 'streaming'`;
  await until("the standby streams", primary.url, replication);
  return {
    primary,
    standby,
    catchUp: async () => {
      const [row] = await runStatement(primary.url, "SELECT pg_current_wal_lsn() AS position");
      const { position } = row as { position: string };
      await until("the standby has caught up", standby.url, `SELECT WHERE pg_last_wal_replay_lsn() >= '${position}'`);
    },
    makeSynchronous: async () => {
      await runStatement(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
      await runStatement(primary.url, "SELECT pg_reload_conf()");
      await until("the standby is synchronous", primary.url, `${replication} AND sync_state = 'sync'`);
    },
    promote: async () => {
      await runStatement(standby.url, "SELECT pg_promote()");
      await until("the standby takes writes", standby.url, "SELECT WHERE NOT pg_is_in_recovery()");
    },
    stop: async () => {
      await Promise.all([primary.stop(), standby.stop()]);
    },
  };
}

/** A cluster that has never run, or was stopped in order, is a standby's beginning as it is. */
function copyData(from: string, to: string): void {
  const data = join(to, DATA);
  mkdirSync(data, { mode: 0o700 });
  cpSync(join(from, DATA), data, { recursive: true });
  writeFileSync(join(data, "standby.signal"), "");
  const user = unprivilegedUser();
  if (user === undefined) return;
  for (const name of [".", ...readdirSync(data, { recursive: true, encoding: "utf8" })]) {
    chownSync(join(data, name), user.uid, user.gid);
  }
}

function connectionInfo(url: string): string {
  const { hostname, port, username, password } = new URL(url);
  return `host=${hostname} port=${port} user=${username} password=${password} application_name=${STANDBY}`;
}

/** Waits until a statement gives a row. */
async function until(what: string, url: string, sql: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while ((await runStatement(url, sql)).length === 0) {
    if (Date.now() > deadline) throw new Error(`After ${DEADLINE_MS / 1000} s it does not hold that ${what}.`);
    await sleep(20);
  }
}
