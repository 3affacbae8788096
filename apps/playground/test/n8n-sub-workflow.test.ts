import { createWorkflowEngine, type NodeExecutor } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { type LoadedWorkflow, parseWorkflows } from "../src/import/workflow-file.ts";
import { type ExportedConnection, type ExportedNode, n8nExport } from "./n8n-export.ts";

const CALL = "n8n-nodes-base.executeWorkflow";
const CALLED = { name: "Called", type: "n8n-nodes-base.executeWorkflowTrigger" };
const items = (...ids: number[]) => ids.map((id) => ({ json: { id } }));

/** A workflow whose nodes form a chain. */
function chain(id: string, nodes: readonly (string | ExportedNode)[], name = `Workflow ${id}`) {
  const names = nodes.map((node) => (typeof node === "string" ? node : node.name));
  const links = names.slice(1).map((target, at): ExportedConnection => [names[at] as string, 0, target]);
  return { id, name, ...n8nExport(nodes, links), pinData: { Start: items(1, 2, 3) } };
}

const call = (workflowId: unknown, parameters: Record<string, unknown> = {}): ExportedNode => ({
  name: "Call",
  type: CALL,
  parameters: { workflowId, ...parameters },
});
const parent = (workflowId: unknown, parameters?: Record<string, unknown>) =>
  chain("p", ["Start", call(workflowId, parameters), "End"]);
/** Doubles the ids of what "Called" has received. */
const doubling: NodeExecutor = ({ context }) => {
  const given = context.Called as { json: { id: number } }[];
  return { ...context, Double: given.map(({ json }) => ({ json: { id: json.id * 2 } })) };
};
const double = { name: "Double", type: "test.double" };
const child = chain("c", [CALLED, double]);

const load = (file: readonly unknown[], workflow = "p") =>
  parseWorkflows(file, "file", { workflow: [workflow] })[0] as LoadedWorkflow;

async function run(loaded: LoadedWorkflow, others: Record<string, NodeExecutor> = {}) {
  const { workflow, children, startAt } = loaded;
  const { executors, passedThrough } = resolveExecutors(loaded, {
    own: { "test.double": doubling, ...others },
    bundled: {},
  });
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({ store, workflows: [workflow, ...children], executors });
  const begin = startAt === undefined ? {} : { startAt };
  const result = await engine.executeWorkflow({ workflowId: workflow.id, userId: "u", ...begin });
  const parentId = result.executionId;
  return { ...{ engine, result, passedThrough }, started: (await store.listExecutions({ parentId })).items };
}

