import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bundle } from "../build/bundle.ts";
import { readManifest } from "../build/manifest.ts";
import { ROOT } from "../pnpm.ts";

const folder = join(ROOT, "packages/core");
const outputFolder = mkdtempSync(join(tmpdir(), "waymark-unloaded-"));
afterAll(() => rmSync(outputFolder, { recursive: true }));

/** Runs a node that waits, on a store that notes what is written. */
const PROGRAM = `
  const { createWorkflowEngine, suspend } = await import(process.env.WAYMARK_FOLDER + "/index.js");
  const nothing = async () => undefined;
  const written = [];
  const store = {
    capabilities: { durable: false, multiProcess: false, maxPayloadBytes: 1_000_000 },
    async createExecution({ id, workflowId, userId, status, currentStep, totalSteps, definitionHash }) {
      const counters = { version: 0, token: 1, seq: 0, snapshotSeq: 0, firstSeq: 0, checkpointsCount: 0, recoveries: 0 };
      const times = { createdAt: Date.now(), updatedAt: Date.now(), readAt: Date.now() };
      return { id, workflowId, userId, status, currentStep, totalSteps, definitionHash, ...counters, ...times };
    },
    async commit(id, { checkpoints = [], head = {} }) {
      written.push(...checkpoints.map(({ kind }) => kind), head.status ?? "running");
    },
    ...{ saveDefinition: nothing, getDefinition: nothing, deleteUnusedDefinitions: nothing },
    ...{ getExecution: nothing, claimExecution: nothing, readCheckpoints: nothing, listExecutions: nothing },
    ...{ deleteExecutions: nothing, close: nothing, [Symbol.asyncDispose]: nothing },
  };
  const workflows = [{ id: "w", nodes: [{ id: "a", retry: { maxAttempts: 3, backoffMs: 0 } }], edges: [] }];
  const engine = createWorkflowEngine({ store, workflows, executors: { default: async () => suspend() } });
  const call = engine.executeWorkflow({ workflowId: "w", userId: "u" });
  const ended = await call.then(({ status }) => status, ({ code }) => code);
  process.stdout.write(JSON.stringify({ ended, written }));
`;

function run(): unknown {
  const env = { ...process.env, WAYMARK_FOLDER: pathToFileURL(outputFolder).href };
  return JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], { env, encoding: "utf8" }),
  );
}

test("a wait whose code is gone since a deployment ends the run, and is no failed attempt of its node", async () => {
  const manifest = { ...readManifest(folder), publishConfig: { exports: { ".": "./dist/index.js" } } };
  const files = await bundle({ folder, manifest, outputFolder });
  expect(run()).toEqual({ ended: "suspended", written: ["save", "suspended"] });
  const part = files.find(({ modules }) => modules.some((path) => path.endsWith("/engine/run-suspensions.ts")));
  rmSync(join(outputFolder, String(part?.fileName)));
  expect(run()).toEqual({ ended: "ERR_MODULE_NOT_FOUND", written: [] });
});
