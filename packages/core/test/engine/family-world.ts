import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecutionEvent,
  isWorkflowError,
  type NodeExecutor,
  patch,
  subWorkflow,
  suspend,
  type WorkflowDefinition,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { crashAt, ManualClock } from "../../src/testing/index.ts";
import { SILENT } from "./silent.ts";
import { toEndOn } from "./to-end.ts";
import "../../src/engine/parallel-run.ts";
import "./preloaded.ts";

type Engine = ReturnType<typeof createWorkflowEngine>;

/** A chain of nodes. An id is that of a node and of its type. */
export function chainOf(id: string, ...nodeIds: string[]): WorkflowDefinition {
  const edges = nodeIds.slice(1).map((target, index) => ({ source: nodeIds[index] as string, target }));
  return { id, nodes: nodeIds.map((nodeId) => ({ id: nodeId, type: nodeId })), edges };
}

/** The call that starts the parent of these tests. */
export const CALL = { workflowId: "parent", userId: "u1", executionId: "p1" } as const;

export interface FamilyOptions extends Partial<Omit<WorkflowEngineOptions, "clock">> {
  workflows?: readonly WorkflowDefinition[];
  /** Looks workflows up instead. */
  find?: (id: string) => WorkflowDefinition | undefined | Promise<WorkflowDefinition>;
  executors?: Record<string, NodeExecutor>;
}

/** A parent whose second node runs a child, and processes that come and go. */
export function newFamily(defaults: FamilyOptions = {}) {
  const clock = new ManualClock();
  const data = new MemoryCheckpointStore({ clock });
  const events: ExecutionEvent[] = [];
  const runs: string[] = [];
  const step: NodeExecutor = ({ node, executionId, context }) => {
    runs.push(`${executionId === CALL.executionId ? "" : "child:"}${node.id}`);
    return { ...context, [node.id]: true };
  };
  const ask: NodeExecutor = ({ node, resume }) => {
    runs.push(`child:${node.id}`);
    return resume === undefined
      ? suspend({ reason: "approval", payload: { node: node.id } })
      : patch({ answer: resume.data });
  };
  const workflows = [chainOf("parent", "first", "sub", "last"), chainOf("child", "one", "two")];
  const executors = { first: step, last: step, one: step, two: step, ask, sub: subWorkflow({ workflowId: "child" }) };
  const engine = ({ executors: own, find, ...options }: FamilyOptions = {}): Engine =>
    createWorkflowEngine({
      store: data.reopen() as CheckpointStore,
      workflows,
      onEvent: (event) => void events.push(event),
      logger: SILENT,
      ...defaults,
      ...options,
      ...(find === undefined ? {} : { workflows: find }),
      executors: { ...executors, ...defaults.executors, ...own },
      clock,
    } as WorkflowEngineOptions);
  const children = async (parentId: string = CALL.executionId) =>
    (await data.listExecutions({ parentId, order: "asc", limit: 1_000 })).items;
  const child = async (parentId?: string) => {
    const [only, ...others] = await children(parentId);
    if (only === undefined || others.length > 0) throw new Error(`There are ${others.length + 1} children, not one.`);
    return only;
  };
  return { clock, data, events, runs, workflows, engine, children, child, toEnd: toEndOn(clock) };
}
export type Family = ReturnType<typeof newFamily>;

/** Lets the process of the parent die once its child has been created. */
export async function crashed({ engine, data, toEnd }: Family): Promise<void> {
  const store = crashAt(data.reopen(), { method: "createExecution", call: 2, when: "after" });
  const error = await toEnd(engine({ store, storeRetryMs: 0 }).executeWorkflow(CALL)).catch(
    (thrown: unknown) => thrown,
  );
  if (!isWorkflowError(error, "STORE_UNAVAILABLE")) throw error;
}

/** Another process takes the child over, for 90 seconds. */
export async function takenByAnother({ data, child }: Family): Promise<void> {
  const claim = { claimId: "c", owner: "o", leaseMs: 90_000, force: true, from: ["running" as const] };
  await data.claimExecution((await child()).id, claim);
}
