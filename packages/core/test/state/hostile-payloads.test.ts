import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";
import { damaged, withoutChecksums } from "./damage.ts";

/** Reads an execution of three nodes whose record 1 has another payload, and no checksum. */
async function readWith(payload: string, kind: "delta" | "save" | "error" = "delta") {
  const context = { list: [1, 2, 3], map: new Map(), o: { a: 1, b: 2 } };
  const data = new MemoryCheckpointStore();
  const options = { workflows: [chain(3)], executors: { default: append } };
  const { executionId } = await createWorkflowEngine({ ...options, store: data }).executeWorkflow({
    workflowId: "chain",
    userId: "u1",
    initialData: context,
    budgetMs: 0,
  });
  const { store } = damaged(data, {
    head: (head) => ({ ...head, seq: 1, checkpointsCount: kind === "save" ? 0 : 1, version: 1 }),
    records: (records) => {
      const [initial] = withoutChecksums(records);
      const node = kind === "save" ? {} : { nodeId: "n1", nodeName: "n1" };
      const failure = kind === "error" ? { error: { code: "NODE_FAILED", message: "boom" } } : {};
      const record = { ...initial, id: "d", seq: 1, kind, ...node, ...failure, payload };
      return [initial, record] as typeof records;
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
    ["is of a later format's parts", '[1,["end"]]'],
    ["takes no edge and names handles", '[2,["end"],["route","a"]]'],
    ["takes no edge, with more", '[2,["end","a"]]'],
    ["routes twice", '[2,["route","a"],["route","a"]]'],
    ["begins a node without an id", '[2,["begin",""]]'],
    ["was given the context of no record", '[2,["given"]]'],
    ["was given the context of a fraction", '[2,["given",0.5]]'],
    ["holds a part of a save", '[2,["wait","n2",1,"token",0,null]]'],
    ["holds a part of an error", '[2,["retry","n1",0,1]]'],
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

  it.each<["save" | "error", string, string]>([
    ["save", "counts an attempt of nothing", '[1,["attempt","",1]]'],
    ["save", "counts attempts in words", '[1,["attempt","n2","two"]]'],
    ["save", "answers without data", '[1,["resume","n2"]]'],
    ["save", "lists runs of nothing", '[1,["ran",[]]]'],
    ["save", "answers without a visit", '[2,["resume","n2",{}]]'],
    ["save", "answers visit 0", '[2,["resume","n2",0,{}]]'],
    ["save", "answers late in words", '[2,["resume","n2",1,{},"late"]]'],
    ["save", "waits without a token", '[2,["wait","n2",1,"",0,null]]'],
    ["save", "waits until no time", '[2,["wait","n2",1,"t",0,9e15]]'],
    ["save", "waits since no time", '[2,["wait","n2",1,"t",null,null]]'],
    ["save", "waits since before 1970", '[2,["wait","n2",1,"t",-1,null]]'],
    ["save", "waits at visit 0", '[2,["wait","n2",0,"t",0,null]]'],
    ["save", "waits without saying whether it ends", '[2,["wait","n2",1,"t",0]]'],
    ["save", "waits for no reason, without a payload", '[2,["wait","n2",1,"t",0,null,null]]'],
    ["save", "waits for a number", '[2,["wait","n2",1,"t",0,null,5]]'],
    ["save", "waits with more than a payload", '[2,["wait","n2",1,"t",0,null,"r",{},1]]'],
    ["save", "waits with a payload of no codec", '[2,["wait","n2",1,"t",0,null,null,{"$type":"bigint","value":"x"}]]'],
    ["save", "waits with a payload nested 200,000 deep", `[2,["wait","n2",1,"t",0,null,null,${deep(200_000)}]]`],
    ["save", "answers with a token that is empty", '[2,["resume","n2",1,{},null,""]]'],
    ["save", "answers with a token that is a number", '[2,["resume","n2",1,{},null,5]]'],
    ["save", "answers in time without saying more", '[2,["resume","n2",1,{},null]]'],
    ["save", "answers late with false", '[2,["resume","n2",1,{},false,"t"]]'],
    ["save", "answers with more than a token", '[2,["resume","n2",1,{},null,"t",1]]'],
    ["save", "begins a number", '[2,["begin",1]]'],
    ["save", "begins twice", '[2,["begin","n2"],["begin","n3"]]'],
    ["save", "waits in format 1", '[1,["wait","n2",1,"t",0,null]]'],
    ["error", "retries at no time", '[2,["retry","n1",null,1]]'],
    ["error", "retries after a fraction of a failure", '[2,["retry","n1",0,0.5]]'],
    ["error", "retries twice", '[2,["retry","n1",0,1],["retry","n1",0,1]]'],
    ["error", "waits", '[2,["wait","n2",1,"t",0,null]]'],
    ["save", "counts from a fraction", '[2,["counted","n2",0.5]]'],
    ["save", "knows half of its children's progress", '[2,["children",1]]'],
    ["save", "knows a fraction of its children's progress", '[2,["children",1,0.5]]'],
    ["save", "knows its children's progress twice", '[2,["children",1,1],["children",1,1]]'],
    ["save", "continues by no definition", '[2,["definition",""]]'],
    ["save", "names the nodes that ran in format 2", '[2,["ran","n1"]]'],
    ["save", "routes", '[2,["route","a"]]'],
    ["error", "retries before 1970", '[2,["retry","n1",-1,1]]'],
    ["error", "retries after no failure", '[2,["retry","n1",0]]'],
    ["error", "takes no edge", '[2,["end"]]'],
  ])("of kind %s that %s is refused as damage", async (kind, _what, payload) => {
    await expect(readWith(payload, kind)).rejects.toMatchObject({ code: "STATE_CORRUPT", details: { seq: 1 } });
  });

  it("of a save that holds the nodes that ran after going back, as old ones do, is read", async () => {
    const state = await readWith('[1,["ran","n1",["n2","x"]]]', "save");
    expect(state.getContext()).toMatchObject({ list: [1, 2, 3] });
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
    ["begins others and was given an older context", '[2,["given",0],["begin","n2","n3"]]', { list: [1, 2, 3] }],
    ["takes no edge", '[2,["end"]]', { list: [1, 2, 3] }],
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
    '{"v":1,"context":{},"ran":[["n1",null]]}',
    '{"v":1,"context":{},"ran":[],"instance":"i"}',
    '{"v":2,"context":{},"ran":[],"more":1}',
    '{"v":2,"context":{},"ran":[["n1",null,"a"]]}',
    '{"v":2,"context":{},"ran":[],"left":[["a"]]}',
    '{"v":2,"context":{},"ran":[],"left":[["a","b",null]]}',
    '{"v":2,"context":{},"ran":[],"visits":{"a":-1}}',
    '{"v":2,"context":{},"ran":[],"visits":[1]}',
    '{"v":2,"context":{},"ran":[],"start":"a"}',
    '{"v":2,"context":{},"ran":[],"handles":[1]}',
    '{"v":2,"context":{},"ran":[],"begin":[""]}',
    '{"v":2,"context":{},"ran":[],"attempts":{"a":[1,2]}}',
    '{"v":2,"context":{},"ran":[],"waiting":[["a",1,"t",0]]}',
    '{"v":2,"context":{},"ran":[],"waiting":[["a",1,"t",0,null],["a",2,"u",0,null]]}',
    '{"v":2,"context":{},"ran":[],"waiting":[["a",1,"t",0,null,null]]}',
    '{"v":2,"context":{},"ran":[],"waiting":{"a":[1,"t",0,null]}}',
    '{"v":2,"context":{},"ran":[],"answers":{"a":[1]}}',
    '{"v":2,"context":{},"ran":[],"answers":{"a":[1,{},null]}}',
    '{"v":2,"context":{},"ran":[],"answers":{"a":[1,{},true,""]}}',
    '{"v":2,"context":{},"ran":[],"attempts":{"a":[1,0,1,-1]}}',
    '{"v":2,"context":{},"ran":[],"attempts":{"a":[1,0,1,0,0]}}',
    '{"v":2,"context":{},"ran":[],"answers":{"a":[0,{}]}}',
    '{"v":2,"context":{},"ran":[],"instance":""}',
    '{"v":2,"context":{},"ran":[],"instance":null}',
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
