import {
  type NodeExecutor,
  patch,
  route,
  suspend,
  type WorkflowContext,
  type WorkflowDefinition,
  type WorkflowNode,
} from "../../src/index.ts";
import { EXECUTORS, LIVE } from "./random-graph.ts";

/** V2, with a difference at one node. */
export interface Planted {
  workflow: WorkflowDefinition;
  executors: Record<string, NodeExecutor>;
  /** The nodes that may be named: several only if a whole branch is another one. */
  expected: string[];
}

type Plant = (workflow: WorkflowDefinition, node: WorkflowNode) => Planted | undefined;

/** Differences that can be planted at a node which runs. Each returns nothing if it does not fit the node. */
export const KINDS: Readonly<Record<string, Plant>> = {
  "another value": ofContext((context) => ({ ...context, planted: 1 })),
  "a missing key": ofContext((context, { id }) => {
    const { [id]: _own, list: _list, ...others } = context;
    return others;
  }),
  "a value of another type": ofContext((context, { id }) =>
    id in context ? { ...context, [id]: JSON.stringify(context[id]) } : { ...context, list: String(context.list) },
  ),
  "a value deep inside": ofContext((context) => ({ ...context, n: { deep: [{ inside: 2 }] } })),
  "a failure": ofExecutor(() => () => Promise.reject(new Error("planted"))),
  "a wait": ofExecutor(() => () => suspend()),
  "a change that is not returned": ofExecutor((run) => async (args) => {
    await run(args);
    return patch({});
  }),
  "another branch": (workflow, { id, type }) => {
    if (type !== "if") return undefined;
    const wrong: NodeExecutor = ({ context, node, data }) => {
      const isRight = (data.chooses === true) === (node.id !== id);
      return route({ ...context, [node.id]: true }, isRight ? "true" : "false");
    };
    return { workflow, executors: { ...EXECUTORS, if: wrong }, expected: [id] };
  },
  "other data": (workflow, { id }) => ({
    workflow: withNode(workflow, id, (node) => ({ ...node, data: { ...node.data, planted: true } })),
    executors: EXECUTORS,
    expected: [id],
  }),
  "another type": (workflow, { id, type }) => ({
    workflow: withNode(workflow, id, (node) => ({ ...node, type: `other-${type}` })),
    executors: { ...EXECUTORS, [`other-${type}`]: EXECUTORS[type as string] as NodeExecutor },
    expected: [id],
  }),
  "a node that is gone": (workflow, { id, type }) => {
    // Without an "if", both of its branches would run.
    if (type === "if" || workflow.nodes.length === 1) return undefined;
    const before = workflow.edges.filter(({ target }) => target === id);
    const after = workflow.edges.filter(({ source }) => source === id);
    const bridged = before.flatMap((edge) => after.map(({ target }) => ({ ...edge, target })));
    const others = workflow.edges.filter(({ source, target }) => source !== id && target !== id);
    const nodes = workflow.nodes.filter((node) => node.id !== id);
    return { workflow: { ...workflow, nodes, edges: [...others, ...bridged] }, executors: EXECUTORS, expected: [id] };
  },
  "one node too many": (workflow, { id, type }) => {
    const edge = { source: id, target: "extra", ...(type === "if" ? { sourceHandle: "none" } : {}) };
    if (type === "if") return undefined;
    const nodes = [...workflow.nodes, { id: "extra", type: "set" }];
    return {
      workflow: { ...workflow, nodes, edges: [...workflow.edges, edge] },
      executors: EXECUTORS,
      expected: ["extra"],
    };
  },
};

function withNode(
  workflow: WorkflowDefinition,
  id: string,
  change: (node: WorkflowNode) => WorkflowNode,
): WorkflowDefinition {
  return { ...workflow, nodes: workflow.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

/** Replaces the executor at one node of a live type. */
function ofExecutor(wrong: (run: NodeExecutor) => NodeExecutor): Plant {
  return (workflow, { id, type = "default" }) => {
    if (!LIVE.includes(type)) return undefined;
    const right = EXECUTORS[type] as NodeExecutor;
    const executor: NodeExecutor = (args) => (args.node.id === id ? wrong(right)(args) : right(args));
    return { workflow, executors: { ...EXECUTORS, [type]: executor }, expected: [id] };
  };
}

/** Changes the result at one node whose result is a context. */
function ofContext(change: (context: WorkflowContext, node: WorkflowNode) => WorkflowContext): Plant {
  const plant = ofExecutor((run) => async (args) => change((await run(args)) as WorkflowContext, args.node));
  return (workflow, node) => (node.type === "if" ? undefined : plant(workflow, node));
}
