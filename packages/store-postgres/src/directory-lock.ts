import { randomUUID } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { WorkflowError } from "@waymark/core";
import { isPresent, type Presence, showPresence } from "./presence.ts";

/*
 * A lock is a numbered file beside the database; the one with the highest number counts. Whoever finds that its owner is
 * gone makes the next number: a file can be made only once, so of several who try one has it. The highest file is never
 * removed, so that nobody who looked earlier can make it again.
 *
 * The owner shows that it lives by a socket that it listens on. The operating system takes that away when the process
 * ends, of whatever, and does not give it to another process, as it may do with a process id.
 */

/** What a lock file says of the process that made it. */
interface Owner {
  pid: number;
  host: string;
  /** Which run of that machine. */
  boot: string;
  /** The name of the socket by which it shows that it lives. */
  socket: string;
  /** Given up in good order. */
  released?: boolean;
}

/** A directory that this process holds. */
export interface DirectoryLock {
  /** Gives it up. */
  release(): Promise<void>;
}

const LOCK_FILE = /^waymark-lock-(\d+)$/;

/**
 * Takes a directory for this process alone; makes it if it is missing.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE where another process, or this one, has it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  mkdirSync(directory, { recursive: true });
  const path = realpathSync(directory);
  const presence = await showPresence(path, `waymark-${randomUUID()}.sock`);
  try {
    const number = await takeNumber(path, presence);
    return { release: () => release(path, number, presence) };
  } catch (error) {
    await presence.end();
    throw error;
  }
}

async function takeNumber(path: string, presence: Presence): Promise<number> {
  for (;;) {
    const before = newestLock(path);
    if (before !== undefined) await refuseIfHeld(path, before.number, before.owner);
    const number = (before?.number ?? 0) + 1;
    if (!makeLock(path, number, self(presence.name))) continue;
    // One made on an old view of the directory does not count.
    if (newestNumber(path) !== number) {
      rmSync(lockFile(path, number), { force: true });
      continue;
    }
    for (const older of lockNumbers(path)) if (older < number) rmSync(lockFile(path, older), { force: true });
    if (before !== undefined) rmSync(join(path, before.owner.socket), { force: true });
    return number;
  }
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
  const file = lockFile(path, number);
  throw held(
    path,
    `process ${owner.pid} on the machine "${owner.host}" has it open, or was killed there. If it is gone, delete ${file}`,
  );
}

function makeLock(path: string, number: number, owner: Owner): boolean {
  const draft = writeDraft(path, owner);
  try {
    // A link appears with all its content, or fails because the name is taken.
    linkSync(draft, lockFile(path, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

async function release(path: string, number: number, presence: Presence): Promise<void> {
  const draft = writeDraft(path, { ...self(presence.name), released: true });
  renameSync(draft, lockFile(path, number));
  await presence.end();
}

function writeDraft(path: string, owner: Owner): string {
  const draft = join(path, `waymark-draft-${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(owner));
  return draft;
}

function newestLock(path: string): { number: number; owner: Owner } | undefined {
  for (;;) {
    const number = newestNumber(path);
    if (number === undefined) return undefined;
    try {
      return { number, owner: JSON.parse(readFileSync(lockFile(path, number), "utf8")) as Owner };
    } catch (error) {
      // A newer one has taken its place meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

function newestNumber(path: string): number | undefined {
  const numbers = lockNumbers(path);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function lockNumbers(path: string): number[] {
  return readdirSync(path).flatMap((name) => {
    const number = LOCK_FILE.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function lockFile(path: string, number: number): string {
  return join(path, `waymark-lock-${number}`);
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
  return new WorkflowError(
    "STORE_UNAVAILABLE",
    `The folder ${path} is in use: ${why}. One process at a time can use it; for more, use a PostgreSQL server.`,
    { details: { reason: "folder_in_use", dataDir: path } },
  );
}
