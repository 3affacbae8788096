// Prints "N passed, N failed" from the output file of vitest's JSON reporter: node tooling/test-counts.mjs <file>
// A test file that could not be loaded counts as one failure.

import { existsSync, readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
if (file === undefined || !existsSync(file)) {
  console.log("The tests did not run.");
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const report = JSON.parse(readFileSync(file, "utf8"));
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((assertion) => assertion.status !== "failed"),
);
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + unloaded.length} failed`);
