import { createWorkflowEngine, fromReactFlow } from "@waymark/core";
import { createRecorder, createRollout, type Rollout, type RolloutOutcome, type V1Call } from "@waymark/core/migration";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import type { DemoDatabase } from "./demo-database.ts";
import { createRegistry, LIVE, newDiscount, newExecutors, type OldExecutor, type OrderContext } from "./demo-nodes.ts";

/** An order that arrives at the application's route. */
export interface OrderRequest {
  requestId: string;
  userId: string;
  items: OrderContext["items"];
}

type OrderCall = V1Call & { requestId: string; initialData: OrderContext };

/** The application: a route that runs the workflow of an order, by V1 or V2, and keeps its row. */
export interface DemoApp {
  post(request: OrderRequest): Promise<{ success: boolean; executor: "v1" | "v2" }>;
  rollout: Rollout<OrderCall, OrderContext>;
  close(): Promise<void>;
}

/** The settings of one deployment of the application. */
export interface Deployment {
  database: DemoDatabase;
  /** The flag that all processes read. */
  percent: () => number;
  hasBug: boolean;
  isDown: (orderId: string) => boolean;
  onOutcome: (outcome: RolloutOutcome) => void;
}

const WORKFLOW_ID = "order";

export function createApp({ database, percent, hasBug, isDown, onOutcome }: Deployment): DemoApp {
  const recorder = createRecorder();
  const getExecutor = createRegistry(database, { recorder, isDown });
  const store = PostgresCheckpointStore.from(database.client);
  const engine = createWorkflowEngine({
    store,
    workflows: async (id) => {
      const canvas = await database.workflow(id);
      return canvas === undefined ? undefined : fromReactFlow(id, canvas);
    },
    executors: newExecutors(getExecutor, newDiscount(hasBug)),
  });
  const rollout = createRollout<OrderCall, OrderContext>({
    v1: (call) => runV1({ database, getExecutor }, call),
    v2: engine,
    percent,
    by: "user",
    executionId: ({ requestId }) => requestId,
    shadow: recorder,
    compare: { live: LIVE },
    stopIf: { mismatches: 3, errorRate: 0.5 },
    onOutcome,
  });
  return {
    rollout,
    post: async ({ requestId, userId, items }) => {
      const initialData = { orderId: requestId, items };
      const { success, output, executor } = await rollout.executeWorkflow({
        ...{ workflowId: WORKFLOW_ID, userId, requestId, initialData },
      });
      const status = success ? "SUCCESS" : "FAILED";
      await database.saveExecution({ id: requestId, workflowId: WORKFLOW_ID, userId, status, executor, output });
      return { success, executor };
    },
    close: () => store.close(),
  };
}

/** V1, as it is: it sorts the nodes and passes one context from one to the next. */
async function runV1(
  { database, getExecutor }: { database: DemoDatabase; getExecutor: (type: string) => OldExecutor },
  { workflowId, initialData }: OrderCall,
) {
  const { nodes, edges } = (await database.workflow(workflowId)) ?? { nodes: [], edges: [] };
  let context = initialData;
  try {
    let next = nodes.find(({ id }) => edges.every(({ target }) => target !== id));
    while (next !== undefined) {
      const { id: nodeId, type = "", data = {} } = next;
      context = await getExecutor(type)({ data, nodeId, context });
      const edge = edges.find(({ source }) => source === nodeId);
      next = nodes.find(({ id }) => id === edge?.target);
    }
    return { success: true, output: context };
  } catch (error) {
    return { success: false, error: (error as Error).message };
  }
}
