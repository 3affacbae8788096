import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  isWorkflowError,
  type NodeExecutor,
  type WorkflowDefinition,
  type WorkflowEngine,
} from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";
import { SILENT } from "../engine/silent.ts";
import "../engine/preloaded.ts";

/** What a value that no message may show looks like. */
export const SECRET = "hunter2-payload";

/** A first call that is wrong, and what its message must name. */
export type WrongCall = readonly [
  what: string,
  call: (given: Given) => unknown,
  code: string,
  mistake: RegExp,
  cure: RegExp,
];

/** What a wrong call is made on. */
export interface Given {
  store: MemoryCheckpointStore;
  /** An engine with the workflows "chain" and "approval". */
  engine: Loose<WorkflowEngine>;
  /** An engine with other options, of any type. */
  create(options: object): Loose<WorkflowEngine>;
  /** Runs a workflow whose only node does this. */
  run(executor: unknown): Promise<unknown>;
  /** Starts a workflow of this definition, of any type. */
  start(definition: unknown, executors?: object): Promise<unknown>;
}

/** Members that take what a caller without types may hand in. */
export type Loose<Members> = {
  [Name in keyof Members]: Members[Name] extends (...given: never) => infer Result
    ? (...given: readonly unknown[]) => Result
    : Members[Name];
};

const APPROVAL: WorkflowDefinition = { id: "approval", nodes: [{ id: "ask", type: "ask" }], edges: [] };

export function given(): Given {
  const store = new MemoryCheckpointStore();
  const options = {
    store,
    workflows: [chain(2), APPROVAL],
    executors: { default: append, ask: append },
    logger: SILENT,
  };
  const create: Given["create"] = (more) =>
    createWorkflowEngine({ ...options, ...more } as never) as unknown as Loose<WorkflowEngine>;
  const start: Given["start"] = async (definition, executors = {}) =>
    create({ workflows: async () => definition, executors: { default: append, ...executors } }).executeWorkflow({
      workflowId: (definition as { id?: unknown } | null)?.id ?? "w",
      userId: "u1",
    });
  const run: Given["run"] = (executor) => start(chain(1), { default: executor as NodeExecutor });
  return { store, engine: create({}), create, run, start };
}

/** The error of a call, or the failure that its result has. */
export async function refusalOf(call: () => unknown): Promise<{ code: string; message: string }> {
  try {
    const result = await call();
    const { failure } = result as { failure?: { code: string; message: string } };
    if (failure !== undefined) return { code: failure.code, message: failure.message };
    return { code: "none", message: `It was not refused: ${JSON.stringify(result)}` };
  } catch (error) {
    if (isWorkflowError(error)) return { code: error.code, message: error.message };
    return { code: "not a WorkflowError", message: String(error) };
  }
}
