import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  defineNode,
  defineWorkflow,
  type NodeExecutor,
  type WorkflowDefinition,
  type WorkflowIdOf,
} from "../../src/index.ts";
import { same } from "./same.ts";

const store = new MemoryCheckpointStore();
const run: NodeExecutor = ({ context }) => context;

const order = defineWorkflow({
  id: "order",
  nodes: [{ id: "price", type: "price", data: { currency: "EUR" } }, { id: "ship" }],
  edges: [{ source: "price", target: "ship" }],
  input: z.object({ quantity: z.number(), note: z._default(z.string(), "") }),
});
const refund = defineWorkflow({
  id: "refund",
  nodes: [{ id: "a", type: "pay" }],
  edges: [],
  input: z.object({ reason: z.optional(z.string()) }),
});
const plain = defineWorkflow({ id: "plain", nodes: [{ id: "a" }], edges: [] });
const stored = JSON.parse("{}") as WorkflowDefinition;
same<typeof order.id, "order">(true);
// @ts-expect-error a node's field is misspelt
defineWorkflow({ id: "x", nodes: [{ id: "a", tpye: "price" }], edges: [] });
const executors = { default: run, price: run, pay: run };

// A list of definitions.
const list = createWorkflowEngine({ store, workflows: [order, refund, plain], executors });
void list.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { quantity: 1 } });
void list.executeWorkflowV2({ workflowId: "order", userId: "u1", initialData: { quantity: 1 } });
void list.executeWorkflowSync({ workflowId: "order", userId: "u1", initialData: { quantity: 1 } });
void list.forUser("u1").executeWorkflow({ workflowId: "order", initialData: { quantity: 1 } });
void list.executeWorkflow({ workflowId: "refund", userId: "u1" });
void list.executeWorkflow({ workflowId: "plain", userId: "u1", initialData: { anything: true } });
void list.executeWorkflow({ workflowId: "order", userId: "u1", resumeFromExecutionId: "e1" });
// An id from a request is a text: it is checked when the call is made.
void list.executeWorkflow({ workflowId: "order" as string, userId: "u1", initialData: { anything: true } });
declare const one: "order" | "plain";
void list.executeWorkflow({ workflowId: one, userId: "u1", initialData: { quantity: 1 } });

// @ts-expect-error misspelt
void list.executeWorkflow({ workflowId: "ordr", userId: "u1", initialData: { quantity: 1 } });
// @ts-expect-error misspelt
void list.executeWorkflowSync({ workflowId: "ordr", userId: "u1", initialData: { quantity: 1 } });
// @ts-expect-error misspelt
void list.forUser("u1").executeWorkflow({ workflowId: "ordr", initialData: { quantity: 1 } });
// @ts-expect-error required
void list.executeWorkflow({ workflowId: "order", userId: "u1" });
// @ts-expect-error required
void list.executeWorkflowSync({ workflowId: "order", userId: "u1" });
// @ts-expect-error a quantity is a number
void list.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { quantity: "1" } });
// @ts-expect-error workflowId is required
void list.executeWorkflow({ userId: "u1" });
// @ts-expect-error userId is required
void list.executeWorkflow({ workflowId: "plain" });
// @ts-expect-error no such option
void list.executeWorkflow({ workflowId: "plain", userId: "u1", timeoutMS: 5 });

// A record of definitions.
const record = createWorkflowEngine({ store, workflows: { order, plain }, executors });
void record.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { quantity: 1 } });
void record.executeWorkflow({ workflowId: "plain", userId: "u1" });
// @ts-expect-error not in the record
void record.executeWorkflow({ workflowId: "refund", userId: "u1" });
// @ts-expect-error required
void record.executeWorkflow({ workflowId: "order", userId: "u1" });

// Definitions that are not known check nothing.
const unknown = createWorkflowEngine({ store, workflows: [order, stored], executors: { default: run, price: run } });
void unknown.executeWorkflow({ workflowId: "whatever", userId: "u1", initialData: { anything: true } });
const inPlace = createWorkflowEngine({
  store,
  workflows: [{ id: "hello", nodes: [{ id: "greet" }], edges: [] }],
  executors: { default: ({ context }) => ({ ...context, greeting: "Hello" }) },
});
void inPlace.executeWorkflow({ workflowId: "hello", userId: "u1", initialData: { name: "Ada" } });

// Functions may be synchronous, or return a promise.
const sync = createWorkflowEngine({
  store,
  workflows: (id) => (id === "order" ? order : undefined),
  executors: () => run,
});
void sync.executeWorkflow({ workflowId: "any", userId: "u1" });
void createWorkflowEngine({
  store,
  workflows: async (_id, { userId }) => (userId === "u1" ? order : null),
  executors: async (type) => (type === "price" ? run : null),
});
// @ts-expect-error not a definition
void createWorkflowEngine({ store, workflows: () => 7, executors });

// Every type of the known nodes has an executor; more are allowed.
void createWorkflowEngine({ store, workflows: [order], executors: { default: run, price: run, more: run } });
// @ts-expect-error "price" is misspelt
void createWorkflowEngine({ store, workflows: [order], executors: { default: run, prise: run } });
// @ts-expect-error "default" is misspelt
void createWorkflowEngine({ store, workflows: [plain], executors: { defualt: run } });
// @ts-expect-error "price" is missing, by a record of workflows
void createWorkflowEngine({ store, workflows: { order }, executors: { default: run } });
const registry: Record<string, NodeExecutor> = executors;
void createWorkflowEngine({ store, workflows: [order], executors: registry });

// A node that was made by defineNode is known by its type.
const pay = defineNode({ type: "pay", data: z.object({}), run: ({ context }) => context });
void createWorkflowEngine({ store, workflows: [refund], executors: { [pay.type]: pay } });
const wrong = defineNode({ type: "pey", data: z.object({}), run: ({ context }) => context });
// @ts-expect-error it is of another type
void createWorkflowEngine({ store, workflows: [refund], executors: { [wrong.type]: wrong } });

same<WorkflowIdOf<[typeof order, typeof plain]>, "order" | "plain">(true);
same<WorkflowIdOf<WorkflowDefinition[]>, string>(true);
