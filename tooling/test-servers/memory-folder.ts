import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

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
