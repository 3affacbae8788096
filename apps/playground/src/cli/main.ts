#!/usr/bin/env node
import { createProgram } from "./program.ts";
import { runProgram } from "./run-program.ts";

const code = await runProgram(createProgram(), process.argv);
// A node that never settled may keep the process alive; what was written is let out first.
process.stdout.write("", () => process.exit(code));
