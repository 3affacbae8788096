import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ExpressionAnswer, ExpressionTask } from "./expression-task.ts";

/** When a task is ended before it is done. */
export interface TaskLimits {
  /** Milliseconds of work; waiting for the tasks before it does not count. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** An answer to a task, without the process's own affairs. */
export type TaskAnswer = Exclude<ExpressionAnswer, { type: "ready" }>;

type Outcome = { answer: TaskAnswer } | { error: unknown };

interface Job {
  task: ExpressionTask;
  timeoutMs: number;
  settle: (outcome: Outcome) => void;
}

const PROCESS = fileURLToPath(new URL("./expression-process.ts", import.meta.url));

/** The heap of the process: what needs more ends it. MiB. */
const MEMORY_MIB = 256;

/**
 * Runs tasks in a process of their own, one at a time, and uses the process again and again.
 *
 * - A task that takes too long, needs too much memory, or is aborted ends with its process; the next gets a new one. A
 *   thread would be cheaper, but one text of 500 MB is more than its limits can catch: it takes this process with it.
 * - This process does not stay alive for one that has nothing to do.
 */
export class ExpressionRunner {
  #child: ChildProcess | undefined;
  #isReady = false;
  #current: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #queue: Job[] = [];

  /** @throws {Error} over a limit; the signal's reason, if it was aborted */
  run(task: ExpressionTask, { timeoutMs, signal }: TaskLimits): Promise<TaskAnswer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => this.#drop(job, signal?.reason);
      const job: Job = {
        task,
        timeoutMs,
        settle: (outcome) => {
          signal?.removeEventListener("abort", onAbort);
          if ("answer" in outcome) resolve(outcome.answer);
          else reject(outcome.error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(job);
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    this.#current = job;
    this.#child ??= this.#start();
    this.#child.ref();
    this.#child.channel?.ref();
    if (this.#isReady) this.#send(this.#child, job);
  }

  /** The clock starts once the process is there: its own start is no part of a task. */
  #send(child: ChildProcess, job: Job): void {
    this.#timer = setTimeout(() => {
      // After a long blockage of this process the answer may be here already, and is read before the immediate runs.
      setImmediate(() => {
        if (this.#current === job) this.#end(new Error(`took longer than ${job.timeoutMs} ms`));
      });
    }, job.timeoutMs);
    try {
      // An error that comes later is followed by the end of the process.
      child.send(job.task, () => {});
    } catch (error) {
      this.#end(error);
    }
  }

  #start(): ChildProcess {
    const child = fork(PROCESS, {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [`--max-old-space-size=${MEMORY_MIB}`],
      env: {},
    });
    this.#isReady = false;
    child.on("message", (answer: ExpressionAnswer) => {
      if (child !== this.#child) return;
      if (answer.type !== "ready") return this.#finish({ answer });
      this.#isReady = true;
      if (this.#current !== undefined) this.#send(child, this.#current);
    });
    const onEnd = (error: Error) => {
      if (child !== this.#child) return;
      this.#child = undefined;
      if (this.#current !== undefined) this.#finish({ error });
    };
    child.on("error", onEnd);
    child.on("exit", (code, signal) => onEnd(endError(code, signal)));
    return child;
  }

  #drop(job: Job, reason: unknown): void {
    const place = this.#queue.indexOf(job);
    if (this.#current === job) {
      this.#end(reason);
    } else if (place !== -1) {
      this.#queue.splice(place, 1);
      job.settle({ error: reason });
    }
  }

  /** Ends the process with its task: nothing else stops a regular expression. */
  #end(error: unknown): void {
    this.#child?.kill("SIGKILL");
    this.#child?.unref();
    this.#child?.channel?.unref();
    this.#child = undefined;
    this.#finish({ error });
  }

  #finish(outcome: Outcome): void {
    clearTimeout(this.#timer);
    const job = this.#current;
    this.#current = undefined;
    this.#child?.unref();
    this.#child?.channel?.unref();
    job?.settle(outcome);
    this.#next();
  }
}

/** V8 aborts a process whose heap is full. */
function endError(code: number | null, signal: NodeJS.Signals | null): Error {
  const isFull = signal === "SIGABRT" || code === 134;
  return new Error(isFull ? `needs more than ${MEMORY_MIB} MiB of memory` : `its process ended (${signal ?? code})`);
}
