import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CodecType,
  createWorkflowEngine,
  type NodeExecutor,
  type RetryPolicy,
  route,
  type WorkflowContext,
} from "../../src/index.ts";
import { createComparison, createRecorder, type Recording } from "../../src/migration/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { SILENT } from "../engine/silent.ts";
import { type Executors, LINE, shadowed } from "./shadowed.ts";

/** A class whose state no comparison of properties sees. */
class Money {
  #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  add(cents: number): void {
    this.#cents += cents;
  }
  get cents(): number {
    return this.#cents;
  }
}
const MONEY: CodecType<Money, number> = {
  name: "Money",
  test: (value) => value instanceof Money,
  encode: ({ cents }) => cents,
  decode: (cents) => new Money(cents),
};
const codec = { types: [MONEY] };

class Unknown {}

/** A V1 whose first node makes a value `v`, and whose second one changes it in place. */
function changing(make: () => unknown, change: (value: never, context: Record<string, unknown>) => void): Executors {
  return {
    load: ({ context }) => Object.assign(context, { v: make() }),
    sum: ({ context }) => {
      change(context.v as never, context as Record<string, unknown>);
      return context;
    },
    send: ({ context }) => ({ ...context, sent: true }),
  };
}

const all = { live: ["load", "sum", "send"] };
const none = { live: [] };

const IN_PLACE: Record<string, Executors> = {
  "a URL": changing(
    () => new URL("http://x/?p=1"),
    (url: URL) => url.searchParams.append("q", "1"),
  ),
  "the position of a RegExp": changing(
    () => /a/g,
    (pattern: RegExp) => pattern.test("aa"),
  ),
  "a Date": changing(
    () => new Date(5),
    (date: Date) => date.setTime(9),
  ),
  "a Map": changing(
    () => new Map([["a", { n: 1 }]]),
    (map: Map<string, object>) => map.set("b", Object.assign(map.get("a") as object, { n: 2 })),
  ),
  "a Set": changing(
    () => new Set([1]),
    (set: Set<number>) => set.add(2),
  ),
  "a Buffer": changing(
    () => Buffer.from("abc"),
    (bytes: Buffer) => bytes.write("x"),
  ),
  "a typed array": changing(
    () => new Float64Array([1, 2]),
    (items: Float64Array) => items.fill(-0),
  ),
  "an ArrayBuffer": changing(
    () => new Uint8Array([1, 2]).buffer,
    (buffer: ArrayBuffer) => new Uint8Array(buffer).fill(9),
  ),
  "an error": changing(
    () => Object.assign(new TypeError("a", { cause: new Error("b") }), { code: "X", details: { n: 1 } }),
    (error: TypeError & { details: { n: number } }) => {
      error.message = "changed";
      error.details.n = 2;
    },
  ),
  "an instance of a class of the codec": changing(
    () => new Money(1),
    (money: Money) => money.add(5),
  ),
  "a value of another realm": changing(
    () => runInNewContext("({ list: [1], at: new Date(5), map: new Map() })"),
    (value: { list: number[]; at: Date }) => {
      value.list.push(2);
      value.at.setTime(6);
    },
  ),
};

const KEPT: Record<string, () => unknown> = {
  "an object without a prototype": () => Object.assign(Object.create(null), { q: 1 }),
  "the groups of a RegExp": () => ({
    ...(/(?<first>b)/.exec("abc")?.groups ?? {}),
    groups: /(?<b>b)/.exec("b")?.groups,
  }),
  "minus zero, NaN and undefined": () => ({ zero: -0, nan: Number.NaN, none: undefined }),
  "an accessor": () => ({
    get twice() {
      return 2;
    },
  }),
  "a frozen value": () => Object.freeze({ list: Object.freeze([1]) }),
  "one object in two places": () => {
    const shared = { n: 1 };
    return { first: shared, second: shared };
  },
  "an error with a stack of its own": () => new RangeError("out"),
  "a time inside of a Map and of a text": () => new Map([["at", new Date()]]),
  "the end of a period that begins now": () => ({
    until: Date.now() + 3_600_000,
    at: new Date(Date.now() - 86_400_000),
  }),
  "a time inside of a URL": () => new URL(`http://x/?t=${Date.now()}${Math.random()}`),
  "a value 900 levels deep": () => {
    let value: object = {};
    for (let level = 0; level < 900; level++) value = { value };
    return value;
  },
};