describe("an Execute Workflow node", () => {
  it.each([
    ["an id", "c"],
    ["an id as text of a list", { __rl: true, mode: "list", value: "c" }],
    ["the name of an id that is not there", { __rl: true, mode: "list", value: "c9", cachedResultName: "Workflow c" }],
    ["a name", "Workflow c"],
  ])("runs the workflow of the file that it names by %s", async (_by, workflowId) => {
    const loaded = load([parent(workflowId), child]);
    expect(loaded.dropped).toEqual([]);
    const { result, started, passedThrough } = await run(loaded);
    expect(result).toMatchObject({ status: "completed", output: { Call: items(2, 4, 6), End: [{}] } });
    expect(started).toMatchObject([{ workflowId: "c", parentNodeId: "Call" }]);
    expect([...passedThrough.keys()]).toEqual(["test.node"]);
  });

  it("runs a child for each item, and a loop takes the items of all", async () => {
    const each = { name: "Each", type: "n8n-nodes-base.splitInBatches", typeVersion: 3, parameters: { batchSize: 9 } };
    const first = parent("c", { mode: "each" });
    const looped = n8nExport(
      ["Start", call("c", { mode: "each" }), each, { name: "Work", type: "test.work" }],
      [
        ["Start", 0, "Call"],
        ["Call", 0, "Each"],
        ["Each", 1, "Work"],
        ["Work", 0, "Each"],
      ],
    );
    const { result, started } = await run(load([first, child]));
    expect(result.output).toMatchObject({ Call: [items(2), items(4), items(6)] });
    expect(started).toHaveLength(3);
    const batches: unknown[] = [];
    const work: NodeExecutor = ({ context }) => {
      batches.push(context.Each);
      return { ...context, Work: context.Each };
    };
    const again = await run(load([{ ...first, ...looped }, child]), { "test.work": work });
    expect(again.result.status).toBe("completed");
    expect(batches).toEqual([items(2, 4, 6)]);
  });

  it("says so if it cannot run a child for each item", () => {
    const alone = chain("p", [call("c", { mode: "each" }), "End"]);
    expect(load([alone, child]).dropped).toEqual([expect.stringMatching(/"each" needs the items of exactly one node/)]);
  });

  it("waits for its child, and passes on its input, if n8n does not wait", async () => {
    const loaded = load([parent("c", { options: { waitForSubWorkflow: false } }), child]);
    expect(loaded.dropped).toEqual([expect.stringMatching(/does not wait.* "Call"/)]);
    const { result, started } = await run(loaded);
    expect(result.output).toMatchObject({ Call: items(1, 2, 3) });
    expect(started).toMatchObject([{ status: "completed" }]);
  });

  it("begins the child at the trigger for other workflows, and not at another", async () => {
    const two = {
      ...child,
      ...n8nExport(
        [{ name: "Cron", type: "n8n-nodes-base.scheduleTrigger" }, CALLED, double, "Other"],
        [
          ["Cron", 0, "Other"],
          ["Called", 0, "Double"],
        ],
      ),
    };
    const loaded = load([parent("c"), two]);
    expect(loaded.children[0]?.nodes.map(({ id }) => id)).toEqual(["Called", "Double"]);
    expect((await run(loaded)).result.output).toMatchObject({ Call: items(2, 4, 6) });
  });

  it("has the result of the last end node that has run", async () => {
    const two = { ...child, ...n8nExport([CALLED, double, "Side"], [["Called", 0, "Double"]]) };
    const forked = n8nExport(
      [CALLED, double, "Side"],
      [
        ["Called", 0, "Side"],
        ["Called", 0, "Double"],
      ],
    );
    expect((await run(load([parent("c"), two]))).result.output).toMatchObject({ Call: items(2, 4, 6) });
    const { output } = (await run(load([parent("c"), { ...two, ...forked }]))).result;
    expect(output).toMatchObject({ Call: [{ json: { node: "Side" } }] });
  });

  it("runs children of children, whose nodes have the same names", async () => {
    const middle = chain("m", [CALLED, call("c")]);
    const loaded = load([parent("m"), middle, child]);
    expect(loaded.children.map(({ id }) => id)).toEqual(["m", "c"]);
    expect((await run(loaded)).result.output).toMatchObject({ Call: items(2, 4, 6) });
  });

  it("suspends with its child, for whose wait the import has an answer", async () => {
    const wait = { name: "W", type: "n8n-nodes-base.wait", parameters: { resume: "webhook" } };
    const loaded = load([parent("c"), chain("c", [CALLED, wait])]);
    expect(loaded.answers).toEqual({ Call: { answered: "Call" } });
    const { engine, result } = await run(loaded);
    expect(result).toMatchObject({
      status: "suspended",
      waiting: [{ nodeId: "Call", reason: "a call of its webhook" }],
    });
    const done = await engine.resumeWorkflow({ executionId: result.executionId, data: loaded.answers.Call });
    expect(done.output).toMatchObject({ Call: [{ json: { answered: "Call" } }] });
  });

  it("routes the failure of its child to its error output", async () => {
    const bad = { ...child, ...n8nExport([CALLED, { name: "Bad", type: "test.double" }], [["Called", 0, "Bad"]]) };
    const routed = {
      ...parent("c"),
      ...n8nExport(
        ["Start", { ...call("c"), onError: "continueErrorOutput" }, "End", "Oops"],
        [
          ["Start", 0, "Call"],
          ["Call", 0, "End"],
          ["Call", 1, "Oops"],
        ],
      ),
    };
    const loaded = load([{ ...routed, pinData: { Start: [{ json: null }] } }, bad]);
    const { result } = await run(loaded);
    expect(result).toMatchObject({ status: "completed", output: { Oops: [{}] } });
    expect(result.output).not.toHaveProperty("End");
    const { output } = (await run(load([routed, child]))).result;
    expect(output).toHaveProperty("End");
    expect(output).not.toHaveProperty("Oops");
  });

  it.each([
    ["names none", [parent(undefined)], /does not name.*put the workflow into the file.*: "Call"/],
    ["names it by an expression", [parent("={{ $json.id }}")], /does not name/],
    ["names none of the file", [parent("w7")], /"w7" is missing in the file.*export both into one file.*: "Call"/],
    ["is in the workflow that it runs", [parent("p")], /"p" runs its own parent/],
    ["is run by its child", [parent("m"), chain("m", [CALLED, call("p")])], /"m" runs its own parent/],
    ["has its workflow elsewhere", [parent("c", { source: "url" }), child], /does not name/],
  ])("is passed through if it %s", async (_why, file, says) => {
    const loaded = load(file);
    expect(loaded.dropped).toContainEqual(expect.stringMatching(says));
    expect(loaded.children).toEqual([]);
    const { result, passedThrough } = await run(loaded);
    expect(result.status).toBe("completed");
    expect(passedThrough.get(CALL)).toBe(1);
  });

  it("lists what its child loses, a child without a trigger for it, and inputs that it maps", () => {
    const lossy = chain("c", ["First", { name: "Bad", onError: "sometimes" }]);
    const { dropped } = load([parent("c", { workflowInputs: { value: { a: "={{ 1 }}" } } }), lossy]);
    expect(dropped).toEqual([
      expect.stringMatching(/"c" has no trigger for other workflows.*: "Call"/),
      expect.stringMatching(/gets the items of the node as they are: "Call"/),
      expect.stringMatching(/^in workflow "c": unknown "onError"/),
    ]);
  });

  it("is the user's own if there is an executor for its type", () => {
    const [loaded] = parseWorkflows([parent("c"), child], "file", { ownTypes: [CALL] });
    expect(loaded).toMatchObject({ children: [], dropped: [] });
    expect(loaded?.workflow.nodes[1]?.type).toBe(CALL);
  });

  it("is refused in workflows that run each other more than 32 deep", () => {
    const deep = Array.from({ length: 40 }, (_, at) => chain(`d${at}`, [CALLED, call(`d${at + 1}`)]));
    expect(() => load([...deep, chain("d40", [CALLED])], "d0")).toThrow(/more than 32 deep/);
  });
});
