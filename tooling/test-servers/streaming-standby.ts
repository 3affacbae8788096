// Streaming replication between two PostgreSQL servers of any kind.
import { setTimeout as sleep } from "node:timers/promises";
import { runStatement } from "./postgres.ts";
import { copyData, writeDataFiles } from "./postgres-data.ts";

const DEADLINE_MS = 30_000;
const STANDBY = "standby";

/** The operations on a primary and its standby. */
export interface Replication {
  /** Waits until the standby shows everything that the primary has acknowledged. */
  catchUp(): Promise<void>;
  /** Makes the primary acknowledge a commit only once it is also in the standby's log on disk. */
  makeSynchronous(): Promise<void>;
  /** Makes the standby a primary. Resolves once it is one. */
  promote(): Promise<void>;
}

/** Copies a server's folder for a standby. The cluster must never have run, or must have been shut down properly. */
export function copyAsStandby(from: string, to: string): void {
  copyData(from, to);
  writeDataFiles(to, { "standby.signal": "" });
}

/** Returns the setting with which a standby finds its primary. */
export function primaryConnectionInfo(url: string): string {
  const { hostname, port, username, password } = new URL(url);
  const parts = { host: hostname, port, user: username, password, application_name: STANDBY };
  const given = Object.entries(parts).filter(([, value]) => value !== "");
  return given.map(([name, value]) => `${name}=${value}`).join(" ");
}

/** Waits until the standby streams from the primary. */
export async function replication(primaryUrl: string, standbyUrl: string): Promise<Replication> {
  const streams = `SELECT FROM pg_stat_replication WHERE application_name = '${STANDBY}' AND state = 'streaming'`;
  await until("the standby streams", primaryUrl, streams);
  return {
    catchUp: async () => {
      const [row] = await runStatement(primaryUrl, "SELECT pg_current_wal_lsn() AS position");
      const { position } = row as { position: string };
      await until("the standby has caught up", standbyUrl, `SELECT WHERE pg_last_wal_replay_lsn() >= '${position}'`);
    },
    makeSynchronous: async () => {
      await runStatement(primaryUrl, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
      await runStatement(primaryUrl, "SELECT pg_reload_conf()");
      await until("the standby is synchronous", primaryUrl, `${streams} AND sync_state = 'sync'`);
    },
    promote: async () => {
      await runStatement(standbyUrl, "SELECT pg_promote()");
      await until("the standby takes writes", standbyUrl, "SELECT WHERE NOT pg_is_in_recovery()");
    },
  };
}

/** Waits until a statement returns a row. */
async function until(what: string, url: string, sql: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while ((await runStatement(url, sql)).length === 0) {
    if (Date.now() > deadline) throw new Error(`Not true after ${DEADLINE_MS / 1000} s: ${what}.`);
    await sleep(20);
  }
}