/** Values of V1 that a checkpoint refuses. */
const REFUSED: Record<string, () => unknown> = {
  "a symbol for a key": () => ({ [Symbol("s")]: 1 }),
  "a hidden key": () => Object.defineProperty({}, "hidden", { value: 1 }),
  "a hole": () => Object.assign([1], { 2: 3 }),
  "the match of a RegExp": () => /b/.exec("abc"),
  "a Map with a key of its own": () => Object.assign(new Map(), { own: 1 }),
  "an instance of an unknown class": () => new Unknown(),
  "an object that contains itself": () => {
    const value: Record<string, unknown> = { children: [{}, {}, {}] };
    for (const child of value.children as Record<string, unknown>[]) child.parent = value;
    return value;
  },
  "a value 3,000 levels deep": () => {
    let value: object = {};
    for (let level = 0; level < 3_000; level++) value = { value };
    return value;
  },
};

describe("a comparison finds nothing if there is nothing", () => {
  describe.each([
    ["live nodes", all],
    ["recorded nodes", none],
  ])("for %s", (_what, compare) => {
    it.each(Object.entries(IN_PLACE))("that change %s in place", async (_name, v1) => {
      const { result, shadow } = await shadowed({}, { v1, compare, options: { codec } });
      expect(result.success).toBe(true);
      expect(shadow).toMatchObject({ result: "equal" });
      expect(shadow.varying).toBeUndefined();
    });

    it.each(Object.entries(KEPT))("that make %s", async (_name, make) => {
      const v1 = changing(make, () => undefined);
      expect((await shadowed({}, { v1, compare })).shadow).toMatchObject({ result: "equal" });
    });
  });

  it.each<[string, NodeExecutor]>([
    ["the executionId", ({ context, executionId }) => ({ ...context, order: `order-${executionId}` })],
    ["the idempotencyKey", ({ context, idempotencyKey }) => ({ ...context, order: { sent: idempotencyKey } })],
    [
      "the waitToken",
      ({ context, waitToken = "" }) => ({ ...context, order: [waitToken.length === 0 ? "-" : waitToken] }),
    ],
    ["a message with the executionId", ({ executionId }) => Promise.reject(new Error(`No order ${executionId}`))],
  ])("if a live node keeps %s, and names the place", async (_what, load) => {
    const v1 = { load, sum: load, send: load };
    const { shadow } = await shadowed({}, { v1, compare: all });
    expect(shadow).toMatchObject({ result: "equal", varying: [expect.stringMatching(/^(order|error)/)] });
  });

  it("if a live node's retry policy mends it, and finds that it fails if none does", async () => {
    let calls = 0;
    const flaky: Executors = {
      sum: async ({ context, attempt }) => {
        calls++;
        if (attempt < 3) throw new Error("flaky");
        return { ...context, total: 5 };
      },
    };
    const retry: RetryPolicy = { maxAttempts: 3, backoffMs: 60_000 };
    expect((await shadowed(flaky, { options: { retry } })).shadow).toMatchObject({ result: "equal" });
    expect(calls).toBe(3);
    const found = { kind: "failure", nodeId: "sum", v2: "flaky" };
    expect((await shadowed(flaky, { options: { retry: { maxAttempts: 2 } } })).shadow.difference).toEqual(found);
    const others = { maxAttempts: 9, retryOn: ["OTHER"] };
    expect((await shadowed(flaky, { options: { retry: others } })).shadow.difference).toEqual(found);
    const [load, sum, send] = LINE.nodes as [object, object, object];
    const workflow = { ...LINE, nodes: [load, { ...sum, retry }, send] } as typeof LINE;
    expect((await shadowed(flaky, { workflow })).shadow).toMatchObject({ result: "equal" });
  });

  it("for a recording that a recorder with the engine's codec has kept", async () => {
    const executors = IN_PLACE["an instance of a class of the codec"] as Executors;
    const recordings: Recording[] = [];
    const recorder = createRecorder({ codec, onRecording: (recording) => void recordings.push(recording) });
    const registry = Object.fromEntries(
      Object.entries(executors).map(([type, run]) => [type, recorder.wrap(type, run)]),
    );
    const { executeWorkflowSync } = createWorkflowExecutor({ workflows: [LINE], executors: registry });
    const call = { workflowId: "line", userId: "u1" };
    await recorder.run(call, () => executeWorkflowSync(call));
    const store = new MemoryCheckpointStore();
    const v2 = createWorkflowEngine({ store, workflows: [LINE], executors, codec, logger: SILENT });
    expect(await createComparison({ v2, ...all })(recordings[0] as Recording)).toMatchObject({ result: "equal" });
  });
});

