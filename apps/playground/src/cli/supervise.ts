import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ComparisonReport } from "../compare/report.ts";
import type { ComparisonMessage, ComparisonTask, WatchedStep } from "./process-messages.ts";
import type { Progress } from "./progress.ts";
import { CommandError, EXIT_CODES } from "./run-program.ts";

const PROCESS = fileURLToPath(new URL("./comparison-process.ts", import.meta.url));

/** The heap limit of the process that compares, in MiB, unless NODE_OPTIONS sets one. */
const MEMORY_MIB = 2_048;
/** The wait for the first step, in milliseconds. */
const START_LIMIT_MS = 60_000;
/** The wait beyond a step's own limit, in milliseconds, so that the step can end by itself. */
const GRACE_MS = 4_000;
/** The wait for the process to end after its last message, in milliseconds. */
const END_LIMIT_MS = 2_000;
/** The longest line of a module's output, in characters. Longer ones are split. */
const MAX_LINE = 16_384;

/** The beginning of Node's own output when it crashes. */
const CRASH = /^(<--- Last few GCs --->|FATAL ERROR:|# Fatal |----- Native stack trace -----)/;
const OUT_OF_MEMORY = /heap out of memory|Allocation failed|out of memory/i;

/**
 * Compares in a process of its own, and ends that process if a step takes too long.
 *
 * - Everything that the process prints goes to `progress`, so that only the report reaches the standard output.
 *
 * @throws {CommandError} if there is no report
 */
export async function superviseComparison(task: ComparisonTask, progress: Progress): Promise<ComparisonReport> {
  const child = fork(PROCESS, {
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [...memoryLimit(), ...process.execArgv],
  });
  const released = endWithParent(child);
  const watch = new Watch(child);
  let last: Extract<ComparisonMessage, { type: "report" | "refused" }> | undefined;
  child.on("message", (message: ComparisonMessage) => {
    if (message.type === "step") {
      watch.next(message.step);
      progress.show(message.step);
    } else if (message.type === "say") {
      progress.say(message.lines);
    } else {
      // An error of a module after the report still means that the module cannot be used.
      if (last?.type !== "refused") last = message;
      watch.end();
    }
  });
  let [isCrash, isOutOfMemory] = [false, false];
  const say = (line: string) => {
    isCrash ||= CRASH.test(line);
    isOutOfMemory ||= isCrash && OUT_OF_MEMORY.test(line);
    if (!isCrash && line.trim() !== "") progress.say([line]);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) forwardLines(stream, say);
  child.send(task, () => undefined);
  // The channel closes only after all messages have been read.
  const [[code, signal]] = await Promise.all([once(child, "close"), once(child, "disconnect")]);
  watch.stop();
  released();
  progress.end();
  if (last?.type === "report") return last.report;
  if (last !== undefined) throw new CommandError(last);
  throw noReport(watch, { isOutOfMemory, end: signal === null ? `exit code ${code}` : `signal ${signal}` });
}

/** Ends a process whose step exceeds its limit. */
class Watch {
  readonly #child: ChildProcess;
  step: WatchedStep = { what: "starting", limitMs: START_LIMIT_MS };
  isLate = false;
  #timer: NodeJS.Timeout;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#timer = setTimeout(() => this.#late(), START_LIMIT_MS);
  }

  next(step: WatchedStep): void {
    this.step = step;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#late(), step.limitMs + GRACE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#child.kill("SIGKILL"), END_LIMIT_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #late(): void {
    this.isLate = true;
    this.#child.kill("SIGKILL");
  }
}

function noReport(
  { step, isLate }: Watch,
  { isOutOfMemory, end }: { isOutOfMemory: boolean; end: string },
): CommandError {
  const { subject, what, limitMs, isInput } = step;
  const during = subject === undefined ? what : `${subject}: ${what}`;
  const seconds = Math.round(limitMs / 100) / 10;
  if ((isLate || isOutOfMemory) && isInput) {
    const reason = isLate ? `took longer than ${seconds} s (--timeout)` : "needs more memory than there is";
    return new CommandError({
      code: "INVALID_ARGUMENT",
      message: `${during} ${reason}.`,
      exitCode: EXIT_CODES.badInput,
    });
  }
  const reason = isLate
    ? `the process did not answer for ${seconds} s and was ended`
    : isOutOfMemory
      ? "the process ran out of memory"
      : `a module ended the process (${end})`;
  const message = `There is no report: ${reason}, at: ${during}.`;
  return new CommandError({ code: "NO_REPORT", message, exitCode: EXIT_CODES.noReport });
}

function memoryLimit(): string[] {
  const isSet = /--max[-_]old[-_]space[-_]size/.test(process.env.NODE_OPTIONS ?? "");
  return isSet ? [] : [`--max-old-space-size=${MEMORY_MIB}`];
}

/** Ends the process together with this one. Returns a function that stops this. */
function endWithParent(child: ChildProcess): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const listeners = signals.map((signal) => {
    const listener = () => {
      child.kill("SIGKILL");
      process.removeListener(signal, listener);
      process.kill(process.pid, signal);
    };
    process.once(signal, listener);
    return () => process.removeListener(signal, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}

function forwardLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE) {
      onLine(rest);
      rest = "";
    }
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}
