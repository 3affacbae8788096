import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  append,
  createWorkflowEngine,
  forEachItem,
  type NodeExecutor,
  patch,
  type WorkflowDefinition,
  type WorkflowEngine,
} from "../../src/index.ts";
import { SILENT } from "./silent.ts";

const edge = (source: string, target: string, sourceHandle?: string) =>
  sourceHandle === undefined ? { source, target } : { source, target, sourceHandle };

/** For each row: load its cells, and handle each of them. Beside that, a loop of its own. */
const WORKFLOW: WorkflowDefinition = {
  id: "w",
  nodes: [
    { id: "start", type: "end" },
    { id: "rows", type: "rows" },
    { id: "load", type: "load" },
    { id: "cells", type: "cells" },
    { id: "handle", type: "handle" },
    { id: "others", type: "others" },
    { id: "look", type: "look" },
    { id: "end", type: "end" },
  ],
  edges: [
    edge("start", "rows"),
    edge("start", "others"),
    edge("rows", "load", "item"),
    edge("load", "cells"),
    edge("cells", "handle", "item"),
    edge("handle", "cells"),
    edge("cells", "rows", "done"),
    edge("rows", "end", "done"),
    edge("others", "look", "item"),
    edge("look", "others"),
    edge("others", "end", "done"),
  ],
};

const executors: Record<string, NodeExecutor> = {
  rows: forEachItem({ items: "table", as: "row" }),
  load: ({ context }) => patch({ line: context.row }),
  cells: forEachItem({ items: "line", as: "cell" }),
  handle: ({ context }) => patch({ handled: append(context.cell) }),
  others: forEachItem({ items: "names", as: "name" }),
  look: ({ context }) => patch({ seen: append(context.name) }),
  end: ({ context }) => context,
};
const CALL = {
  workflowId: "w",
  userId: "u1",
  initialData: { table: [[1, 2, 3], [4], [5, 6]], names: ["a", "b"], line: [] },
};
const OUTPUT = { ...CALL.initialData, line: [5, 6], handled: [1, 2, 3, 4, 5, 6], seen: ["a", "b"] };

it.each([1, 4])(
  "a loop inside another keeps its position over resumes (nodeConcurrency: %i)",
  async (nodeConcurrency) => {
    const store = new MemoryCheckpointStore();
    const runs: string[] = [];
    const newEngine = () => {
      const engine: WorkflowEngine = createWorkflowEngine({
        store,
        workflows: [WORKFLOW],
        executors: (type) => (args) => {
          runs.push(`${args.node.id} ${args.visit}`);
          void engine.drain();
          return (executors[type] as NodeExecutor)(args);
        },
        nodeConcurrency,
        logger: SILENT,
      });
      return engine;
    };
    let result = await newEngine().executeWorkflow(CALL);
    const { executionId } = result;
    for (let resumes = 0; result.status === "pending" && resumes < 100; resumes++) {
      result = await newEngine().resumeWorkflow({ executionId });
    }
    expect(result).toMatchObject({ status: "completed", output: OUTPUT });
    // Nothing of the loops is left.
    expect(Object.keys(result.output).sort()).toEqual(Object.keys(OUTPUT).sort());
    expect(new Set(runs).size).toBe(runs.length);

    const atOnce = createWorkflowEngine({ store, workflows: [WORKFLOW], executors, nodeConcurrency, logger: SILENT });
    const undisturbed = await atOnce.executeWorkflow(CALL);
    expect(undisturbed.output).toEqual(result.output);
    expect(undisturbed.currentStep).toBe(result.currentStep);
  },
);
