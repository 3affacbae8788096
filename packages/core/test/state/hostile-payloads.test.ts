import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";
import { damaged, withoutChecksums } from "./damage.ts";

/** Reads an execution of three nodes whose record 1 has another payload, and no checksum. */
async function readWith(payload: string, context: object = { list: [1, 2, 3], map: new Map(), o: { a: 1, b: 2 } }) {
  const data = new MemoryCheckpointStore();
  const options = { workflows: [chain(3)], executors: { default: append } };
  const { executionId } = await createWorkflowEngine({ ...options, store: data }).executeWorkflow({
    workflowId: "chain",
    userId: "u1",
    initialData: context,
    budgetMs: 0,
  });
  const { store } = damaged(data, {
    head: (head) => ({ ...head, seq: 1, checkpointsCount: 1, version: 1 }),
    records: (records) => {
      const [initial] = withoutChecksums(records);
      const delta = { ...initial, id: "d", seq: 1, kind: "delta", nodeId: "n1", nodeName: "n1", payload };
      return [initial, delta] as typeof records;
    },
  });
  return createWorkflowEngine({ ...options, store }).getExecutionState(executionId);
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("a stored payload", () => {
  it.each<[string, string]>([
    ["is no JSON", "[1"],
    ["is no list", "1"],
    ["is of format 0", "[0]"],
    ["is of a format below", "[-1]"],
    ["is of a format that is no number", '["1"]'],
    ["is a snapshot where a change is due", '{"v":1,"context":{},"ran":["n1"]}'],
    ["has a part that is no list", "[1,5]"],
    ["has an unknown operation", '[1,["move",["list"],1]]'],
    ["has an operation without a path", '[1,["set","list",1]]'],
    ["sets without a value", '[1,["set",["a"]]]'],
    ["sets an item far beyond the list", '[1,["set",["list",4294967294],1]]'],
    ["sets an item beyond what a list can have", '[1,["set",["list",1e300],1]]'],
    ["sets an item by a name", '[1,["set",["list","length"],1]]'],
    ["sets an item at a fraction", '[1,["set",["list",0.5],1]]'],
    ["sets an item before the list", '[1,["set",["list",-1],1]]'],
    ["sets a key that is a number", '[1,["set",[7],1]]'],
    ["goes through what is not there", '[1,["set",["nope","a"],1]]'],
    ["goes through a prototype", '[1,["set",["__proto__","a"],1]]'],
    ["goes through a Map", '[1,["set",["map","a"],1]]'],
    ["goes through a number", '[1,["set",["list",0,"a"],1]]'],
    ["replaces the context by a list", '[1,["set",[],[]]]'],
    ["replaces the context by a date", '[1,["set",[],{"$type":"Date","value":null}]]'],
    ["deletes the context", '[1,["delete",[]]]'],
    ["deletes what is not there", '[1,["delete",["nope"]]]'],
    ["deletes an item", '[1,["delete",["list",0]]]'],
    ["pushes to an object", '[1,["push",["o"],1]]'],
    ["splices beyond the list", '[1,["splice",["list"],4,0,1]]'],
    ["splices more than there is", '[1,["splice",["list"],1,3]]'],
    ["splices by a fraction", '[1,["splice",["list"],0.5,0]]'],
    ["splices back", '[1,["splice",["list"],0,-1]]'],
    ["orders keys that are not there", '[1,["order",["o"],["a","c"]]]'],
    ["orders keys twice", '[1,["order",["o"],["a","a"]]]'],
    ["orders some of the keys", '[1,["order",["o"],["a"]]]'],
    ["orders without keys", '[1,["order",["o"]]]'],
    ["routes by a number", '[1,["route",1]]'],
    ["counts an attempt of nothing", '[1,["attempt","",1]]'],
    ["counts attempts in words", '[1,["attempt","n2","two"]]'],
    ["answers without data", '[1,["resume","n2"]]'],
    ["lists runs of nothing", '[1,["ran",[]]]'],
    ["holds a bigint that is none", '[1,["set",["n"],{"$type":"bigint","value":"x"}]]'],
    ["holds a Map of what are no pairs", '[1,["set",["n"],{"$type":"Map","value":[1]}]]'],
    ["holds a Set of what is no list", '[1,["set",["n"],{"$type":"Set","value":1}]]'],
    ["is nested 2,000 deep", `[1,["set",["n"],${deep(2_000)}]]`],
    ["is nested 200,000 deep", `[1,["set",["n"],${deep(200_000)}]]`],
  ])("that %s is refused as damage, naming the record and quoting nothing of it", async (_what, payload) => {
    const error: unknown = await readWith(payload).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "STATE_CORRUPT", details: { seq: 1 } });
    expect(String(error).length).toBeLessThan(300);
  });

  it("that holds a type which the engine does not know is refused by its own code", async () => {
    const unknown = readWith('[1,["set",["n"],{"$type":"Money","value":1}]]');
    await expect(unknown).rejects.toMatchObject({ code: "STATE_TYPE_UNKNOWN", details: { type: "Money", seq: 1 } });
  });

  it.each<[string, string, object]>([
    ["sets the item after the last", '[1,["set",["list",3],4]]', { list: [1, 2, 3, 4] }],
    ["says nothing", "[1]", { list: [1, 2, 3] }],
    ["splices at the end", '[1,["splice",["list"],3,0,4]]', { list: [1, 2, 3, 4] }],
    ["sets an own key __proto__", '[1,["set",["__proto__"],1],["set",["__proto__"],2]]', { list: [1, 2, 3] }],
    ["pushes 200,000 items", `[1,["push",["list"]${",0".repeat(200_000)}]]`, {}],
    ["splices 200,000 items", `[1,["splice",["list"],1,1${",0".repeat(200_000)}]]`, {}],
    ["is of many operations on one list", `[1${',["push",["list"],0]'.repeat(50_000)}]`, {}],
    ["holds the nodes that ran after going back, as old ones do", '[1,["ran","n1",["n2","x"]]]', { list: [1, 2, 3] }],
  ])("that %s is read", async (_what, payload, context) => {
    expect((await readWith(payload)).getContext()).toMatchObject(context);
  });

  it("is read as it is if it holds a frozen part twice", async () => {
    const state = await readWith('[1,["set",["o"],{"x":[1]}],["push",["o","x"],2],["set",["o","y"],3]]');
    expect(state.getContext()).toMatchObject({ o: { x: [1, 2], y: 3 } });
    expect(Object.isFrozen((state.getContext() as { o: { x: number[] } }).o.x)).toBe(true);
  });
});

