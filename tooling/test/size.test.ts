import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bundle } from "../build/bundle.ts";
import { readManifest } from "../build/manifest.ts";
import { ROOT } from "../pnpm.ts";

const MAIN_BYTES = 60_000;
const RUNNING_BYTES = 75_000;

const folder = join(ROOT, "packages/core");
const outputFolder = mkdtempSync(join(tmpdir(), "waymark-size-"));
afterAll(() => rmSync(outputFolder, { recursive: true }));

/** Counts the bytes of the files of this package that a program has loaded so far. */
const LOADED = `
  import { registerHooks } from "node:module";
  let bytes = 0;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url.startsWith(process.env.WAYMARK_FOLDER)) bytes += Buffer.byteLength(loaded.source);
      return loaded;
    },
  });
  globalThis.loadedBytes = () => bytes;
`;

/** Runs a workflow on a store of its own, which loads nothing of this package. */
const PROGRAM = `
  const { createWorkflowEngine } = await import(process.env.WAYMARK_FOLDER + "/index.js");
  const main = loadedBytes();
  const nothing = async () => undefined;
  const store = {
    capabilities: { durable: false, multiProcess: false, maxPayloadBytes: 1_000_000 },
    async createExecution({ id, workflowId, userId, status, currentStep, totalSteps, definitionHash }) {
      const counters = { version: 0, token: 1, seq: 0, snapshotSeq: 0, firstSeq: 0, checkpointsCount: 0, recoveries: 0 };
      const times = { createdAt: Date.now(), updatedAt: Date.now(), readAt: Date.now() };
      return { id, workflowId, userId, status, currentStep, totalSteps, definitionHash, ...counters, ...times };
    },
    ...{ commit: nothing, saveDefinition: nothing, getDefinition: nothing, deleteUnusedDefinitions: nothing },
    ...{ getExecution: nothing, claimExecution: nothing, readCheckpoints: nothing, listExecutions: nothing },
    ...{ deleteExecutions: nothing, close: nothing, [Symbol.asyncDispose]: nothing },
  };
  const nodes = [{ id: "a" }, { id: "b" }, { id: "c" }];
  const edges = [{ source: "a", target: "b" }, { source: "b", target: "c" }];
  const executors = { default: async ({ context, node }) => ({ ...context, [node.id]: true }) };
  const engine = createWorkflowEngine({ store, workflows: [{ id: "w", nodes, edges }], executors });
  const { status } = await engine.executeWorkflow({ workflowId: "w", userId: "u" });
  process.stdout.write(JSON.stringify({ main, running: loadedBytes() - main, status }));
`;

test(`import "@waymark/core" loads at most ${MAIN_BYTES} bytes, minified, and a run at most ${RUNNING_BYTES} more`, async () => {
  const manifest = { ...readManifest(folder), publishConfig: { exports: { ".": "./dist/index.js" } } };
  await bundle({ folder, manifest, outputFolder, minify: true });
  const hook = join(outputFolder, "loaded.mjs");
  writeFileSync(hook, LOADED);
  const env = { ...process.env, WAYMARK_FOLDER: pathToFileURL(outputFolder).href };
  const args = ["--import", pathToFileURL(hook).href, "--input-type=module", "--eval", PROGRAM];
  const loaded = JSON.parse(execFileSync(process.execPath, args, { env, encoding: "utf8" }));
  expect(loaded.status).toBe("completed");
  expect(loaded.main).toBeGreaterThan(10_000);
  expect(loaded.main).toBeLessThanOrEqual(MAIN_BYTES);
  expect(loaded.running).toBeGreaterThan(10_000);
  expect(loaded.running).toBeLessThanOrEqual(RUNNING_BYTES);
});
