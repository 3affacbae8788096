import { join } from "node:path";
import { WorkflowError } from "@waymark/core";
import { parsePathPattern } from "@waymark/core/migration";
import { listed, quoted } from "@waymark/core/store";
import { compareWorkflow } from "../compare/compare-workflow.ts";
import { resolveExecutors } from "../compare/executor-table.ts";
import { runV1 } from "../compare/executors.ts";
import type { ComparisonReport, WorkflowReport } from "../compare/report.ts";
import { countRuns } from "../compare/run-counts.ts";
import { standInNotes } from "../compare/stand-in-notes.ts";
import { bundledIds, readBundled } from "../import/bundled.ts";
import { readJson } from "../import/json-file.ts";
import { type LoadedWorkflow, readWorkflowFiles } from "../import/workflow-file.ts";
import { loadExecutors, loadV1 } from "../modules/user-modules.ts";
import { isDurable, openStore, type StoreChoice } from "../store/open-store.ts";
import type { CompareFlags } from "./compare-flags.ts";
import { startEnvironment } from "./environment.ts";
import type { WatchedStep } from "./process-messages.ts";

/** Receives the progress of a comparison. */
export interface CompareListener {
  onStep: (step: WatchedStep) => void;
  /** Prints lines for the user that stay on the screen. */
  say: (lines: string[]) => void;
}

const KILLED_WORKFLOW = "order-fulfilment";
/** The time limit for opening or closing a store, in milliseconds. */
const STORE_LIMIT_MS = 60_000;

/** Compares workflows. @throws {WorkflowError} if the input cannot be used */
export async function compareFiles(
  files: readonly string[],
  flags: CompareFlags,
  { onStep, say }: CompareListener,
): Promise<ComparisonReport> {
  const reading = (what: string) => onStep({ what, limitMs: flags.timeout, isInput: true });
  checkFlags(files, flags);
  const ignore = flags.ignore?.map((path) => parsePathPattern(path, "--ignore")) ?? [];
  const [own, v1] = await loadModules(flags, reading);
  const workflows = await loadWorkflows(files, { flags, ownTypes: Object.keys(own ?? {}), reading });
  const contextMode = flags.contextMode ?? (own === undefined ? "frozen" : "copy");
  const hasModules = flags.executors !== undefined || flags.v1 !== undefined;

  onStep({ what: "opening the store", limitMs: STORE_LIMIT_MS });
  await using environment = await startEnvironment(process.env);
  // Nodes of the user's own read the address from here.
  process.env.PLAYGROUND_URL = environment.services.url;
  // Every workflow is checked before the first one runs.
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
  // Only one process at a time can use an embedded store, so killed processes have a folder of their own.
  const kill = {
    model: environment.model,
    modules: { v1: flags.v1, executors: flags.executors },
    store: choice("kill"),
  };
  // The user's nodes run for real, so they run as rarely as the comparison allows.
  const isBundled = files.length === 0 && !hasModules;
  const plan = {
    failAt: flags.failAt,
    interrupt: flags.once !== true,
    measure: flags.bench ?? isBundled,
  };
  const planFor = (loaded: LoadedWorkflow) => ({
    ...plan,
    kill: isKilled(loaded, { flags, hasModules }) ? kill : undefined,
    recovery: isRecovered(flags, hasModules) ? kill : undefined,
  });
  if (!isBundled) say(resolved.map(({ loaded }) => announcement(loaded, countRuns(loaded, planFor(loaded)), plan)));
  const reports: WorkflowReport[] = [];
  try {
    for (const [index, { loaded, executors, passedThrough }] of resolved.entries()) {
      const subject = `${index + 1}/${resolved.length} ${loaded.workflow.id}`;
      const report = await compareWorkflow(loaded, {
        services: environment.services,
        executors,
        runV1: v1,
        v2: { store, contextMode },
        ...(flags.userId === undefined ? {} : { userId: flags.userId }),
        runLimitMs: flags.timeout,
        ignore,
        ...planFor(loaded),
        onProgress: (what, limitMs) => onStep({ subject, what, limitMs }),
      });
      report.notes.push(...standInNotes(passedThrough), ...notKilled({ flags, hasModules }));
      reports.push(report);
    }
  } finally {
    onStep({ what: "closing the store", limitMs: STORE_LIMIT_MS });
    await store.close();
  }
  return {
    ok: reports.every(({ ok }) => ok),
    store: flags.store,
    ...(flags.store === "pglite" ? { dataDir: flags.dataDir } : {}),
    llm: environment.llm,
    workflows: reports,
  };
}

