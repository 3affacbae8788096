import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromRecovering, RecoveringPlan, ToRecovering } from "./recovering-process.ts";

const PROCESS = fileURLToPath(new URL("./recovering-process.ts", import.meta.url));

/**
 * Lets processes recover `executions` executions that are due; returns the ids that each one has started, in order.
 *
 * - Nodes end once every process has started one. So each process takes part, however late it looks.
 * - It waits until each process has ended by itself: once its store is closed, nothing may keep it alive.
 */
export async function recoverInProcesses(
  plan: RecoveringPlan,
  { processes, executions }: { processes: number; executions: number },
): Promise<string[][]> {
  const starts: string[][] = [];
  const children: ChildProcess[] = [];
  const tell = (message: ToRecovering): void => {
    for (const child of children) child.send(message);
  };
  let ready = 0;
  let completed = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      for (let each = 0; each < processes; each++) {
        const own: string[] = [];
        starts.push(own);
        const child = fork(PROCESS, [JSON.stringify(plan)], {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
          execArgv: [],
        });
        children.push(child);
        child.on("exit", (code, signal) =>
          reject(new Error(`A process has ended before the others: ${code ?? signal}`)),
        );
        child.on("message", (message: FromRecovering) => {
          if ("ready" in message) {
            if (++ready === processes) tell("look");
          } else if ("started" in message) {
            own.push(message.started);
            if (own.length === 1 && starts.every(({ length }) => length > 0)) tell("go on");
          } else if (++completed === executions) resolve();
        });
      }
    });
    const ended = children.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    tell("end");
    await Promise.all(ended);
    return starts;
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}
