import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  defineWorkflow,
  type MappedItem,
  mapWorkflow,
  patch,
  subWorkflow,
} from "../../src/index.ts";
import { same } from "./same.ts";

interface Order {
  total: number;
  lines: string[];
  receipt?: string;
}

interface Charge {
  receipt: string;
}

const store = new MemoryCheckpointStore();
const order = defineWorkflow({
  id: "order",
  nodes: [
    { id: "pay", type: "pay" },
    { id: "ship", type: "ship" },
  ],
  edges: [],
});

// Both fit an engine whose context is an interface, with its types or without any.
createWorkflowEngine<Order>()({
  store,
  workflows: [order],
  executors: {
    pay: subWorkflow<Order, Charge>({
      workflowId: "charge",
      input: ({ context }) => {
        same<typeof context, Readonly<Order>>(true);
        return { amount: context.total };
      },
      output: ({ receipt }) => {
        same<typeof receipt, string>(true);
        return patch({ receipt });
      },
    }),
    ship: mapWorkflow<Order>({ workflowId: "ship", items: "lines", as: "line", into: "receipt" }),
  },
});
createWorkflowEngine({
  store,
  workflows: [order],
  executors: {
    pay: subWorkflow({ workflowId: "charge", output: ({ receipt }) => patch({ receipt }) }),
    ship: mapWorkflow({
      workflowId: "ship",
      items: "lines",
      output: (output: Charge, item) => {
        same<typeof item, MappedItem>(true);
        return output.receipt;
      },
    }),
  },
});

// @ts-expect-error the context has no such key
subWorkflow<Order, Charge>({ workflowId: "charge", output: () => patch({ recipe: "" }) });
// @ts-expect-error no workflow
mapWorkflow({ items: "lines" });
// @ts-expect-error "fail" or "collect"
mapWorkflow({ workflowId: "ship", items: "lines", onItemError: "continue" });
same<ReturnType<typeof subWorkflow>["workflowId"], string>(true);