describe("a comparison finds", () => {
  it.each(Object.entries(REFUSED))("%s, which no checkpoint keeps", async (_name, make) => {
    const v1 = changing(make, () => undefined);
    for (const compare of [all, none]) {
      const { result, shadow } = await shadowed({}, { v1, compare });
      expect(result.success).toBe(true);
      expect(shadow.difference).toMatchObject({ kind: "failure", nodeId: "load" });
    }
  });

  it.each<[string, unknown, unknown, string]>([
    ["another URL", new URL("http://x/1"), new URL("http://x/2"), "v"],
    ["another private state", new Money(1), new Money(2), "v"],
    ["another message of an error", new Error("a"), new Error("b"), "v"],
    ["another cause of an error", new Error("a", { cause: 1 }), new Error("a", { cause: 2 }), "v"],
    ["another class of an error", new TypeError("a"), new RangeError("a"), "v"],
    ["another value in a Map", new Map([["k", { n: 1 }]]), new Map([["k", { n: 2 }]]), "v.k.n"],
    ["a Map for an object", new Map([["k", 1]]), { k: 1 }, "v"],
    ["a time that is half a second off", new Date(1_700_000_000_000), new Date(1_700_000_000_500), "v"],
    ["minus zero", 0, -0, "v"],
    ["a key that is undefined", {}, { k: undefined }, "v.k"],
    ["a text for a URL", new URL("http://x/"), "http://x/", "v"],
    ["other bytes", Buffer.from("a"), Buffer.from("b"), "v"],
    ["a Buffer for bytes", Buffer.from("a"), new Uint8Array([97]), "v"],
  ])("%s", async (_what, ofV1, ofV2, path) => {
    const v1 = changing(
      () => ofV1,
      () => undefined,
    );
    const load: NodeExecutor = ({ context }) => ({ ...context, v: ofV2 });
    const { shadow } = await shadowed({ load }, { v1, compare: all, options: { codec } });
    expect(shadow.difference).toMatchObject({ kind: "context", nodeId: "load", path });
  });

  it("what V2 shares no longer: an object that V1 keeps in two places and changes in one", async () => {
    const v1 = changing(
      () => {
        const shared = { n: 1 };
        return { first: shared, second: shared };
      },
      (value: { first: { n: number } }) => {
        value.first.n = 2;
      },
    );
    expect((await shadowed({}, { v1, compare: all })).shadow.difference).toMatchObject({
      ...{ kind: "context", nodeId: "sum", path: "v.second.n", v1: "2", v2: "1" },
    });
  });

  it("nothing under a path of `ignore` that leads into a Map", async () => {
    const make = (n: number) => (): unknown => new Map([["crm", { n, m: 1 }]]);
    const load: NodeExecutor = ({ context }) => ({ ...context, v: make(2)() });
    const v1 = changing(make(1), () => undefined);
    const compare = { ...all, ignore: ["v.*.n"] };
    expect((await shadowed({ load }, { v1, compare })).shadow).toMatchObject({ result: "equal" });
  });
});

it("a comparison follows nodes of one type and runs of one node that a recording has several times", async () => {
  const add: NodeExecutor = ({ context }) => ({ ...context, n: Number(context.n) + 1 });
  const ids = ["a", "b", "c"];
  const workflow = {
    id: "same",
    nodes: ids.map((id) => ({ id, type: "add" })),
    edges: [
      { source: "a", target: "b" },
      { source: "b", target: "c" },
    ],
  };
  const { shadow } = await shadowed({}, { workflow, v1: { add }, compare: { live: ["add"] } });
  expect(shadow).toMatchObject({ result: "equal", liveNodes: 3 });
  const wrong: NodeExecutor = (args) =>
    args.node.id === "b" ? route(args.context as WorkflowContext, "x") : add(args);
  const found = await shadowed({ add: wrong }, { workflow, v1: { add }, compare: { live: ["add"] } });
  expect(found.shadow.difference).toMatchObject({ nodeId: "b" });
});
