import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ChaosControl } from "./chaos-control.ts";
import type { ChaosNote } from "./chaos-notes.ts";
import type { ChaosWorkerPlan, FromWorker, ToWorker } from "./worker-messages.ts";

/** The error of a call to a worker that has ended, or that does not answer. */
class WorkerGone extends Error {
  readonly code = "WORKER_GONE";
}

/** The error that a worker's engine gave. */
class WorkerRefused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const WORKER = fileURLToPath(new URL("./chaos-worker.ts", import.meta.url));

// A process that is frozen would outlive this one.
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** A worker of a chaos trial, as its parent process sees it. */
export class WorkerProcess {
  readonly ready: Promise<void>;
  /** Resolves to the exit code, or the signal. */
  readonly ended: Promise<number | string>;
  readonly control: ChaosControl;
  readonly isOld: boolean;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastCall = 0;
  #isReady = false;
  #state: "running" | "frozen" | "ended" = "running";

  constructor(plan: ChaosWorkerPlan, onNote: (worker: WorkerProcess, note: ChaosNote) => void) {
    this.isOld = plan.isOld;
    this.#child = fork(WORKER, [JSON.stringify(plan)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [],
      serialization: "advanced",
    });
    alive.add(this.#child);
    let markReady = (): void => undefined;
    this.ready = new Promise((resolve) => {
      markReady = resolve;
    });
    this.#child.on("message", (message: FromWorker) => {
      if ("ready" in message) {
        this.#isReady = true;
        markReady();
      } else if ("notes" in message) for (const note of message.notes) onNote(this, note);
      else this.#answered(message);
    });
    this.ended = once(this.#child, "exit").then(([code, signal]) => {
      this.#state = "ended";
      alive.delete(this.#child);
      markReady();
      for (const { reject } of this.#calls.values()) reject(new WorkerGone("The worker has ended."));
      this.#calls.clear();
      return (code ?? signal) as number | string;
    });
    this.control = new Proxy({} as ChaosControl, {
      get:
        (_target, member) =>
        (...args: unknown[]) =>
          this.#call(member as keyof ChaosControl, args),
    });
  }

  get isRunning(): boolean {
    return this.#state === "running" && this.#isReady;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  freeze(): void {
    this.#child.kill("SIGSTOP");
    this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    this.#child.kill("SIGCONT");
  }

  calm(): void {
    this.#send({ calm: true });
  }

  /** Lets it give its executions back and end. */
  async drain(): Promise<number | string> {
    this.#send({ drain: true });
    return this.ended;
  }

  #send(message: ToWorker): void {
    // It may have been killed meanwhile: then whoever waits for an answer hears of its end.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #call(member: keyof ChaosControl, args: unknown[]): Promise<unknown> {
    if (!this.isRunning) return Promise.reject(new WorkerGone("The worker is not running."));
    const call = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#send({ call, member, args });
    });
  }

  #answered({ call, result, code }: { call: number; result?: unknown; code?: string }): void {
    const { resolve, reject } = this.#calls.get(call) ?? {};
    this.#calls.delete(call);
    if (code === undefined) resolve?.(result);
    else reject?.(new WorkerRefused(code));
  }
}
