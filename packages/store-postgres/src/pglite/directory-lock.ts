import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { WorkflowError } from "@waymark/core";
import { quoted, unavailable } from "@waymark/core/store";
import {
  lockFile,
  makeLock,
  newestLock,
  newestNumber,
  type Owner,
  removeFile,
  removeOlderLocks,
  replaceLock,
} from "./lock-files.ts";
import { isPresent, newPresenceName, type Presence, showPresence } from "./presence.ts";

/*
 * A lock is a numbered file beside the database; the one with the highest number counts. A process that finds that the
 * owner is gone makes the file with the next number. A file can be made only once, so one of several processes gets it.
 * The highest file is never removed, so that no process that has read the directory earlier can make it again.
 *
 * The owner shows that it is alive by listening on a socket. The operating system closes the socket when the process
 * ends, for whatever reason, and never assigns it to another process, as it may do with a process id.
 */

/** The lock of a directory by this process. */
export interface DirectoryLock {
  /** Releases the directory. */
  release(): Promise<void>;
}

/** The mode of a folder that only the user of this process can use. */
const PRIVATE = 0o700;
/** The most tries for the next number while other processes take it. */
const MAX_TRIES = 100;

/**
 * Locks a directory for this process alone. Makes it for this user alone if it is missing.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE if another process, or this one, has it, or if a lock file is damaged
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  makePrivateDirectory(directory);
  const path = realpathSync(directory);
  const presence = await showPresence(path, newPresenceName());
  try {
    const number = await takeNumber(path, presence);
    return { release: () => release(path, number, presence) };
  } catch (error) {
    await presence.end();
    throw error;
  }
}

/** Makes a directory that only this user can use, whatever the umask is. One that exists stays unchanged. */
function makePrivateDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: PRIVATE });
  if (first !== undefined) chmodSync(directory, PRIVATE);
}

/** Makes the directory of a database, or closes an existing one to others unless it is a link elsewhere. */
export function makeDatabaseDirectory(directory: string): void {
  makePrivateDirectory(directory);
  if (lstatSync(directory).isDirectory()) chmodSync(directory, PRIVATE);
}

async function takeNumber(path: string, presence: Presence): Promise<number> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const before = newestLock(path);
    if (before !== undefined) await refuseIfHeld(path, before.number, before.owner);
    const number = (before?.number ?? 0) + 1;
    if (!makeLock(path, number, self(presence.name))) continue;
    // A lock that was made from an outdated listing of the directory does not count.
    if (newestNumber(path) !== number) {
      removeFile(lockFile(path, number));
      continue;
    }
    removeOlderLocks(path, number);
    if (before !== undefined) removeFile(join(path, before.owner.socket));
    return number;
  }
  throw held(path, "other processes keep taking it");
}

async function refuseIfHeld(path: string, number: number, owner: Owner): Promise<void> {
  if (owner.released === true) return;
  const me = self("");
  if (owner.boot === me.boot) {
    if (!(await isPresent(path, owner.socket))) return;
    throw held(path, `process ${owner.pid} has it open`);
  }
  // From an earlier run of this machine, with which the process has ended.
  if (owner.host === me.host) return;
  throw held(
    path,
    `process ${owner.pid} on the machine ${quoted(owner.host)} has it open, or was killed there. If it is gone, delete ${lockFile(path, number)}`,
  );
}

async function release(path: string, number: number, presence: Presence): Promise<void> {
  replaceLock(path, number, { ...self(presence.name), released: true });
  await presence.end();
}

function self(socket: string): Owner {
  return { pid: process.pid, host: hostname(), boot: bootId(), socket };
}

/** Returns an id that changes each time that the machine starts, or the machine's name if there is none. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return hostname();
  }
}

function held(path: string, why: string): WorkflowError {
  return unavailable(
    "folder_in_use",
    `The folder ${path} is in use: ${why}. One process at a time can use it; for more, use a PostgreSQL server.`,
    { details: { dataDir: path } },
  );
}
