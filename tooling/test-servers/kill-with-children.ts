import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { SupervisedProcess } from "./supervised-process.ts";

/**
 * Kills a server together with every process that it has started, like the failure of a whole machine.
 *
 * - Without this, a session process of PostgreSQL outlives the server for a moment, and may even commit.
 */
export async function killWithChildren(server: SupervisedProcess): Promise<void> {
  const children = await childrenOf(server.pid);
  await server.end("SIGKILL");
  for (const pid of children) {
    for (let signal: NodeJS.Signals | 0 = "SIGKILL"; send(pid, signal); signal = 0) await sleep(5);
  }
}

/**
 * Returns the processes that a process has started; none if the system has no `ps`, so that they must end by
 * themselves.
 */
async function childrenOf(pid: number): Promise<number[]> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "ppid=,pid="]);
    const pairs = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
    return pairs.flatMap(([parent, child]) => (parent === pid && child !== undefined ? [child] : []));
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
