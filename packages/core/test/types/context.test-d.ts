import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  add,
  append,
  createWorkflowEngine,
  defineNode,
  defineWorkflow,
  type NodeExecutor,
  patch,
  route,
  suspend,
  WorkflowState,
} from "../../src/index.ts";
import { same } from "./same.ts";

interface Order {
  total: number;
  state: "new" | "paid";
  lines: { name: string }[];
}

const store = new MemoryCheckpointStore();
const order = defineWorkflow({
  id: "order",
  nodes: [{ id: "price", type: "price" }],
  edges: [],
  input: z.object({ total: z.number() }),
});
const price: NodeExecutor<Order> = ({ context }) => ({ ...context, total: context.total + 1 });

// An interface can be a context. It goes through to results, states, checkpoints and updates.
const named = createWorkflowEngine<Order>({ store, workflows: [order], executors: { price } });
const started = await named.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { total: 1 } });
if (started.status === "completed") same<typeof started.output, Order>(true);
const state = await named.getExecutionState("e1");
same<ReturnType<typeof state.getContext>, Order>(true);
for await (const update of named.watchExecution({ executionId: "e1" })) {
  for (const checkpoint of update.checkpoints) same<typeof checkpoint.context, Order>(true);
}
await named.WorkflowState.create("order", "u1", { total: 1 });
// @ts-expect-error a total is a number
await named.WorkflowState.create("order", "u1", { total: "1" });
await WorkflowState.withStore<Order>(store).create("order", "u1", { total: 1 });
same<ReturnType<Awaited<ReturnType<typeof named.WorkflowState.resume>>["getContext"]>, Order>(true);

// A context of one's own and what the definitions say, together.
const both = createWorkflowEngine<Order>()({ store, workflows: [order], executors: { price } });
const done = await both.executeWorkflow({ workflowId: "order", userId: "u1", initialData: { total: 1 } });
if (done.success) same<typeof done.output, Order>(true);
// @ts-expect-error the workflow's input is required
void both.executeWorkflow({ workflowId: "order", userId: "u1" });
// @ts-expect-error no such workflow
void both.executeWorkflow({ workflowId: "ordr", userId: "u1", initialData: { total: 1 } });
// @ts-expect-error no executor for "price"
void createWorkflowEngine<Order>()({ store, workflows: [order], executors: { prise: price } });
void createWorkflowEngine<Order>()({
  store,
  workflows: [order],
  executors: {
    // @ts-expect-error the context of the executor is another one
    price: ({ context }: { context: { other: string } }) => context,
  },
});

// Executors in place are typed by the context.
void createWorkflowEngine<Order>()({
  store,
  workflows: [order],
  executors: {
    price: ({ context }) => {
      same<typeof context, Readonly<Order>>(true);
      return { ...context, total: 1 };
    },
  },
});

// Without a context type, values are unknown, and a helper takes them as they are.
const helper = (context: { total?: unknown }): number => Number(context.total);
void createWorkflowEngine({
  store,
  workflows: [order],
  executors: { price: ({ context }) => ({ ...context, total: helper(context) }) },
});

// Only the top level of a context is read-only by type: what is inside can go to typed helpers.
const rename = (lines: Order["lines"]): Order["lines"] => lines.map(({ name }) => ({ name: name.trim() }));
export const renamed: NodeExecutor<Order> = ({ context }) => ({ ...context, lines: rename(context.lines) });

// patch() is checked against the context: keys, values, literals.
export const patches: NodeExecutor<Order>[] = [
  () => patch({ total: 1 }),
  () => patch({ state: "paid", lines: [{ name: "a" }] }),
  async () => patch({ total: 1 }),
  ({ context }) => route(patch({ total: 1 }), context.total > 1 ? "true" : "false"),
  ({ context }) => route(context, ["true"]),
  () => suspend(),
  () => suspend({ reason: "approval", forMs: 1 }),
  () => suspend({ context: patch({ total: 1 }) }),
  ({ context }) => suspend({ context }),
  ({ context }) => suspend({ context: { ...context, total: 1 } }),
  // @ts-expect-error a total is a number
  () => suspend({ context: patch({ total: "1" }) }),
  // @ts-expect-error misspelt, inside a suspend
  () => suspend({ context: patch({ totl: 1 }) }),
  // @ts-expect-error a total is a number
  ({ context }) => suspend({ context: { ...context, total: "1" } }),
  () => {
    const changes = patch({ total: 1 });
    return changes;
  },
  () => patch({ total: add(1), lines: append({ name: "a" }) }),
  ({ context }) => route(patch({ total: add(context.total) }), "true"),
  // @ts-expect-error a total is a number
  () => patch({ total: append(1) }),
  // @ts-expect-error a line has a name
  () => patch({ lines: append({ nme: "a" }) }),
  // @ts-expect-error misspelt, with an adjustment
  () => patch({ totl: add(1) }),
  // @ts-expect-error misspelt
  () => patch({ totl: 1 }),
  // @ts-expect-error misspelt, beside one that is not
  () => patch({ total: 1, totl: 1 }),
  // @ts-expect-error a total is a number
  () => patch({ total: "1" }),
  // @ts-expect-error no such state
  () => patch({ state: "lost" }),
  // @ts-expect-error misspelt, inside a route
  () => route(patch({ totl: 1 }), "true"),
  // @ts-expect-error a context lacks keys
  () => ({ total: 1 }),
];
export const anyPatch: NodeExecutor = ({ context }) => patch({ [String(context.key)]: 1, other: "x" });
export const typedNode = defineNode<{ ms: number }, Order>({
  type: "wait",
  data: z.object({ ms: z.number() }),
  run: ({ data, context }) => patch({ total: context.total + data.ms }),
});
