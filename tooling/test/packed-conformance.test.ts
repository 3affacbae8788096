import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pack, publicPackages } from "../packing/public-packages.ts";
import { ROOT, run } from "../pnpm.ts";
import { type Consumer, createConsumer } from "./packed/consumer.ts";

/*
 * The files of docs/conformance.md, as a reader has them: in a CommonJS project that has installed the packed packages.
 */

const NAMES = ["@waymark/core", "@waymark/store-memory"];
const FILE = /^<!-- file: (?<name>[^\s,]+)[^\n]*-->\n```js\n(?<code>[\s\S]*?)^```$/gm;
const JEST = join(ROOT, "tooling/node_modules/jest/bin/jest.js");
const VITEST = join(ROOT, "node_modules/vitest");

let tarballs: string;
let consumer: Consumer;
/** The cases that pass on the memory store, and those that are skipped. */
let expected: { passed: number; skipped: number };

beforeAll(() => {
  tarballs = mkdtempSync(join(tmpdir(), "waymark-tarballs-"));
  const packages = publicPackages().filter(({ manifest }) => NAMES.includes(manifest.name));
  consumer = createConsumer(packages.map((candidate) => pack(candidate, tarballs)));
  const manifest = JSON.parse(readFileSync(join(consumer.folder, "package.json"), "utf8"));
  consumer.write("package.json", JSON.stringify({ ...manifest, type: "commonjs" }));
  for (const { groups } of readFileSync(join(ROOT, "docs/conformance.md"), "utf8").matchAll(FILE)) {
    consumer.write(groups?.name ?? "", groups?.code ?? "");
  }
  const report = consumer.node("node_modules/.bin/waymark-conformance", "./my-store.harness.mjs", "--json");
  expected = JSON.parse(report);
  expect(expected.passed).toBeGreaterThan(200);
}, 180_000);

afterAll(() => {
  consumer?.remove();
  rmSync(tarballs, { recursive: true, force: true });
});

test("the file for vitest runs", () => {
  mkdirSync(join(consumer.folder, "node_modules"), { recursive: true });
  symlinkSync(VITEST, join(consumer.folder, "node_modules/vitest"), "dir");
  const reportFile = join(consumer.folder, "vitest.json");
  const report = ["--reporter=json", `--outputFile=${reportFile}`];
  run(process.execPath, [join(VITEST, "vitest.mjs"), "run", ...report, "my-store.test.mjs"], { cwd: consumer.folder });
  expect(JSON.parse(readFileSync(reportFile, "utf8"))).toMatchObject({
    numFailedTests: 0,
    numPassedTests: expected.passed,
    numPendingTests: expected.skipped,
  });
});

test("the file for Node's own runner runs", () => {
  const output = consumer.node("--test", "--test-reporter=tap", "my-store.node-test.mjs");
  expect(output).toMatch(/^# fail 0$/m);
  expect(output).toMatch(new RegExp(`^# pass ${expected.passed}$`, "m"));
  expect(output).toMatch(new RegExp(`^# skipped ${expected.skipped}$`, "m"));
});

test("the file for Jest in CommonJS runs", () => {
  consumer.write("jest.config.json", JSON.stringify({ testMatch: ["**/my-store.test.js"], transform: {} }));
  const args = ["--experimental-vm-modules", JEST, "--config", "jest.config.json", "--json"];
  const report = JSON.parse(run(process.execPath, args, { cwd: consumer.folder }));
  expect(report).toMatchObject({ success: true, numFailedTests: 0, numPassedTests: expected.passed });
  expect(report.numPendingTests).toBe(expected.skipped);
});
