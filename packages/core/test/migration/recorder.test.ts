import { describe, expect, it } from "vitest";
import { defineNode, type NodeExecutor, route } from "../../src/index.ts";
import { type AroundNode, createRecorder, type RecorderOptions, type Recording } from "../../src/migration/index.ts";
import { copyValue } from "../../src/migration/value-copy.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

type Context = Record<string, unknown>;
type V1Executor = (args: { context: Context; nodeId: string; data?: unknown }) => unknown;

function holed(): number[] {
  const list = [1];
  list[2] = 3;
  return list;
}

/** A V1 with a registry of its own, whose executors are wrapped where it hands them out. */
function ownV1(registry: Record<string, V1Executor>, options: RecorderOptions = {}) {
  const recordings: Recording[] = [];
  const recorder = createRecorder({ onRecording: (recording) => void recordings.push(recording), ...options });
  const getExecutor = (type: string): V1Executor => recorder.wrap(type, registry[type] as V1Executor);
  const v1 = async ({ initialData = {} }: { initialData?: Context }) => {
    let context: Context = initialData;
    for (const type of Object.keys(registry)) {
      context = (await getExecutor(type)({ context, nodeId: `${type}-1`, data: { of: type } })) as Context;
    }
    return { success: true, output: context };
  };
  const run = (initialData: Context = { n: 1 }) => recorder.run({ ...CALL, initialData }, () => v1({ initialData }));
  return { recorder, recordings, getExecutor, run };
}

const mutating: Record<string, V1Executor> = {
  add: ({ context }) => {
    context.n = Number(context.n) + 1;
    return context;
  },
  list: async ({ context }) => {
    (context.list as unknown[] | undefined)?.push(context.n);
    context.list ??= [context.n];
    return context;
  },
  end: ({ context }) => ({ ...context, end: true }),
};

describe("a recording", () => {
  it("has what each node got and gave, of a V1 that changes one context in place", async () => {
    const { recordings, run } = ownV1(mutating);
    expect(await run()).toEqual({ success: true, output: { n: 2, list: [2], end: true } });
    const node = { startedAt: expect.any(Number), durationMs: expect.any(Number) };
    expect(recordings).toEqual([
      {
        ...{ workflowId: "w1", userId: "u1", initialData: { n: 1 } },
        nodes: [
          { ...node, nodeId: "add-1", nodeType: "add", data: { of: "add" }, given: { n: 1 }, gave: { n: 2 } },
          {
            ...node,
            nodeId: "list-1",
            nodeType: "list",
            data: { of: "list" },
            given: { n: 2 },
            gave: { n: 2, list: [2] },
          },
          {
            ...{ ...node, nodeId: "end-1", nodeType: "end", data: { of: "end" } },
            ...{ given: { n: 2, list: [2] }, gave: { n: 2, list: [2], end: true } },
          },
        ],
        result: { success: true, output: { n: 2, list: [2], end: true } },
        bytes: expect.any(Number),
        recordingMs: expect.any(Number),
      },
    ]);
  });

  it("keeps copies: what happens to the values later does not change it", async () => {
    const shared = { at: new Date(0), map: new Map([["k", { v: 1 }]]), bytes: Buffer.from("ab"), hole: holed() };
    const { recordings, run } = ownV1({ only: ({ context }) => context });
    await run(shared);
    shared.at.setTime(1);
    (shared.map.get("k") as { v: number }).v = 2;
    shared.bytes[0] = 0;
    shared.hole.length = 0;
    const copy = { at: new Date(0), map: new Map([["k", { v: 1 }]]), bytes: Buffer.from("ab"), hole: holed() };
    expect(recordings[0]?.nodes[0]?.given).toStrictEqual(copy);
    expect(recordings[0]?.result.output).toStrictEqual(copy);
  });

  it("counts a node that V1 tries again once, with its last try, and notes a failure", async () => {
    let tries = 0;
    const { recorder, recordings } = ownV1({});
    const flaky = recorder.wrap("flaky", async (_args: { context: Context; nodeId: string }) => {
      if (++tries < 3) throw new Error(`${tries}`);
      throw new Error("for good");
    });
    await recorder.run(CALL, async () => {
      for (let i = 0; i < 3; i++) {
        const error: unknown = await flaky({ context: {}, nodeId: "f" }).catch((thrown) => thrown);
        if (i === 2) return { success: false, error: (error as Error).message };
      }
      return { success: true };
    });
    expect(recordings).toMatchObject([
      { nodes: [{ nodeId: "f", error: "for good" }], result: { success: false, error: "for good" } },
    ]);
    expect(recordings[0]?.nodes).toHaveLength(1);
  });

  it("has the handles that a node chose", async () => {
    const { recordings, run } = ownV1({ if: ({ context }) => route(context, "true") });
    await run().catch(() => undefined);
    expect(recordings[0]?.nodes[0]?.handles).toEqual(["true"]);
  });
});

