import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { misfits } from "../../src/engine/definition-fit.ts";
import { createWorkflowEngine, type NodeExecutor, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";

type Nodes = WorkflowDefinition["nodes"];

const before: Nodes = [{ id: "n1" }, { id: "n2", type: "old" }, { id: "n3" }, { id: "n4" }];
const definitionOf = (nodes: Nodes): WorkflowDefinition => ({
  ...chain(4),
  nodes,
  edges: chain(4).edges.filter(({ source, target }) =>
    [source, target].every((id) => nodes.some((node) => node.id === id)),
  ),
});
const without = (id: string) => before.filter((node) => node.id !== id);
const retyped = (id: string, type: string) => before.map((node) => (node.id === id ? { id, type } : node));

/** An execution of which two nodes have run and the third has failed; and an engine with another definition. */
async function setUp(nodes: Nodes) {
  const store = new MemoryCheckpointStore();
  const called: string[] = [];
  let isFailing = true;
  const run: NodeExecutor = (args) => {
    if (args.node.id === "n3" && isFailing) throw new Error("boom");
    called.push(args.node.id);
    return append(args);
  };
  const executors = { default: run, old: run, new: run };
  const first = createWorkflowEngine({ store, workflows: [definitionOf(before)], executors });
  const { executionId } = await first.executeWorkflow({ workflowId: "chain", userId: "u1" });
  isFailing = false;
  called.length = 0;
  const engine = createWorkflowEngine({ store, workflows: [definitionOf(nodes)], executors });
  return { store, first, engine, called, executionId, executors };
}

const isRefused = (details: object) => ({ code: "DEFINITION_INCOMPATIBLE", details });

describe('a resume with definition: "current"', () => {
  it.each<[string, Nodes, object, string]>([
    [
      "is gone",
      without("n1"),
      { nodeId: "n1", type: "default", nodeIds: ["n1"] },
      'has run node "n1" as type "default", and the engine\'s own definition of workflow "chain" does not have the node.',
    ],
    [
      "has another type",
      retyped("n2", "new"),
      { nodeId: "n2", type: "old", currentType: "new", nodeIds: ["n2"] },
      'has run node "n2" as type "old", and the engine\'s own definition of workflow "chain" has it as type "new".',
    ],
    ["and another one have another type", [{ id: "n3" }], { nodeId: "n1", type: "default", nodeIds: ["n1", "n2"] }, ""],
  ])("is refused if a node that has run %s: nothing is claimed or written", async (_what, nodes, details, message) => {
    const { store, engine, called, executionId } = await setUp(nodes);
    const writes: string[] = [];
    for (const method of ["claimExecution", "commit", "saveDefinition"] as const) {
      const original = store[method].bind(store) as () => never;
      store[method] = ((...given: []) => {
        writes.push(method);
        return original(...given);
      }) as never;
    }
    const head = await headIn(store, executionId);
    const thrown = await engine.resumeWorkflow({ executionId, definition: "current" }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ ...isRefused(details), executionId });
    expect((thrown as Error).message).toContain(message);
    expect([called, writes, await headIn(store, executionId)]).toEqual([[], [], head]);
    // The original definition is as good as before.
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({
      status: "completed",
      definitionChanged: true,
    });
  });

  it.each<[string, Nodes]>([
    ["has another type", retyped("n3", "new")],
    ["is gone", without("n4")],
    ["is new", [...before, { id: "n5" }]],
    ["comes first now", [...before].reverse()],
  ])("continues if a node that has not run %s", async (_what, nodes) => {
    const { engine, executionId } = await setUp(nodes);
    const result = await engine.resumeWorkflow({ executionId, definition: "current" });
    expect(result).toMatchObject({ status: "completed", definitionChanged: false });
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ["lost", async () => undefined],
    ["damaged", async () => "{"],
  ])("checks only that the nodes are there if the original definition is %s", async (_what, getDefinition) => {
    const changed = await setUp(retyped("n2", "new"));
    changed.store.getDefinition = getDefinition;
    expect(
      await changed.engine.resumeWorkflow({ executionId: changed.executionId, definition: "current" }),
    ).toMatchObject({ status: "completed" });
    const { store, engine, executionId } = await setUp(without("n2"));
    store.getDefinition = getDefinition;
    await expect(engine.resumeWorkflow({ executionId, definition: "current" })).rejects.toMatchObject(
      isRefused({ nodeId: "n2", nodeIds: ["n2"] }),
    );
  });

  it("says what is wrong first if it cannot be resumed at all", async () => {
    const { engine, first, executionId } = await setUp(without("n1"));
    await first.resumeWorkflow({ executionId });
    await expect(engine.resumeWorkflow({ executionId, definition: "current" })).rejects.toMatchObject({
      code: "INVALID_STATUS",
    });
  });

  it("is refused if a node that waits is gone or has another type: its answer would find nobody", async () => {
    const store = new MemoryCheckpointStore();
    const asks: NodeExecutor = ({ context, resume }) => (resume === undefined ? suspend() : context);
    const engineWith = (nodes: Nodes) =>
      createWorkflowEngine({ store, workflows: [{ ...chain(1), nodes }], executors: { default: asks, other: asks } });
    const { executionId } = await engineWith([{ id: "n1" }]).executeWorkflow({ workflowId: "chain", userId: "u1" });
    for (const nodes of [[{ id: "n2" }], [{ id: "n1", type: "other" }]]) {
      const resumed = engineWith(nodes).resumeWorkflow({ executionId, definition: "current", data: "yes" });
      await expect(resumed).rejects.toMatchObject({ code: "DEFINITION_INCOMPATIBLE", details: { nodeId: "n1" } });
    }
    const renamed = engineWith([{ id: "n1", name: "Ask" }]);
    expect(await renamed.resumeWorkflow({ executionId, definition: "current", data: "yes" })).toMatchObject({
      status: "completed",
    });
  });

  it("is refused, and gives the execution back, if the node has run between the look and the claim", async () => {
    const { store, first, engine, executionId } = await setUp(without("n3"));
    const stopping = new AbortController();
    const commit = store.commit.bind(store);
    const claim = store.claimExecution.bind(store);
    store.commit = async (id, request) => {
      await commit(id, request);
      if (request.checkpoints?.some(({ nodeId }) => nodeId === "n3") === true) stopping.abort();
    };
    store.claimExecution = async (id, request) => {
      store.claimExecution = claim;
      await first.resumeWorkflow({ executionId, signal: stopping.signal });
      return claim(id, request);
    };
    await expect(engine.resumeWorkflow({ executionId, definition: "current" })).rejects.toMatchObject(
      isRefused({ nodeId: "n3", type: "default", nodeIds: ["n3"] }),
    );
    expect((await store.getExecution(executionId))?.owner).toBeUndefined();
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed", currentStep: 4 });
  });
});

