import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LOOK_AGAIN_MS = 100;

/**
 * Fetches a file or folder once, even if several processes need it at the same time. The others wait.
 *
 * - If the process that fetches it dies, another process does it.
 * - `fetch` works in an empty folder, which is removed afterwards, and returns the path of the result to keep.
 */
export function fetchOnce(path: string, fetch: (folder: string) => Promise<string>): Promise<void> {
  return onceAcrossProcesses(path, async () => {
    const folder = mkdtempSync(join(dirname(path), "fetch-"));
    try {
      renameSync(await fetch(folder), path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Makes a file or folder once. `make` must create it in one atomic step, by a rename. */
async function onceAcrossProcesses(path: string, make: () => Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  while (!existsSync(path)) {
    if (!take(lock)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      continue;
    }
    try {
      if (!existsSync(path)) await make();
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (!isHeld(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isHeld(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    // The lock was just created, and the process id is not written yet.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
