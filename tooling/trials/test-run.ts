import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The result of a run of tests. */
export interface TestRun {
  passed: number;
  skipped: number;
  seconds: number;
  /** The tests that failed, and the files that could not be run, each with the reason. */
  failures: string[];
}

/** The parts of vitest's report that are read here. */
interface Report {
  numPassedTests: number;
  numPendingTests: number;
  testResults: { name: string; message: string; assertionResults: TestResult[] }[];
}

interface TestResult {
  status: string;
  fullName: string;
  failureMessages: string[];
}

/**
 * Runs test files in another process, with additional environment variables. `files` are the beginnings of their paths.
 */
export async function runTestFiles(files: readonly string[], variables: Record<string, string>): Promise<TestRun> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-tests-"));
  const file = join(folder, "report.json");
  const begin = performance.now();
  try {
    const vitest = dirname(createRequire(join(ROOT, "package.json")).resolve("vitest/package.json"));
    const args = [join(vitest, "vitest.mjs"), "run", "--reporter=json", `--outputFile=${file}`, ...files];
    const env = { ...process.env, ...variables };
    await once(spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", 2, "inherit"] }), "exit");
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    return {
      passed: report.numPassedTests,
      skipped: report.numPendingTests,
      seconds: Math.round((performance.now() - begin) / 1_000),
      failures: failuresOf(report),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join("\n")}`);
    return failed.length === 0 && message !== "" ? [`${name}: ${message}`] : failed;
  });
}
