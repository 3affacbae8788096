import { isWorkflowError } from "@waymark/core";
import { type Command, CommanderError } from "commander";
import { messageOf } from "../values/message-of.ts";
import { oneLine } from "./one-line.ts";

/** The exit codes of the command line. */
export const EXIT_CODES = {
  ok: 0,
  /** The comparison found a difference, or V2 repeated a completed node. */
  comparisonFailed: 1,
  /** Some rows of an import were left out. */
  rowsLeftOut: 1,
  /** The input cannot be used; nothing was compared. */
  badInput: 2,
  /** There is no report: a module ended the process or kept it busy, memory ran out, or the playground has a fault. */
  noReport: 70,
} as const;

/** An error that ends the command with one line. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: string;
  readonly exitCode: number;

  constructor({ code, message, exitCode }: { code: string; message: string; exitCode: number }) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** Runs the command line, and prints an error as one line with its code. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? EXIT_CODES.ok);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.ok;
    const { code, message, exitCode } = commandError(error);
    process.stderr.write(`error ${oneLine(code, 100)}: ${oneLine(message)}\n`);
    return exitCode;
  }
}

/** Returns the code, message and exit code for any thrown value. */
export function commandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof CommanderError) {
    const isHelp = error.code === "commander.help";
    const message = isHelp ? "no command given; --help lists the commands" : error.message.replace(/^error: /, "");
    return new CommandError({ code: "INVALID_ARGUMENT", message, exitCode: EXIT_CODES.badInput });
  }
  if (isWorkflowError(error)) {
    return new CommandError({ code: error.code, message: error.message, exitCode: EXIT_CODES.badInput });
  }
  // The place helps to fix the fault.
  const place = error instanceof Error ? /^\s+at .*$/m.exec(error.stack ?? "")?.[0].trim() : undefined;
  const message = place === undefined ? messageOf(error) : `${messageOf(error)} (${place})`;
  return new CommandError({ code: "INTERNAL", message, exitCode: EXIT_CODES.noReport });
}