describe("a stored snapshot", () => {
  it.each([
    '{"v":1,"context":{},"ran":["n1"],"more":1}',
    '{"v":1,"context":{}}',
    '{"v":1,"ran":["n1"]}',
    '{"v":1,"context":[],"ran":["n1"]}',
    '{"v":1,"context":null,"ran":["n1"]}',
    '{"v":1,"context":{"$type":"Date","value":null},"ran":["n1"]}',
    '{"v":1,"context":{},"ran":{}}',
    '{"v":1,"context":{},"ran":[1]}',
    '{"v":1,"context":{},"ran":[""]}',
    '{"v":1,"context":{},"ran":[["n1",true]]}',
    '{"v":1,"context":{},"ran":[],"attempts":[1]}',
    '{"v":1,"context":{},"ran":[],"attempts":{"n2":-1}}',
    '{"v":0,"context":{},"ran":[]}',
    "[1]",
  ])("that is malformed is refused: %s", async (payload) => {
    const data = new MemoryCheckpointStore();
    const options = { workflows: [chain(1)], executors: { default: append } };
    const engine = createWorkflowEngine({ ...options, store: data });
    const { executionId } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1", budgetMs: 0 });
    const { store } = damaged(data, {
      records: (records) => withoutChecksums(records).map((record) => ({ ...record, payload })),
    });
    await expect(createWorkflowEngine({ ...options, store }).getExecutionState(executionId)).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      executionId,
      details: { seq: 0 },
    });
  });
});