function checkFlags(files: readonly string[], { input, kill, once, start, store }: CompareFlags): void {
  const refuse = (reason: string) => {
    throw new WorkflowError("INVALID_ARGUMENT", reason);
  };
  if (files.length === 0 && input !== undefined) {
    refuse("--input needs a file; bundled workflows have their own input.");
  }
  if (files.length === 0 && start !== undefined)
    refuse("--start needs a file; bundled workflows have their own start.");
  if (kill === true && once === true)
    refuse("--kill cannot be combined with --once, which leaves out the interruptions.");
  if (kill === true && !isDurable({ name: store }))
    refuse(`--kill needs a store that outlives a process, not ${store}.`);
}

async function loadModules({ executors, v1 }: CompareFlags, reading: (what: string) => void) {
  const load = <Loaded>(option: string, path: string, from: (path: string) => Promise<Loaded>) => {
    reading(`loading ${option} ${quoted(path)}`);
    return from(path);
  };
  return [
    executors === undefined ? undefined : await load("--executors", executors, loadExecutors),
    v1 === undefined ? runV1 : await load("--v1", v1, loadV1),
  ] as const;
}

/**
 * Returns true if processes are killed for a workflow.
 *
 * - Kills at three moments take seconds, so only one bundled workflow has them, unless `--fail-at` names a node.
 * - Each kill runs the nodes again, so modules of the user's own are killed only with `--kill`.
 */
function isKilled(
  { workflow }: LoadedWorkflow,
  { flags, hasModules }: { flags: CompareFlags; hasModules: boolean },
): boolean {
  if (flags.kill !== undefined || flags.once || !isDurable({ name: flags.store })) return flags.kill === true;
  return !hasModules && (flags.failAt !== undefined || workflow.id === KILLED_WORKFLOW);
}

/** Returns true if a process is killed and its execution recovered by another one: as for kills, but for every workflow. */
function isRecovered(flags: CompareFlags, hasModules: boolean): boolean {
  if (flags.kill !== undefined || flags.once || !isDurable({ name: flags.store })) return flags.kill === true;
  return !hasModules;
}

function notKilled({ flags, hasModules }: { flags: CompareFlags; hasModules: boolean }): string[] {
  const wouldBe =
    flags.kill === undefined && !flags.once && flags.failAt !== undefined && isDurable({ name: flags.store });
  return hasModules && wouldBe
    ? ["no process was killed, because that runs your nodes again, for real; use --kill to do it"]
    : [];
}

function announcement(
  { workflow }: LoadedWorkflow,
  { v1, v2 }: { v1: number; v2: number },
  { interrupt }: { interrupt: boolean },
): string {
  const runs = `each node runs up to ${v1 + v2} times (V1 ${v1}, V2 ${v2}, without retries)`;
  const once = interrupt ? " With --once it runs 2 times, without interruptions." : "";
  return `${workflow.id}: ${runs}. Its effects are real.${once}`;
}

async function loadWorkflows(
  files: readonly string[],
  { flags, ownTypes, reading }: { flags: CompareFlags; ownTypes: readonly string[]; reading: (what: string) => void },
): Promise<LoadedWorkflow[]> {
  if (files.length === 0) return readBundled(flags.workflow ?? (await bundledIds()));
  reading(`reading ${listed(files)}`);
  const loaded = await readWorkflowFiles(files, { ownTypes, workflow: flags.workflow, start: flags.start });
  if (flags.input === undefined) return loaded;
  reading(`reading ${quoted(flags.input)}`);
  const input = await readJson(flags.input);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new WorkflowError("INVALID_ARGUMENT", `--input ${flags.input}: not a JSON object.`);
  }
  return loaded.map((one) => ({ ...one, input: input as Record<string, unknown> }));
}
