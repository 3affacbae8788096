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
 * owner is gone makes the next number: a file can be made only once, so of several that try one has it. The highest file
 * is never removed, so that no process that looked earlier can make it again.
 *
 * The owner shows that it lives by a socket that it listens on. The operating system takes that away when the process
 * ends, of whatever, and does not give it to another process, as it may do with a process id.
 */

/** A directory that this process holds. */
export interface DirectoryLock {
  /** Gives it up. */
  release(): Promise<void>;
}

/** Only the user who runs the process may look into a folder. */
const PRIVATE = 0o700;
/** How often to try for the next number while other processes take it. */
const MAX_TRIES = 100;

/**
 * Takes a directory for this process alone; makes it if it is missing, for this user alone.
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

/** Makes a directory that only this user can use, whatever the umask; one that is there stays as it is. */
function makePrivateDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: PRIVATE });
  if (first !== undefined) chmodSync(directory, PRIVATE);
}

/** Makes the directory of a database, and closes one to others that is there already, unless it is a link elsewhere. */
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
    // One made on an old view of the directory does not count.
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
  // An earlier run of this machine: the process ended with it.
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

/** Another one each time that the machine is started; the machine's name where that cannot be told. */
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
