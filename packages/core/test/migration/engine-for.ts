import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type CheckpointStore, createWorkflowEngine, type WorkflowEngineOptions } from "../../src/index.ts";
import { chain } from "../engine/chain.ts";
import { immediateClock } from "../immediate-clock.ts";

/** An engine for the workflow of old rows, `chain` with three nodes, and the nodes that it has started. */
export function engineFor(options: { store?: CheckpointStore } & Partial<WorkflowEngineOptions> = {}) {
  const { store = new MemoryCheckpointStore() } = options;
  const started: string[] = [];
  const engine = createWorkflowEngine({
    clock: immediateClock(),
    workflows: [chain(3)],
    executors: {
      default: ({ context, node }) => {
        started.push(node.id);
        return { ...context, [node.id]: true };
      },
    },
    ...options,
    store,
  });
  return { engine, store, started };
}