describe("a wrapped executor", () => {
  it("stays as it is: synchronous, with its properties, its this and the promise that it returned", async () => {
    const { recorder } = ownV1({});
    const promise = Promise.resolve({});
    const host = {
      sync: recorder.wrap("sync", function (this: unknown) {
        return this;
      }),
      async: recorder.wrap("async", () => promise),
    };
    await recorder.run(CALL, () => {
      expect(host.sync()).toBe(host);
      expect(host.async()).toBe(promise);
      return { success: true };
    });
    const data = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    const defined = defineNode({ type: "t", data, run: () => ({}) });
    expect({ ...recorder.wrap("t", defined) }).toEqual({ type: "t", dataSchema: data });
  });

  it("calls the then of a query builder once", async () => {
    const { recorder } = ownV1({});
    let sent = 0;
    const query = recorder.wrap("query", () => ({
      // biome-ignore lint/suspicious/noThenProperty: as query builders have it
      then: (resolve: (rows: number) => void) => resolve(++sent),
    }));
    expect(await recorder.run(CALL, async () => await query())).toBe(1);
    expect(sent).toBe(1);
  });

  it("is what the registry has: nothing, or an object of its own", () => {
    const recorder = createRecorder();
    const own = { execute: () => ({}) };
    expect(recorder.wrap("none", undefined as never)).toBeUndefined();
    expect(recorder.wrap("own", own as never)).toBe(own);
    const named = Object.defineProperty(() => ({}), "name", { value: "mine", enumerable: true });
    expect(recorder.wrap("named", named).name).toBe("mine");
  });

  it("passes on what the executor throws, at once or later", async () => {
    const { recorder } = ownV1({});
    const failing = recorder.wrap("sync", () => {
      throw new RangeError("now");
    });
    const rejecting = recorder.wrap("async", () => Promise.reject(new RangeError("later")));
    await expect(recorder.run(CALL, () => failing())).rejects.toThrow(new RangeError("now"));
    await expect(recorder.run(CALL, () => rejecting())).rejects.toThrow(new RangeError("later"));
  });

  it("belongs to the run that calls it, also if many run at once", async () => {
    const { recordings, run } = ownV1(mutating);
    await Promise.all(Array.from({ length: 20 }, (_, n) => run({ n })));
    const seen = recordings.map(({ initialData, nodes }) => [
      (initialData as Context).n,
      ...nodes.map(({ given }) => (given as Context).n),
    ]);
    expect(seen).toHaveLength(20);
    for (const [n = 0, first, second] of seen as number[][]) expect([first, second]).toEqual([n, n + 1]);
  });
});

it("around runs in place of each node, and decides what V1 gets", async () => {
  const { recorder, recordings, getExecutor } = ownV1({ step: ({ context }) => ({ ...context, step: true }) });
  const seen: string[] = [];
  const v1 = async () => ({ success: true, output: await getExecutor("step")({ context: {}, nodeId: "s1" }) });
  const around: AroundNode = async ({ nodeType, nodeId, args }, next) => {
    seen.push(`${nodeType} ${nodeId} ${args.length}`);
    return { ...((await next()) as Context), around: true };
  };
  expect(await recorder.run(CALL, v1, { around })).toEqual({ success: true, output: { step: true, around: true } });
  expect(seen).toEqual(["step s1 1"]);
  expect(recordings[0]?.nodes).toMatchObject([{ nodeId: "s1", gave: { step: true, around: true } }]);
  const failing = recorder.run(CALL, v1, { around: () => Promise.reject(new Error("planted")) });
  await expect(failing).rejects.toThrow("planted");
});

