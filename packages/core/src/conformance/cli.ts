#!/usr/bin/env node
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { ConformanceCase, ConformanceHarness } from "./case.ts";
import { conformanceCases } from "./cases/index.ts";
import { formatReport } from "./report.ts";
import { runConformance } from "./run.ts";

const USAGE = `Usage: waymark-conformance <module> [options]

Runs the CheckpointStore conformance suite against a store, without a test framework.
<module> is a file that exports \`open\` and \`capabilities\`, and optionally the other fields of the harness.

  --case <id>   run only this case, or all cases whose id begins with this text ("versions/"); may be repeated
  --seed <n>    run the random cases with this seed, which an earlier failure printed
  --json        print the report as JSON
  --list        print the cases without running them
  --help        print this text

Exit code: 0 if no case failed, 1 if a case failed or the store left something open, 2 if the command is wrong.`;

/** Milliseconds in which a store must end its connections and timers after the last close(). */
const EXIT_GRACE_MS = 5_000;

/** Seeds have 32 bits. */
const MAX_SEED = 2 ** 32 - 1;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  if (values.help) return print(USAGE, 0);
  const cases = selectCases(values.case);
  if (values.list) return print(cases.map(({ id, title }) => `${id}: ${title}`).join("\n"), 0);
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0)
    throw new UsageError("Give the path of one module that opens the store.");
  const seed = readSeed(values.seed);
  const harness = await loadHarness(path);
  const report = await runConformance(harness, { cases, ...(seed !== undefined && { seed }) });
  return print(values.json ? JSON.stringify(report, undefined, 2) : formatReport(report), report.success ? 0 : 1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        case: { type: "string", multiple: true },
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

function readSeed(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (text.trim() === "" || !Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw new UsageError(`--seed must be a whole number from 0 to ${MAX_SEED}, not "${text}".`);
  }
  return seed;
}

async function loadHarness(path: string): Promise<ConformanceHarness> {
  let module: Partial<ConformanceHarness>;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    throw new UsageError(`${path} cannot be loaded: ${(cause as Error).message}`);
  }
  const { open, capabilities, name = path, timeoutMs, seed, agesDefinitions } = module;
  if (typeof open !== "function" || typeof capabilities !== "object" || capabilities === null) {
    throw new UsageError(`${path} must export \`open\` (a function) and \`capabilities\` (those of the store).`);
  }
  return {
    name,
    capabilities,
    open,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(agesDefinitions !== undefined && { agesDefinitions }),
    ...(seed !== undefined && { seed }),
  };
}

function print(text: string, exitCode: number): number {
  console.log(text);
  return exitCode;
}

// Stands until the report is printed: a process that ends before that has proved nothing.
process.exitCode = 1;
main().then(
  (exitCode) => {
    process.exitCode = exitCode;
    // Fires only if something else keeps the process alive.
    setTimeout(() => {
      console.error("The store left a connection or a timer open. close() must end everything that the store owns.");
      process.exit(1);
    }, EXIT_GRACE_MS).unref();
  },
  (error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  },
);
