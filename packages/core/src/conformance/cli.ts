#!/usr/bin/env node
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isWorkflowError, messageOf } from "../errors.ts";
import { describeError } from "./assert.ts";
import type { ConformanceCase, ConformanceHarness } from "./case.ts";
import { conformanceCases } from "./cases/index.ts";
import { checkHarness } from "./harness.ts";
import { formatResult, formatSummary, formatTitle } from "./report.ts";
import { runConformance } from "./run.ts";

const USAGE = `Usage: waymark-conformance <module> [options]

Runs the CheckpointStore conformance suite against a store, without a test framework.
<module> is a file that exports \`open\` and \`capabilities\`, and optionally the other fields of the harness.

  --case <id>     run only this case, or all cases whose id begins with this text ("versions/"); may be repeated
  --timeout <ms>  the longest time that one case may take, in milliseconds; 30000 if neither this nor the module sets one
  --seed <n>      run the random cases with this seed, which an earlier failure printed
  --json          print the report as JSON, once all cases have run
  --list          print the cases without running them
  --help          print this text

Exit code: 0 if no case failed, 1 if a case failed or the store left something open, 2 if the command is wrong.`;

/** Milliseconds in which a store must end its connections and timers after the last close(). */
const EXIT_GRACE_MS = 5_000;

/** Seeds have 32 bits. */
const MAX_SEED = 2 ** 32 - 1;

/** The longest time limit that a timer can measure, in milliseconds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

class UsageError extends Error {}

/** The command is right, but the module that it names is not. */
class ModuleError extends UsageError {}

/** Runs the command. Returns the exit code, and the milliseconds after which the process must have ended by itself. */
async function main(): Promise<{ exitCode: number; graceMs: number }> {
  const { values, positionals } = readArguments();
  if (values.help) return print(USAGE, 0);
  const cases = selectCases(values.case);
  if (values.list) return print(cases.map(({ id, title }) => `${id}: ${title}`).join("\n"), 0);
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0)
    throw new UsageError("Give the path of one module that opens the store.");
  const seed = readNumber("--seed", values.seed, { least: 0, most: MAX_SEED });
  const timeoutMs = readNumber("--timeout", values.timeout, { least: 1, most: MAX_TIMEOUT_MS });
  const harness = { ...(await loadHarness(path)), ...(timeoutMs !== undefined && { timeoutMs }) };
  const say = (text: string) => (values.json ? undefined : console.log(text));
  say(formatTitle(harness.name));
  const report = await runConformance(harness, {
    cases,
    ...(seed !== undefined && { seed }),
    onResult: (result) => say(formatResult(result)),
  });
  console.log(values.json ? JSON.stringify(report, undefined, 2) : formatSummary(report));
  if (report.failed > 0) say("--case <id> runs one of the failed cases again.");
  // A store that never opened may wait for its database for a long time.
  return { exitCode: report.success ? 0 : 1, graceMs: report.stopped === undefined ? EXIT_GRACE_MS : 0 };
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        case: { type: "string", multiple: true },
        timeout: { type: "string" },
        seed: { type: "string" },
        json: { type: "boolean" },
        list: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function selectCases(wanted: readonly string[] = []): readonly ConformanceCase[] {
  for (const id of wanted) {
    if (id === "" || !conformanceCases.some((one) => one.id.startsWith(id)))
      throw new UsageError(`There is no case "${id}". Use --list to print the cases.`);
  }
  return wanted.length === 0
    ? conformanceCases
    : conformanceCases.filter((one) => wanted.some((id) => one.id.startsWith(id)));
}

function readNumber(
  option: string,
  text: string | undefined,
  { least, most }: { least: number; most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
    throw new UsageError(`${option} must be a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

async function loadHarness(path: string): Promise<ConformanceHarness> {
  let exported: Partial<ConformanceHarness> & { default?: unknown };
  try {
    exported = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    throw new ModuleError(`${path} cannot be loaded: ${whyNotLoaded(cause, path)}`);
  }
  // A CommonJS module may show all of its exports as the default one.
  const { open, capabilities, name, timeoutMs, seed, agesDefinitions } = {
    ...(typeof exported.default === "object" ? exported.default : {}),
    ...exported,
  };
  const harness = { name: name ?? path, open, capabilities } as ConformanceHarness;
  if (timeoutMs !== undefined) harness.timeoutMs = timeoutMs;
  if (agesDefinitions !== undefined) harness.agesDefinitions = agesDefinitions;
  if (seed !== undefined) harness.seed = seed;
  try {
    checkHarness(harness);
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    throw new ModuleError(`${path} must export \`open\` and \`capabilities\`. ${error.message}`);
  }
  return harness;
}

function whyNotLoaded(cause: unknown, path: string): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    return `${messageOf(cause)}. Node.js runs TypeScript from version 22.18 on; give it the compiled file.`;
  }
  if (code === "ERR_MODULE_NOT_FOUND") return `${messageOf(cause)}.`;
  if (cause instanceof SyntaxError) return `SyntaxError: ${cause.message}. \`node --check ${path}\` shows the place.`;
  return describeError(cause);
}

function print(text: string, exitCode: number): { exitCode: number; graceMs: number } {
  console.log(text);
  return { exitCode, graceMs: EXIT_GRACE_MS };
}

// Stands until the report is printed: a process that ends before that has proved nothing.
process.exitCode = 1;
process.on("uncaughtException", (error) => {
  console.error(
    `The store threw outside of its calls: ${describeError(error)}\nAn event emitter without a listener for "error" does so, and a promise that nobody awaits.`,
  );
  process.exit(1);
});
main().then(
  ({ exitCode, graceMs }) => {
    process.exitCode = exitCode;
    // Fires only if something else keeps the process alive.
    setTimeout(() => {
      if (graceMs > 0)
        console.error("The store left a connection or a timer open. close() must end everything that the store owns.");
      process.exit(1);
    }, graceMs).unref();
  },
  (error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    console.error(error instanceof ModuleError ? error.message : `${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  },
);
