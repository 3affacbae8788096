import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  type Clock,
  createWorkflowEngine,
  type ExecutionOutput,
  type ImportedOutput,
  systemClock,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { chain } from "../engine/chain.ts";

/** What the old executor wrote of an execution of three nodes that failed at the second. */
export const OUTPUT: ImportedOutput & { checkpoints: object[] } = {
  checkpoints: [
    { nodeId: "n1", nodeName: "http", stepNumber: 1, context: { a: 1 }, timestamp: "2025-01-01T00:00:00.000Z" },
    {
      nodeId: "n2",
      nodeName: "llm",
      stepNumber: 2,
      context: { a: 1 },
      timestamp: "2025-01-01T00:00:05.000Z",
      error: "429 Too Many Requests",
    },
  ],
  currentContext: { a: 1 },
  currentStep: 1,
  totalSteps: 3,
  error: "429 Too Many Requests",
};

export const ROW = { workflowId: "chain", userId: "u1", output: OUTPUT };

/** A clock on which every wait is over at once. */
function hastyClock(): Clock {
  let elapsedMs = 0;
  return {
    ...systemClock,
    elapsed: () => elapsedMs,
    schedule: (ms, run) => {
      elapsedMs += ms;
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    },
  };
}

/** An engine for {@link ROW}, and the nodes that it has started. */
export function setUp(options: { store?: CheckpointStore } & Pick<WorkflowEngineOptions, "codec"> = {}) {
  const { store = new MemoryCheckpointStore(), codec } = options;
  const started: string[] = [];
  const engine = createWorkflowEngine({
    store,
    clock: hastyClock(),
    workflows: [chain(3)],
    executors: {
      default: ({ context, node }) => {
        started.push(node.id);
        return { ...context, [node.id]: true };
      },
    },
    ...(codec === undefined ? {} : { codec }),
  });
  return { store, started, ...engine };
}

/** An output as an old row would have it: without ids. */
export function withoutIds(output: ExecutionOutput): ImportedOutput {
  return { ...output, checkpoints: output.checkpoints.map(({ id: _id, ...checkpoint }) => checkpoint) };
}
