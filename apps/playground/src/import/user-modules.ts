import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type NodeExecutor, type WorkflowDefinition, WorkflowError } from "@waymark/core";
import type { Outcome, RunV1 } from "../compare/executors.ts";
import { USER_ID } from "../compare/executors.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";

type Exports = Record<string, unknown>;
type Call = (argument: unknown) => unknown;

/**
 * Loads the module given with `--v1`: the user's own old executor.
 *
 * - `createWorkflowExecutor({ workflows, executors })`, giving `{ executeWorkflowSync }` as `@waymark/core/v1` does; or
 * - `executeWorkflowSync({ workflowId, userId, initialData, workflow, executors })`.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export async function loadV1(path: string): Promise<RunV1> {
  const exports = await load("--v1", path);
  const create = findExport(exports, "createWorkflowExecutor");
  const execute = findExport(exports, "executeWorkflowSync");
  if (typeof create !== "function" && typeof execute !== "function") {
    throw invalid("--v1", path, "exports neither createWorkflowExecutor nor executeWorkflowSync");
  }
  return async ({ workflow, executors, initialData }) => {
    const call = { workflowId: workflow.id, userId: USER_ID, initialData };
    const result =
      typeof create === "function"
        ? await (await makeExecutor(create as Call, { path, workflow, executors }))(call)
        : await (execute as Call)({ ...call, workflow, executors });
    return readOutcome(result, path);
  };
}

/**
 * Loads the module given with `--executors`: executors by node type, as `executors` or the default export.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export async function loadExecutors(path: string): Promise<ExecutorTable> {
  const exports = await load("--executors", path);
  const table = exports.executors ?? exports.default;
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw invalid("--executors", path, "exports no object of executors by node type, as `executors` or by default");
  }
  const found = (table as Exports).executors ?? table;
  for (const [type, executor] of Object.entries(found as Exports)) {
    if (typeof executor !== "function") throw invalid("--executors", path, `has no function for node type "${type}"`);
  }
  return found as Record<string, NodeExecutor>;
}

async function load(option: string, path: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Exports;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const reason =
      code === "ERR_MODULE_NOT_FOUND" && message.includes(resolve(path)) ? "there is no such file" : message;
    throw invalid(option, path, `cannot be loaded: ${reason}`, error);
  }
}

/** A CommonJS module's exports are also, or only, its default export. */
function findExport(exports: Exports, name: string): unknown {
  return exports[name] ?? (exports.default as Exports | undefined)?.[name];
}

async function makeExecutor(
  create: Call,
  { path, workflow, executors }: { path: string; workflow: WorkflowDefinition; executors: ExecutorTable },
): Promise<Call> {
  const made = (await create({ workflows: [workflow], executors })) as Exports | null | undefined;
  const execute = made?.executeWorkflowSync;
  if (typeof execute !== "function") {
    throw invalid("--v1", path, "gives no executeWorkflowSync from its createWorkflowExecutor");
  }
  return execute as Call;
}

function readOutcome(result: unknown, path: string): Outcome {
  const { success, output, error } = (typeof result === "object" && result !== null ? result : {}) as Exports;
  if (typeof success !== "boolean") {
    throw invalid("--v1", path, "does not resolve to { success, output?, error? }");
  }
  return { success, output, ...(error === undefined ? {} : { error: messageOf(error) }) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function invalid(option: string, path: string, reason: string, cause?: unknown): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${option} ${path}: ${reason}.`, { cause });
}
