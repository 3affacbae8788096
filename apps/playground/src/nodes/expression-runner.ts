import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ExpressionAnswer, ExpressionTask } from "./expression-task.ts";

/** The limits of a task. */
export interface TaskLimits {
  /** Milliseconds of work, without the wait for earlier tasks. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** The answer to a task. */
export type TaskAnswer = Exclude<ExpressionAnswer, { type: "ready" }>;

type Outcome = { answer: TaskAnswer } | { error: unknown };

interface Job {
  task: ExpressionTask;
  timeoutMs: number;
  settle: (outcome: Outcome) => void;
}

const PROCESS = fileURLToPath(new URL("./expression-process.ts", import.meta.url));

/** The heap limit of the process, in MiB. A task that needs more ends the process. */
const MEMORY_MIB = 256;

/**
 * Runs tasks in a child process, one at a time, and reuses the process.
 *
 * - If a task takes too long, needs too much memory or is aborted, its process ends, and the next task gets a new one.
 * - A thread would be cheaper, but its limits do not catch a text of 500 MB, which would end the main process.
 * - An idle child process does not keep the main process alive.
 */
export class ExpressionRunner {
  #child: ChildProcess | undefined;
  #isReady = false;
  #current: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #queue: Job[] = [];

  /** @throws {Error} if the task exceeds a limit; the signal's reason, if it was aborted */
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

  /** Runs a task. Its time starts once the process is up. */
  #send(child: ChildProcess, job: Job): void {
    this.#timer = setTimeout(() => {
      // If this process was blocked, the answer may have arrived already. It is read before the immediate runs.
      setImmediate(() => {
        if (this.#current === job) this.#end(new Error(`took longer than ${job.timeoutMs} ms`));
      });
    }, job.timeoutMs);
    try {
      // A later error is followed by the end of the process.
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

  /** Ends the process with its task, because nothing else stops a regular expression. */
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

/** Makes the error of a task whose process ended. V8 aborts a process whose heap is full. */
function endError(code: number | null, signal: NodeJS.Signals | null): Error {
  const isFull = signal === "SIGABRT" || code === 134;
  return new Error(isFull ? `needs more than ${MEMORY_MIB} MiB of memory` : `its process ended (${signal ?? code})`);
}
