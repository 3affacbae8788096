import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, type WorkflowDefinition } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";

const CALL = { workflowId: "chain", userId: "u1" };
const edited: WorkflowDefinition = { ...chain(3), nodes: [{ id: "n1" }, { id: "n2", type: "other" }, { id: "n3" }] };

/** An execution of three nodes, the second of which failed; and an engine that has another definition. */
async function setUp(workflows: WorkflowDefinition[] = [edited]) {
  const store = new MemoryCheckpointStore();
  const called: string[] = [];
  let isFailing = true;
  const run: NodeExecutor = (args) => {
    if (args.node.id === "n2" && isFailing) throw new Error("boom");
    called.push(`${args.node.id} ${args.node.type ?? "default"}`);
    return append(args);
  };
  const executors = { default: run, other: run };
  const first = createWorkflowEngine({ store, workflows: [chain(3)], executors });
  const { executionId } = await first.executeWorkflow(CALL);
  isFailing = false;
  called.length = 0;
  const engine = createWorkflowEngine({ store, workflows, executors });
  const { definitionHash: hash = "" } = (await store.getExecution(executionId)) ?? {};
  return { store, engine, called, executionId, hash, executors };
}

describe("a definition that an execution began with", () => {
  it("is run on, whatever the engine has now", async () => {
    const { engine, called, executionId } = await setUp();
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
    expect(called).toEqual(["n2 default", "n3 default"]);
  });

  type Kept = (hash: string, json: string) => Promise<unknown>;
  it.each<[string, string, Kept]>([
    ["lost", "DEFINITION_NOT_FOUND", async () => undefined],
    ["swapped for another of the workflow", "STATE_CORRUPT", async () => JSON.stringify(edited)],
    ["swapped for one of another workflow", "STATE_CORRUPT", async (_, json) => json.replace('"chain"', '"other"')],
    ["with an edge less", "STATE_CORRUPT", async (_, json) => json.replace(/,\{"source":"n2".*?\}/, "")],
    ["with its nodes in another order", "STATE_CORRUPT", async (_, json) => json.replace("n2", "n9")],
    ["with a field of a node's more", "STATE_CORRUPT", async (_, json) => json.replace('"n2"', '"n2","type":"other"')],
    ["cut off", "STATE_CORRUPT", async (_, json) => json.slice(0, -1)],
    ["empty", "STATE_CORRUPT", async () => ""],
    ["no definition", "STATE_CORRUPT", async () => "null"],
    ["no text", "STATE_CORRUPT", async (_, json) => JSON.parse(json)],
    ["nested too deep to be read", "STATE_CORRUPT", async () => "[".repeat(100_000) + "]".repeat(100_000)],
  ])("and that is %s is refused with %s, nothing runs and nothing changes", async (_what, code, kept) => {
    const { store, engine, called, executionId, hash } = await setUp();
    const json = String(await store.getDefinition(hash));
    const before = await headIn(store, executionId);
    store.getDefinition = (asked) => kept(asked, json) as Promise<string | undefined>;
    for (const which of [{}, { definition: "original" }] as const) {
      await expect(engine.resumeWorkflow({ executionId, ...which })).rejects.toMatchObject({ code, executionId });
    }
    expect(called).toEqual([]);
    expect(await headIn(store, executionId)).toEqual(before);
    expect(await engine.resumeWorkflow({ executionId, definition: "current" })).toMatchObject({ status: "completed" });
    expect(called).toEqual(["n2 other", "n3 default"]);
  });

  it("is the engine's own if that is the same, so that the store's does not matter", async () => {
    for (const kept of [async () => undefined, async () => "{", async () => Promise.reject(new Error("asked"))]) {
      const { store, called, executionId, executors } = await setUp();
      store.getDefinition = kept;
      const same = { ...chain(3), edges: chain(3).edges.map((edge, at) => ({ ...edge, id: `new-${at}` })) };
      const engine = createWorkflowEngine({ store, workflows: async () => same, executors });
      expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
      expect(called).toEqual(["n2 default", "n3 default"]);
    }
  });

  it("is found if the engine's own cannot be", async () => {
    const { store, called, executionId, executors } = await setUp();
    const workflows = () => {
      throw new Error("the application's database is down");
    };
    const engine = createWorkflowEngine({ store, workflows, executors });
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
    expect(called).toEqual(["n2 default", "n3 default"]);
    await expect(engine.executeWorkflow(CALL)).rejects.toThrow("database is down");
  });

  it("is read by the rule of its hash: none, this one, and not a newer one", async () => {
    const { store, executionId, hash } = await setUp();
    const json = String(await store.getDefinition(hash));
    // What the first rule makes of this definition: its JSON with sorted keys.
    const legacyJson = JSON.stringify({ ...chain(3), name: undefined });
    const sorted = JSON.stringify({
      edges: chain(3).edges.map(({ source, target }) => ({ source, target })),
      id: "chain",
      nodes: chain(3).nodes,
    });
    const legacy = createHash("sha256").update(sorted).digest("hex");
    const failed = await store.getExecution(executionId);
    const asOld = (definitionHash: string) => {
      const head = { ...failed, definitionHash };
      const old = store.reopen();
      old.getExecution = async () => head as never;
      old.claimExecution = async (id, request) => ({ ...(await store.claimExecution(id, request)), definitionHash });
      old.readCheckpoints = async (id, options) =>
        (await store.readCheckpoints(id, options)).map((each) => ({ ...each, id: each.id.slice(0, 36) }));
      old.getDefinition = async () => (definitionHash === legacy ? legacyJson : json);
      const executors = { default: append, other: append };
      return createWorkflowEngine({ store: old, workflows: [edited], executors });
    };
    const newer = asOld(`3:${hash.slice(2)}`);
    const unsupported = { code: "STATE_VERSION_UNSUPPORTED", details: { rule: 3, supported: 2 } };
    await expect(newer.resumeWorkflow({ executionId })).rejects.toMatchObject(unsupported);
    const other = asOld("0".repeat(64));
    await expect(other.resumeWorkflow({ executionId })).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    const first = asOld(legacy);
    expect(await first.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
    expect((await store.getExecution(executionId))?.definitionHash).toBe(hash);
  });
});

describe("an engine that outlives its store's data", () => {
  it("keeps its definition there again within a minute, by the monotonic clock", async () => {
    const clock = new ManualClock();
    const store = new MemoryCheckpointStore({ clock });
    const saved: string[] = [];
    const save = store.saveDefinition.bind(store);
    store.saveDefinition = async (hash, json) => {
      saved.push(hash);
      return save(hash, json);
    };
    const engine = createWorkflowEngine({ store, workflows: [chain(1)], executors: { default: append }, clock });
    await engine.executeWorkflow(CALL);
    await engine.executeWorkflow(CALL);
    expect(saved).toHaveLength(1);
    clock.setNow(clock.now() + 3_600_000);
    await engine.executeWorkflow(CALL);
    expect(saved).toHaveLength(1);
    clock.advance(59_999);
    await engine.executeWorkflow(CALL);
    expect(saved).toHaveLength(1);
    clock.advance(1);
    await engine.executeWorkflow(CALL);
    expect(saved).toHaveLength(2);
  });
});
