import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fencesIn } from "../docs/fences.ts";
import { pack, publicPackages } from "../packing/public-packages.ts";
import { ROOT, run } from "../pnpm.ts";
import { asCommonJs } from "./packed/as-commonjs.ts";
import { type Consumer, createConsumer } from "./packed/consumer.ts";
import { expectSameExportsByImportAndRequire, modulesOf, typeCheck } from "./packed/public-modules.ts";

// The packages without further dependencies. Two of them run the README's example.
const NAMES = ["@waymark/core", "@waymark/inspector", "@waymark/store-memory"];
const CORE_BYTES = 470_000;
const packages = publicPackages().filter(({ manifest }) => NAMES.includes(manifest.name));
const modules = packages.flatMap(modulesOf);

let tarballs: string;
let consumer: Consumer;

beforeAll(() => {
  tarballs = mkdtempSync(join(tmpdir(), "waymark-tarballs-"));
  consumer = createConsumer(packages.map((candidate) => pack(candidate, tarballs)));
  consumer.write("example.ts", readmeExample());
}, 180_000);

afterAll(() => {
  consumer?.remove();
  rmSync(tarballs, { recursive: true, force: true });
});

test(`the tarball of core has at most ${CORE_BYTES} bytes`, () => {
  const [tarball = ""] = readdirSync(tarballs).filter((name) => name.startsWith("waymark-core-"));
  expect(statSync(join(tarballs, tarball)).size).toBeLessThanOrEqual(CORE_BYTES);
});

describe.each(["nodenext", "bundler"] as const)("under %s resolution", (resolution) => {
  test("every public module type-checks, declarations included", () => {
    typeCheck(consumer, modules, resolution);
  });

  test("the README's example type-checks and runs by import", () => {
    consumer.compile("example.ts", { resolution, outDir: resolution });
    expect(consumer.node(`${resolution}/example.js`)).toContain("completed");
  });
});

test("a CommonJS module can require every public module under nodenext resolution", () => {
  const lines = modules.map((name, index) => `import m${index} = require("${name}");\nexport { m${index} };\n`);
  consumer.write("modules.cts", lines.join(""));
  consumer.compile("modules.cts", { resolution: "nodenext", outDir: "commonjs" });
  consumer.node("commonjs/modules.cjs");
});

test("the README's example runs by require()", () => {
  consumer.compile("example.ts", { resolution: "nodenext", outDir: "esm" });
  consumer.write("example.cjs", asCommonJs(readFileSync(join(consumer.folder, "esm/example.js"), "utf8")));
  expect(consumer.node("example.cjs")).toContain("completed");
});

test.each(modules)("%s has the same exports by import and by require()", (name) => {
  expectSameExportsByImportAndRequire(consumer, name);
});

test("the command waymark-conformance runs the suite on an installed store", () => {
  consumer.write(
    "memory-store.mjs",
    `import { MemoryCheckpointStore } from "@waymark/store-memory";
export const capabilities = MemoryCheckpointStore.capabilities;
export async function open() {
  const store = new MemoryCheckpointStore();
  return { store, reopen: async () => store.reopen(), close: () => store.close() };
}`,
  );
  const report = consumer.node("node_modules/.bin/waymark-conformance", "memory-store.mjs");
  expect(report).toContain("passed");
});

test("an installed inspector serves its page, with the files inside it, and its command runs", () => {
  consumer.write(
    "inspector.mjs",
    `import { createWorkflowEngine } from "@waymark/core";
import { createInspector } from "@waymark/inspector";
import { MemoryCheckpointStore } from "@waymark/store-memory";
const engine = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [], executors: {} });
const { fetch } = createInspector({ engine, authorize: () => ({}) });
const get = async (path) => (await fetch(new Request("http://localhost" + path))).text();
const page = await get("/");
const [script] = /assets\\/[^"]+\\.js/.exec(page);
console.log(page.includes("<base"), (await get("/" + script)).length > 100_000, await get("/api/executions"));`,
  );
  expect(consumer.node("inspector.mjs")).toContain('true true {"items":[]}');
  expect(consumer.node("node_modules/.bin/waymark-inspector", "--help")).toContain("--store");
});

test("the conformance suite of an installed core runs under Jest", () => {
  consumer.write(
    "conformance.jest.mjs",
    `import { describe, it } from "@jest/globals";
import { conformanceCases, describeCheckpointStore } from "@waymark/core/conformance";
import { capabilities, open } from "./memory-store.mjs";
describeCheckpointStore({ describe, it }, { name: "memory", capabilities, open });
it("declares a test per case: " + conformanceCases.length, () => {});`,
  );
  consumer.write("jest.config.json", JSON.stringify({ testMatch: ["**/*.jest.mjs"], transform: {} }));
  const jest = join(ROOT, "tooling/node_modules/jest/bin/jest.js");
  const args = ["--experimental-vm-modules", jest, "--config", "jest.config.json", "--json"];
  const report = JSON.parse(run(process.execPath, args, { cwd: consumer.folder }));
  const [, cases] = /declares a test per case: (\d+)/.exec(JSON.stringify(report)) ?? [];
  expect(report).toMatchObject({ success: true, numFailedTests: 0 });
  expect(report.numPassedTests + report.numPendingTests).toBe(Number(cases) + 1);
  expect(report.numPassedTests).toBeGreaterThan(130);
});

function readmeExample(): string {
  const [first] = fencesIn(readFileSync(join(ROOT, "README.md"), "utf8"));
  if (first === undefined || first.setup !== undefined) throw new Error("README.md begins with no example of its own");
  return first.code;
}