describe("V1 is unharmed", () => {
  it("by a run that is larger than maxBytes, which is dropped and frees its copies", async () => {
    const { recorder, recordings, run } = ownV1(mutating, { maxBytes: 1_000 });
    expect(await run({ n: 1, text: "x".repeat(1_000) })).toMatchObject({ success: true });
    expect(recordings).toMatchObject([{ problem: "too-large", nodes: [] }]);
    expect(recorder.stats).toEqual({ runs: 1, recorded: 0, dropped: 1, errors: 0, directCalls: 0 });
  });

  it("by values that cannot be read", async () => {
    const hostile = { n: 1 };
    Object.defineProperty(hostile, "secret", {
      enumerable: true,
      get: () => {
        throw new Error("not yours");
      },
    });
    const { recorder, recordings, getExecutor } = ownV1({ pass: ({ context }) => context });
    const result = await recorder.run({ ...CALL, initialData: hostile }, async () => {
      await getExecutor("pass")({ context: hostile, nodeId: "p" });
      return { success: true };
    });
    expect(result).toEqual({ success: true });
    expect(recordings).toMatchObject([{ problem: "unreadable" }]);
    expect(recorder.stats).toMatchObject({ dropped: 1, errors: 1 });
  });

  it("by a sink or a sampling function that fails", async () => {
    const fail = () => {
      throw new Error("disk full");
    };
    for (const onRecording of [fail, () => Promise.reject(new Error("disk full"))]) {
      expect(await ownV1(mutating, { onRecording }).run()).toMatchObject({ success: true });
    }
    const { recorder, recordings, run } = ownV1(mutating, { sample: fail });
    expect(await run()).toMatchObject({ success: true });
    expect(recordings).toEqual([]);
    expect(recorder.stats).toMatchObject({ runs: 1, recorded: 0, errors: 1 });
  });

  it("by nodes that run at the same time, whose run is dropped", async () => {
    const { recorder, recordings, getExecutor } = ownV1({ slow: async ({ context }) => context });
    await recorder.run(CALL, async () => {
      await Promise.all([1, 2].map((n) => getExecutor("slow")({ context: { n }, nodeId: `n${n}` })));
      return { success: true };
    });
    expect(recordings).toMatchObject([{ problem: "overlapping" }]);
  });
});

it("at most maxConcurrentRuns are recorded at the same time", async () => {
  const { recorder, recordings, run } = ownV1(mutating, { maxConcurrentRuns: 2 });
  await Promise.all(Array.from({ length: 5 }, (_, n) => run({ n })));
  expect(recordings).toHaveLength(2);
  await run();
  expect(recorder.stats).toMatchObject({ runs: 6, recorded: 3 });
});

it("sample chooses the runs that are recorded", async () => {
  const none = ownV1(mutating, { sample: 0 });
  await none.run();
  expect(none.recordings).toEqual([]);
  const some = ownV1(mutating, { sample: ({ initialData = {} }) => initialData.n === 1 });
  await some.run({ n: 1 });
  await some.run({ n: 2 });
  expect(some.recordings).toHaveLength(1);
});

it("V2 may share V1's registry: its calls are not recorded, and not taken for calls of V1", async () => {
  const recorder = createRecorder();
  const executor = recorder.wrap("default", ({ context }: { context: Context }) => context);
  const adapted: NodeExecutor = (args) => executor({ ...args });
  const { rollout, engine, outcomes } = twoExecutors({ shadow: recorder }, { executors: { default: adapted } });
  await rollout.executeWorkflow(CALL);
  const bare: NodeExecutor = ({ context }) => executor({ context });
  await twoExecutors({ shadow: recorder }, { executors: { default: bare } }).rollout.executeWorkflow(CALL);
  await engine.startExecution(CALL);
  await engine.recoverExecutions();
  expect(recorder.stats).toMatchObject({ runs: 0, directCalls: 0 });
  expect(outcomes.filter(({ kind }) => kind === "direct")).toEqual([]);
});

it("a call of V1 beside the rollout is reported with its caller, at most 100 times and then one of a hundred", async () => {
  const recorder = createRecorder();
  const executor = recorder.wrap("http", (args: { context: Context }) => args.context);
  const { outcomes } = twoExecutors({ shadow: recorder });
  function oldRoute() {
    return executor({ context: {} });
  }
  for (let i = 0; i < 1_000; i++) oldRoute();
  const direct = outcomes.filter(({ kind }) => kind === "direct");
  expect(direct).toHaveLength(109);
  expect(direct[0]).toMatchObject({
    nodeType: "http",
    caller: expect.stringMatching(/^oldRoute .*recorder\.test\.ts/),
  });
  expect(recorder.stats.directCalls).toBe(1_000);
});

it.each([[{ sample: 2 }], [{ sample: "all" }], [{ maxBytes: 0 }], [{ samples: 1 }]])(
  "refuses the options %j",
  (options) => {
    expect(() => createRecorder(options as object)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  },
);

it("a view of a large buffer is copied without the rest of it", () => {
  const large = new ArrayBuffer(1_000_000);
  for (const view of [new Uint16Array(large, 100, 2), new DataView(large, 100, 4)]) {
    const copy = copyValue({ view }, { leftBytes: 1_000 }) as { view: typeof view };
    expect(copy.view).toEqual(view);
    expect(copy.view.buffer.byteLength).toBe(4);
  }
});

it("a context that contains itself is recorded, as far as its loop", async () => {
  const { recordings, run } = ownV1({ pass: ({ context }) => context });
  const loop: Context = { n: 1 };
  loop.self = loop;
  expect(await run(loop)).toMatchObject({ success: true });
  expect(recordings).toMatchObject([{ nodes: [{ given: { n: 1, self: { n: 1 } } }] }]);
  expect(recordings[0]?.problem).toBeUndefined();
});
