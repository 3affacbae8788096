import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  isWorkflowError,
  type NodeExecutor,
  NonRetryableError,
  type WorkflowDefinition,
  WorkflowError,
} from "@waymark/core";
import type { Recorder } from "@waymark/core/migration";
import { quoted, safeError } from "@waymark/core/store";
import type { Outcome, RunV1 } from "../compare/executors.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";
import { messageOf } from "../values/message-of.ts";

type Exports = Record<string, unknown>;
type Call = (argument: unknown) => unknown;

/**
 * Loads the module given with `--v1`: the user's own old executor.
 *
 * - `createWorkflowExecutor({ workflows, executors })`, which returns `{ executeWorkflowSync }` like `@waymark/core/v1`; or
 * - `executeWorkflowSync({ workflowId, userId, initialData, workflow, executors })`.
 * - It may also export the `recorder`, of `createRecorder`, that wraps the executors of its own registry.
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
  const recorder = recorderOf(path, exports);
  return async ({ workflow, executors, initialData, userId, around }) => {
    const call = { workflowId: workflow.id, userId, initialData };
    const run =
      typeof create === "function"
        ? await makeExecutor(create as Call, { path, workflow, executors })
        : () => (execute as Call)({ ...call, workflow, executors });
    const outcome = () => outcomeOf(path, () => run(call));
    if (recorder === undefined || around === undefined) return outcome();
    return recorder.run(call, outcome, {
      around: ({ nodeType, nodeId }, next) => {
        if (nodeId !== undefined) return around(nodeId, next);
        throw new NonRetryableError(
          `V1 called its executor of type ${quoted(nodeType)} without { node } or { nodeId }: see the playground's README.`,
        );
      },
    });
  };
}

/** Returns the recorder that wraps the executors of V1's own registry, if V1 exports it. */
function recorderOf(path: string, exports: Exports): Recorder | undefined {
  const recorder = findExport(exports, "recorder") as Partial<Recorder> | undefined;
  if (recorder === undefined) return undefined;
  if (typeof recorder?.run === "function") return recorder as Recorder;
  throw invalid("--v1", path, "exports a recorder that createRecorder did not make");
}

/**
 * Loads the module given with `--executors`: executors by node type, as `executors` or the default export.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export async function loadExecutors(path: string): Promise<ExecutorTable> {
  const exports = await load("--executors", path);
  try {
    const table = exports.executors ?? exports.default;
    const found = isTable(table) && isTable(table.executors) ? table.executors : table;
    if (!isTable(found)) {
      throw invalid("--executors", path, "exports no object of executors by node type, as `executors` or by default");
    }
    if (Object.keys(found).length === 0) {
      throw invalid("--executors", path, "exports an empty table of executors; those of a Map or a class are not read");
    }
    const odd = Object.keys(found).find((type) => typeof found[type] !== "function");
    if (odd !== undefined) throw invalid("--executors", path, `has no function for node type ${quoted(odd)}`);
    return found as Record<string, NodeExecutor>;
  } catch (error) {
    if (isWorkflowError(error)) throw error;
    throw invalid("--executors", path, `cannot be read: ${messageOf(error)}`, error);
  }
}

function isTable(value: unknown): value is Exports {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function load(option: string, path: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Exports;
  } catch (error) {
    const message = messageOf(error);
    const isMissing = (error as NodeJS.ErrnoException | null)?.code === "ERR_MODULE_NOT_FOUND";
    const reason = isMissing && message.includes(resolve(path)) ? "there is no such file" : message;
    throw invalid(option, path, `cannot be loaded: ${reason}`, error);
  }
}

/** Returns a module's exports. Those of a CommonJS module may be only in its default export. */
function findExport(exports: Exports, name: string): unknown {
  return exports[name] ?? (exports.default as Exports | undefined)?.[name];
}

async function makeExecutor(
  create: Call,
  { path, workflow, executors }: { path: string; workflow: WorkflowDefinition; executors: ExecutorTable },
): Promise<Call> {
  let made: Exports | null | undefined;
  try {
    made = (await create({ workflows: [workflow], executors })) as Exports | null | undefined;
  } catch (error) {
    throw invalid("--v1", path, `throws from its createWorkflowExecutor: ${messageOf(error)}`, error);
  }
  const execute = made?.executeWorkflowSync;
  if (typeof execute !== "function") {
    throw invalid("--v1", path, "returns no executeWorkflowSync from its createWorkflowExecutor");
  }
  return execute as Call;
}

/** Calls the old executor. Any thrown value counts as a failure. */
async function outcomeOf(path: string, run: () => unknown): Promise<Outcome> {
  let outcome: Exports;
  try {
    const result = await run();
    const { success, output, error } = isTable(result) ? result : {};
    outcome = { success, output, error };
  } catch (error) {
    return { success: false, error: messageOf(error) };
  }
  const { success, output, error } = outcome;
  if (typeof success !== "boolean") {
    throw invalid("--v1", path, "does not resolve to { success, output?, error? }");
  }
  if (success) return { success, output };
  return { success, output, error: error === undefined ? "it gave no reason" : messageOf(error) };
}

function invalid(option: string, path: string, reason: string, cause?: unknown): WorkflowError {
  const message = `${option} ${path}: ${reason}.`;
  return new WorkflowError("INVALID_ARGUMENT", message, cause === undefined ? {} : { cause: safeError(cause) });
}
