import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { unavailable } from "@waymark/core/store";
import { isPresenceName } from "./presence.ts";

/*
 * The lock files of a folder. Anybody who can write into the folder can leave anything there, so names and contents are
 * checked, links are not followed, and nothing is opened that could keep the process waiting.
 */

/** The content of a lock file: the process that made it. */
export interface Owner {
  pid: number;
  host: string;
  /** Identifies the run of that machine, from its start to its end. */
  boot: string;
  /** The name of the socket that shows that the process is alive. */
  socket: string;
  /** True if the process has released the lock. */
  released?: boolean;
}

const LOCK_FILE = /^waymark-lock-(\d+)$/;
/** The highest number that a lock can have, so that there is one above it. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER - 1;
const MAX_BYTES = 4_096;
const MAX_TEXT = 255;
/** The most searches for a file that disappears meanwhile. */
const MAX_LOOKS = 100;

/** Returns the lock that counts: the one with the highest number. @throws {WorkflowError} STORE_UNAVAILABLE */
export function newestLock(folder: string): { number: number; owner: Owner } | undefined {
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const number = newestNumber(folder);
    if (number === undefined) return undefined;
    const owner = readOwner(lockFile(folder, number));
    // Absent if a newer one has taken its place meanwhile.
    if (owner !== undefined) return { number, owner };
  }
  throw unavailable("folder_in_use", `The folder ${folder} is in use: its locks keep changing.`, {
    details: { dataDir: folder },
  });
}

/** Returns the highest number of a lock. @throws {WorkflowError} STORE_UNAVAILABLE */
export function newestNumber(folder: string): number | undefined {
  const numbers = lockNumbers(folder);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

/** Returns the path of a lock. */
export function lockFile(folder: string, number: number): string {
  return join(folder, `waymark-lock-${number}`);
}

/** Makes a lock with all its content in one step. Returns false if there is one with this number. */
export function makeLock(folder: string, number: number, owner: Owner): boolean {
  const draft = writeDraft(folder, owner);
  try {
    linkSync(draft, lockFile(folder, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    removeFile(draft);
  }
}

/** Replaces the content of a lock, if possible. */
export function replaceLock(folder: string, number: number, owner: Owner): void {
  let draft: string | undefined;
  try {
    draft = writeDraft(folder, owner);
    renameSync(draft, lockFile(folder, number));
  } catch {
    // The socket of its owner is about to disappear, which has the same meaning.
    if (draft !== undefined) removeFile(draft);
  }
}

/** Removes the locks with lower numbers. */
export function removeOlderLocks(folder: string, number: number): void {
  for (const older of lockNumbers(folder)) if (older < number) removeFile(lockFile(folder, older));
}

/** Removes a file, or a link in its place. Ignores a failure. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch {}
}

function lockNumbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const digits = LOCK_FILE.exec(name)?.[1];
    if (digits === undefined) return [];
    const number = Number(digits);
    if (number > MAX_NUMBER || String(number) !== digits) throw damaged(join(folder, name), "has an invalid number");
    return [number];
  });
}

function writeDraft(folder: string, owner: Owner): string {
  const draft = join(folder, `waymark-draft-${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(owner), { mode: 0o600, flag: "wx" });
  return draft;
}

function readOwner(file: string): Owner | undefined {
  let text: string;
  try {
    text = readRegularFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP" || code === "ENXIO" || code === "EISDIR") throw damaged(file, "is no regular file");
    throw error;
  }
  const owner = parseOwner(text);
  if (owner === undefined) throw damaged(file, "does not name the process that made it");
  return owner;
}

function readRegularFile(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw damaged(file, "is no regular file");
    if (stats.size > MAX_BYTES) throw damaged(file, `is larger than ${MAX_BYTES} bytes`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function parseOwner(text: string): Owner | undefined {
  let owner: Partial<Record<keyof Owner, unknown>>;
  try {
    owner = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { pid, host, boot, socket, released } = owner;
  const isRight =
    Number.isSafeInteger(pid) &&
    isText(host) &&
    isText(boot) &&
    isPresenceName(socket) &&
    (released === undefined || typeof released === "boolean");
  return isRight ? (owner as unknown as Owner) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function damaged(file: string, what: string) {
  return unavailable("folder", `The lock file ${file} ${what}. If no process has the folder open, delete the file.`, {
    details: { file },
  });
}
