#!/usr/bin/env node
import { createProgram } from "./program.ts";
import { runProgram } from "./run-program.ts";

// A reader that has seen enough (`| head`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const code = await runProgram(createProgram(), process.argv);
// A node that never settled may keep the process alive; what was written is let out first.
process.stdout.write("", () => process.exit(code));
