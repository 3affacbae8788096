import { setTimeout as sleep } from "node:timers/promises";
import { NoReportError } from "../compare/no-report-error.ts";
import { onUncaught, takeChannel } from "../modules/channel.ts";
import { compareFiles } from "./compare-command.ts";
import type { ComparisonMessage, ComparisonTask } from "./process-messages.ts";
import { commandError, EXIT_CODES } from "./run-program.ts";

// The process that compares. It is a process of its own, so that the user's files and modules cannot end or block the
// command line.

/** The wait before the report is sent, in milliseconds. */
const LAST_TURN_MS = 10;

const send = takeChannel<ComparisonMessage>();

process.once("disconnect", () => process.exit(EXIT_CODES.noReport));
process.once("message", (task: ComparisonTask) => {
  const { v1, executors } = task.flags;
  const hasModules = v1 !== undefined || executors !== undefined;
  onUncaught((message) => {
    const exitCode = hasModules ? EXIT_CODES.badInput : EXIT_CODES.noReport;
    const code = hasModules ? "INVALID_ARGUMENT" : "INTERNAL";
    end({
      type: "refused",
      code,
      exitCode,
      message: `${hasModules ? "A module of yours" : "The playground"} ${message}.`,
    });
  });
  compareFiles(task.files, task.flags, {
    onStep: (step) => void send({ type: "step", step }),
    say: (lines) => void send({ type: "say", lines }),
  }).then(
    async (report) => {
      // A run in memory may end without a turn of the event loop. Errors that a module throws in a timer arrive here.
      await sleep(LAST_TURN_MS);
      end({ type: "report", report });
    },
    (error: unknown) => {
      const { code, message, exitCode } = error instanceof NoReportError ? noReport(error) : commandError(error);
      end({ type: "refused", code, message, exitCode });
    },
  );
});

function noReport({ message }: NoReportError) {
  return { code: "NO_REPORT", message, exitCode: EXIT_CODES.noReport };
}

function end(message: ComparisonMessage): void {
  void send(message).then(() => process.exit(EXIT_CODES.ok));
}
