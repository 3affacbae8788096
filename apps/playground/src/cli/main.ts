#!/usr/bin/env node
import { createProgram } from "./program.ts";
import { EXIT_CODES, runProgram } from "./run-program.ts";

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`error INTERNAL: the output cannot be written (${error.code}).\n`);
  process.exit(EXIT_CODES.noReport);
});

const code = await runProgram(createProgram(), process.argv);
// Ends after the output is written.
process.stdout.write("", () => process.exit(code));
