#!/usr/bin/env node
import { createProgram } from "./program.ts";
import { EXIT_CODES, runProgram } from "./run-program.ts";

// A reader that has seen enough (`| head`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`error INTERNAL: the output cannot be written (${error.code}).\n`);
  process.exit(EXIT_CODES.noReport);
});

const code = await runProgram(createProgram(), process.argv);
// What was written is let out first.
process.stdout.write("", () => process.exit(code));