describe('a fork with definition: "current"', () => {
  it("is refused by the nodes that ran before its point, and by no others", async () => {
    const { store, engine, executionId } = await setUp(retyped("n2", "new"));
    const fork = (at: object) => engine.forkExecution({ executionId, at: at as never, definition: "current" });
    await expect(fork({ stepNumber: 2 })).rejects.toMatchObject({
      ...isRefused({ nodeId: "n2", type: "old", currentType: "new", nodeIds: ["n2"] }),
      executionId,
    });
    expect((await store.listExecutions()).items).toHaveLength(1);
    expect(await engine.resumeWorkflow(await fork({ beforeNode: "n2" }))).toMatchObject({ status: "completed" });
  });
});

describe("misfits", () => {
  it("are the nodes that ran and are gone or retyped, each once, in the order in which they ran", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const types = fc.dictionary(id, fc.constantFrom("x", "y")).map((given) => new Map(Object.entries(given)));
    fc.assert(
      fc.property(fc.array(id), types, fc.option(types, { nil: undefined }), (ran, current, known) => {
        const found = misfits(
          ran.map((nodeId) => ({ nodeId })),
          current,
          known,
        );
        const expected = [...new Set(ran)].filter(
          (each) => !current.has(each) || (known?.has(each) === true && known.get(each) !== current.get(each)),
        );
        expect(found.map(({ nodeId }) => nodeId)).toEqual(expected);
        for (const { nodeId, type, currentType } of found) {
          expect([type, currentType]).toEqual([known?.get(nodeId), current.get(nodeId)]);
        }
      }),
    );
  });
});
