import { join } from "node:path";
import { WorkflowError } from "@waymark/core";
import { compareWorkflow } from "../compare/compare-workflow.ts";
import { resolveExecutors } from "../compare/executor-table.ts";
import { runV1 } from "../compare/executors.ts";
import type { ComparisonReport, WorkflowReport } from "../compare/report.ts";
import { bundledIds, readBundled } from "../import/bundled.ts";
import { readJson } from "../import/json-file.ts";
import { loadExecutors, loadV1 } from "../import/user-modules.ts";
import { type LoadedWorkflow, readWorkflowFiles } from "../import/workflow-file.ts";
import { isDurable, openStore, type StoreChoice } from "../store/open-store.ts";
import { startEnvironment } from "./environment.ts";
import { createProgress } from "./progress.ts";
import { renderReport } from "./render-report.ts";
import { EXIT_CODES } from "./run-program.ts";

/** What `playground compare` can be told. */
export interface CompareFlags {
  workflow?: string[];
  failAt?: string;
  input?: string;
  v1?: string;
  executors?: string;
  contextMode?: "frozen" | "copy";
  /** Milliseconds. */
  timeout: number;
  store: string;
  url?: string;
  dataDir: string;
  /** False with `--no-kill`. */
  kill: boolean;
  json?: boolean;
}

const KILLED_WORKFLOW = "order-fulfilment";

/** Compares, prints the report, and gives the exit code. @throws {WorkflowError} for input that cannot be used */
export async function compareCommand(files: readonly string[], flags: CompareFlags): Promise<number> {
  const own = flags.executors === undefined ? undefined : await loadExecutors(flags.executors);
  const workflows = await loadWorkflows(files, { ...flags, ownTypes: Object.keys(own ?? {}) });
  const v1 = flags.v1 === undefined ? runV1 : await loadV1(flags.v1);
  const contextMode = flags.contextMode ?? (own === undefined ? "frozen" : "copy");

  await using environment = await startEnvironment(process.env);
  // For nodes of the user's own, which are not made with an address.
  process.env.PLAYGROUND_URL = environment.services.url;
  // All workflows are known to be runnable before the first one runs.
  const resolved = workflows.map((loaded) => ({
    loaded,
    ...resolveExecutors(loaded, { own, bundled: environment.nodes }),
  }));
  const choice = (part: string): StoreChoice => ({
    name: flags.store,
    ...(flags.url === undefined ? {} : { url: flags.url }),
    dataDir: join(flags.dataDir, part),
  });
  const store = await openStore(choice("compare"));
  // An embedded store is held by one process at a time, so the ones that are killed have a folder of their own.
  const kill = {
    model: environment.model,
    modules: { v1: flags.v1, executors: flags.executors },
    store: choice("kill"),
  };
  const progress = createProgress(process.stderr);
  const reports: WorkflowReport[] = [];
  try {
    for (const [index, { loaded, executors, passedThrough }] of resolved.entries()) {
      const report = await compareWorkflow(loaded, {
        services: environment.services,
        executors,
        runV1: v1,
        v2: { store, contextMode },
        runLimitMs: flags.timeout,
        failAt: flags.failAt,
        kill: flags.kill && isDurable(kill.store) && isKilled(loaded, flags) ? kill : undefined,
        onProgress: (what) => progress.show(`${index + 1}/${resolved.length} ${loaded.workflow.id}: ${what}`),
      });
      const stoodIn = [...passedThrough].map(([type, count]) => (count === 1 ? type : `${type} x${count}`));
      if (stoodIn.length > 0) report.notes.push(`no executor here, passed through: ${stoodIn.join(", ")}`);
      reports.push(report);
    }
  } finally {
    progress.end();
    await store.close();
  }
  const report: ComparisonReport = {
    ok: reports.every(({ ok }) => ok),
    store: flags.store,
    ...(flags.store === "pglite" ? { dataDir: flags.dataDir } : {}),
    llm: environment.llm,
    workflows: reports,
  };
  process.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report, process.stdout));
  return report.ok ? EXIT_CODES.ok : EXIT_CODES.comparisonFailed;
}

/** Killing takes seconds, so of the bundled workflows one stands for all, unless a node was chosen. */
function isKilled({ workflow }: LoadedWorkflow, { failAt }: CompareFlags): boolean {
  return failAt !== undefined || workflow.id === KILLED_WORKFLOW;
}

async function loadWorkflows(
  files: readonly string[],
  flags: Pick<CompareFlags, "workflow" | "input"> & { ownTypes: readonly string[] },
): Promise<LoadedWorkflow[]> {
  if (files.length === 0) {
    if (flags.input !== undefined) {
      throw new WorkflowError("INVALID_ARGUMENT", "--input goes with a file; bundled workflows bring their own.");
    }
    return readBundled(flags.workflow ?? (await bundledIds()));
  }
  const loaded = await readWorkflowFiles(files, flags);
  if (flags.input === undefined) return loaded;
  const input = await readJson(flags.input);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new WorkflowError("INVALID_ARGUMENT", `--input ${flags.input}: not a JSON object.`);
  }
  return loaded.map((one) => ({ ...one, input: input as Record<string, unknown> }));
}
