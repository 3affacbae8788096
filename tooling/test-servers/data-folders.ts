// Where data folders of databases are kept for copies, and how they are copied.
import { mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { giveAway } from "./unprivileged-user.ts";

/** The prepared folders, one for each version and recipe of a database. */
export const PREPARED = fileURLToPath(new URL("../../node_modules/.cache/waymark/data", import.meta.url));

/**
 * A data folder has 1,000 files. On ext4, a new file takes 10 times longer after thousands of others were removed, as is
 * usual in tests.
 */
const MEMORY = "/dev/shm";
const ROOM_BYTES = 4 * 2 ** 30;

/** Returns a folder in memory, if the system has one with room for large servers; otherwise the temporary folder. */
export function folderInMemory(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= ROOM_BYTES) return MEMORY;
  } catch {
    // Only Linux has it.
  }
  return tmpdir();
}

/** Copies a folder to a path at which there is nothing. Only its owner, or `user` if given, can use the copy. */
export function copyFolder(source: string, target: string, user?: { uid: number; gid: number }): void {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) {
      copyFolder(from, to, user);
      continue;
    }
    // Not copyFile: what it copies is given blocks of the disk at once, and their removal takes 2 s per server.
    writeFileSync(to, readFileSync(from), { mode: 0o600 });
    giveAway(to, user);
  }
  giveAway(target, user);
}
