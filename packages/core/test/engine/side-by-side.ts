import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, type WorkflowDefinition } from "../../src/index.ts";

export const call = { workflowId: "w", userId: "u" };

/** A workflow from text: "start->a start->b". */
export function workflow(text: string, nodes: Record<string, object> = {}): WorkflowDefinition {
  const edges = text.split(" ").map((edge) => {
    const [source = "", target = ""] = edge.split("->");
    const [id = "", sourceHandle] = source.split(":");
    return { source: id, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) };
  });
  const ids = [...new Set(edges.flatMap(({ source, target }) => [source, target]))];
  return { id: "w", nodes: ids.map((id) => ({ id, ...nodes[id] })), edges };
}

/** Executors whose nodes wait until the test lets them end. */
export function gates() {
  const open = new Map<string, (result: unknown) => void>();
  const started: string[] = [];
  let news = (): void => undefined;
  const executor: NodeExecutor = ({ node }) => {
    started.push(node.id);
    news();
    return new Promise((resolve) => open.set(node.id, resolve as never));
  };
  return {
    executor,
    started,
    /** Resolves once as many nodes have started. */
    async until(count: number) {
      while (started.length < count) await new Promise<void>((resolve) => (news = resolve));
    },
    end(nodeId: string, result: unknown) {
      open.get(nodeId)?.(result);
    },
  };
}

export function setUp(definition: WorkflowDefinition, executor: NodeExecutor, options: object = {}) {
  const store = new MemoryCheckpointStore();
  const commits: { nodes: string[]; begins: unknown[] }[] = [];
  const commit = store.commit.bind(store);
  store.commit = async (id, request) => {
    await commit(id, request);
    const { checkpoints = [] } = request;
    const begins = checkpoints.map(({ payload }) => /\["begin",(.*?)\]/.exec(payload)?.[1]);
    commits.push({ nodes: checkpoints.map(({ kind, nodeId }) => `${kind} ${nodeId}`), begins });
  };
  const engine = createWorkflowEngine({
    store,
    workflows: [definition],
    executors: { default: executor },
    nodeConcurrency: 4,
    ...options,
  });
  return { engine, store, commits };
}
