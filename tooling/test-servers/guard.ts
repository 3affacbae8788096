// Runs one server process for `SupervisedProcess`, and ends it when the parent process has ended.
//
// The end of the parent, for whatever reason, closes this process's standard input. Then the guard kills the server and
// removes its folder. This needs no exit handler in the parent.
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";

/** A message from `SupervisedProcess` to this process, as a line of JSON. */
export type GuardCommand =
  | { type: "start"; command: string; args: string[]; logFile: string; uid?: number; gid?: number }
  | { type: "signal"; signal: NodeJS.Signals };

/** A message from this process, as a line of JSON. */
export type GuardEvent = { type: "started"; pid: number } | { type: "exited"; reason: string };

const [folder] = process.argv.slice(2);
let child: ChildProcess | undefined;

// A signal to the parent's process group must not end the guard before it has cleaned up.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.stdout.on("error", () => {});

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => handle(JSON.parse(line) as GuardCommand));
lines.on("close", () => {
  if (child === undefined) return finish();
  child.once("exit", finish);
  child.kill("SIGKILL");
});

function handle(command: GuardCommand): void {
  if (command.type === "signal") {
    child?.kill(command.signal);
    return;
  }
  const log = openSync(command.logFile, "a");
  const { uid, gid } = command;
  const started = spawn(command.command, command.args, {
    stdio: ["ignore", log, log],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  child = started;
  started.on("spawn", () => report({ type: "started", pid: started.pid ?? 0 }));
  started.on("error", (error) => ended(started, error.message));
  started.on("exit", (code, signal) => ended(started, signal ?? `exit code ${code}`));
}

function ended(which: ChildProcess, reason: string): void {
  if (child === which) child = undefined;
  report({ type: "exited", reason });
}

function report(event: GuardEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function finish(): void {
  // Children of the server may still write for a moment.
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  process.exit(0);
}
