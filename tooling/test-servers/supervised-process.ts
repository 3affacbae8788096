import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { GuardCommand, GuardEvent } from "./guard.ts";

/** The command of a server process. */
export interface ServerCommand {
  command: string;
  args: string[];
  /** The user and group as which it runs. Give both or neither. */
  uid?: number;
  gid?: number;
}

/**
 * A server process that never outlives the current process, even if that is killed.
 *
 * - Its folder is removed when it has ended.
 */
export class SupervisedProcess {
  readonly folder: string;
  readonly #guard: ChildProcessByStdio<Writable, Readable, null>;
  readonly #logFile: string;
  #command: ServerCommand;
  #isRunning = false;
  #exitReason = "not started";
  #onChange: () => void = () => {};
  pid = 0;

  constructor(folder: string, command: ServerCommand) {
    this.folder = folder;
    this.#command = command;
    this.#logFile = join(folder, "server.log");
    this.#guard = spawn(process.execPath, [fileURLToPath(new URL("./guard.ts", import.meta.url)), folder], {
      stdio: ["pipe", "pipe", "inherit"],
      // Its own process group: Ctrl+C ends only this process, and the guard detects that by the closed pipe.
      detached: true,
    });
    // Neither the guard nor its pipes may keep this process alive, because the guard waits for its end.
    this.#guard.unref();
    (this.#guard.stdin as Writable & { unref?(): void }).unref?.();
    (this.#guard.stdout as Readable & { unref?(): void }).unref?.();
    this.#guard.stdin.on("error", () => {});
    createInterface({ input: this.#guard.stdout }).on("line", (line) => this.#note(JSON.parse(line) as GuardEvent));
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Starts it and waits until `isReady` resolves with true. Calls `isReady` every 20 ms, for up to 30 s. */
  async start(isReady: () => Promise<boolean>): Promise<void> {
    this.#send({ type: "start", ...this.#command, logFile: this.#logFile });
    this.#exitReason = "";
    const deadline = Date.now() + 30_000;
    while (!(this.#isRunning && (await isReady()))) {
      if (this.#exitReason !== "")
        throw new Error(`${this.#command.command} ended: ${this.#exitReason}\n${this.log()}`);
      if (Date.now() > deadline) throw new Error(`${this.#command.command} is not ready after 30 s.\n${this.log()}`);
      await this.#wait(20);
    }
  }

  /** Sends a signal and waits for the process to end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#send({ type: "signal", signal });
    while (this.#isRunning) await this.#wait(1_000);
  }

  /** Kills it if it is running, and removes its folder. */
  async dispose(): Promise<void> {
    if (this.#guard.exitCode !== null) return;
    this.#guard.ref();
    this.#guard.stdin.end();
    await once(this.#guard, "exit");
    this.#isRunning = false;
  }

  /** Returns the last 20 lines of its output. */
  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, "utf8").split("\n").slice(-20).join("\n") : "";
  }

  #send(command: GuardCommand): void {
    this.#guard.stdin.write(`${JSON.stringify(command)}\n`);
  }

  #note(event: GuardEvent): void {
    this.#isRunning = event.type === "started";
    if (event.type === "started") this.pid = event.pid;
    else this.#exitReason = event.reason;
    this.#onChange();
  }

  /** Waits for a message from the guard, or for the given time. */
  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onChange = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Starts a PostgreSQL server. It refuses to start while backends of a killed server still hold its shared memory. */
export async function startAgain(server: SupervisedProcess, isReady: () => Promise<boolean>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await server.start(isReady);
      return;
    } catch (error) {
      if (tries === 50 || !server.log().includes("shared memory")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
