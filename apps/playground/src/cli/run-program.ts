import { isWorkflowError } from "@waymark/core";
import { type Command, CommanderError } from "commander";

/** What the process ends with. */
export const EXIT_CODES = {
  ok: 0,
  /** The comparison found a difference, or V2 repeated a completed node. */
  comparisonFailed: 1,
  /** The input cannot be used; nothing was compared. */
  badInput: 2,
  /** A fault of the playground itself. */
  internal: 70,
} as const;

/** Runs the command line; an error is one line with its code. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? EXIT_CODES.ok);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT_CODES.ok;
      const isHelp = error.code === "commander.help";
      fail("INVALID_ARGUMENT", isHelp ? "no command given; --help lists them" : error.message.replace(/^error: /, ""));
      return EXIT_CODES.badInput;
    }
    if (isWorkflowError(error)) {
      fail(error.code, error.message);
      return EXIT_CODES.badInput;
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT_CODES.internal;
  }
}

function fail(code: string, message: string): void {
  process.stderr.write(`error ${code}: ${oneLine(message)}\n`);
}

/** Names come out of files; what they hold must not reach the terminal as control characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
