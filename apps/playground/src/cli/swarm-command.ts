import { randomInt } from "node:crypto";
import { runSwarmTrial, type SwarmProgress, type SwarmVerdict, startSwarmServers } from "tooling/trials";
import type { SwarmFlags } from "./swarm-flags.ts";

const KILL_EVERY_MS = 1_000;

/** Runs a swarm, with a live count, and prints its verdict. Resolves to true if nothing was violated. */
export async function runSwarm(flags: SwarmFlags): Promise<boolean> {
  const { queue, workers, executions, kill = false, json = false } = flags;
  const servers = await startSwarmServers(queue);
  try {
    const verdict = await runSwarmTrial({
      ...servers,
      halfway: undefined,
      workers,
      executions,
      disturbEveryMs: kill ? KILL_EVERY_MS : undefined,
      seed: randomInt(1_000_000),
      onProgress: showProgress(),
    });
    process.stderr.write("\n");
    process.stdout.write(json ? `${JSON.stringify({ queue, workers, ...verdict }, undefined, 2)}\n` : render(verdict));
    return verdict.violations.length === 0;
  } finally {
    await servers.stop();
  }
}

/** Rewrites one line of a terminal; elsewhere writes a line for each tenth. */
function showProgress(): (progress: SwarmProgress) => void {
  let tenth = -1;
  return ({ completed, executions, kills, freezes }) => {
    const line = `${completed} of ${executions} completed, ${kills} killed, ${freezes} frozen`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${line}`);
      return;
    }
    const now = Math.floor((10 * completed) / executions);
    if (now > tenth) process.stderr.write(`${line}\n`);
    tenth = Math.max(tenth, now);
  };
}

function render(verdict: SwarmVerdict): string {
  const { executions, runs, repeatedRuns, kills, freezes, seconds, violations } = verdict;
  const lines = [
    `${executions} executions in ${seconds} s: ${runs} node runs, ${repeatedRuns} of them again after a crash`,
    `${kills} processes killed, ${freezes} frozen beyond their lease`,
    `${violations.length} violations`,
    ...violations.slice(0, 20).map((violation) => `  ${violation}`),
    violations.length === 0 ? "OK: all completed, and no completed node ran again" : "NOT OK",
  ];
  return `${lines.join("\n")}\n`;
}
