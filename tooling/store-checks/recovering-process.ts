import { createWorkflowEngine } from "@waymark/core";
import type { StoreAddress } from "../trials/index.ts";
import { openStore } from "../trials/open-store.ts";

/** What the process is started with, as JSON. */
export interface RecoveringPlan {
  address: StoreAddress;
  workflowId: string;
  userId: string;
}

/** What it says: that its recovery may begin, that it has started an execution, that it has completed one. */
export type FromRecovering = { ready: true } | { started: string } | { completed: string };

/** What it is told: to look for executions, to let the nodes go on that it has started, to end. */
export type ToRecovering = "look" | "go on" | "end";

const { address, workflowId, userId } = JSON.parse(process.argv[2] ?? "") as RecoveringPlan;
const say = (message: FromRecovering): void => void process.send?.(message);
const told = (expected: ToRecovering): Promise<void> =>
  new Promise((resolve) => {
    process.on("message", (message) => {
      if (message === expected) resolve();
    });
  });

const goOn = told("go on");
const end = told("end");
const look = told("look");
const store = await openStore(address);
const engine = createWorkflowEngine({
  store,
  workflows: [{ id: workflowId, nodes: [{ id: "n0" }], edges: [] }],
  executors: {
    default: async ({ executionId, context }) => {
      say({ started: executionId });
      await goOn;
      return context;
    },
  },
  onEvent: (event) => {
    if (event.type === "execution.completed") say({ completed: event.executionId });
  },
});
say({ ready: true });
await look;
const recovery = engine.startRecovery({ concurrency: 8, intervalMs: 100, userId });
await end;
await recovery.stop();
await store.close();
process.disconnect();
