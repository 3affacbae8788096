import { describe, expect, it } from "vitest";
import { add, append, merge, type NodeExecutor, patch, route, suspend } from "../../src/index.ts";
import { call, gates, setUp, workflow } from "./side-by-side.ts";

describe("nodes that run side by side", () => {
  it("start together, up to the limit, those that are defined first in front", async () => {
    const gate = gates();
    const { engine } = setUp(workflow("s->a s->b s->c s->d s->e"), gate.executor, { nodeConcurrency: 3 });
    const running = engine.executeWorkflow(call);
    await gate.until(1);
    gate.end("s", patch({ s: 1 }));
    await gate.until(4);
    expect(gate.started).toEqual(["s", "a", "b", "c"]);
    gate.end("b", patch({ b: 1 }));
    await gate.until(5);
    expect(gate.started.at(-1)).toBe("d");
    for (const id of ["d", "a", "c"]) gate.end(id, patch({ [id]: 1 }));
    await gate.until(6);
    gate.end("e", patch({ e: 1 }));
    expect(await running).toMatchObject({
      status: "completed",
      output: { s: 1, a: 1, b: 1, c: 1, d: 1, e: 1 },
      currentStep: 6,
      totalSteps: 6,
    });
  });

  it("are given the context as it was committed when they started", async () => {
    const gate = gates();
    const given: Record<string, unknown> = {};
    const executor: NodeExecutor = (args) => {
      given[args.node.id] = Object.keys(args.context);
      return gate.executor(args);
    };
    const { engine } = setUp(workflow("s->a s->b a->c"), executor);
    const running = engine.executeWorkflow(call);
    await gate.until(1);
    gate.end("s", patch({ s: 1 }));
    await gate.until(3);
    gate.end("a", patch({ a: 1 }));
    await gate.until(4);
    gate.end("b", patch({ b: 1 }));
    gate.end("c", patch({ c: 1 }));
    await running;
    expect(given).toEqual({ s: [], a: ["s"], b: ["s"], c: ["s", "a"] });
  });

  it("add up: two counters at once make 2", async () => {
    const executor: NodeExecutor = async ({ node }) =>
      node.id === "s" ? patch({ n: 0 }) : patch({ n: add(1), log: append(node.id), by: merge({ [node.id]: true }) });
    const { engine } = setUp(workflow("s->a s->b"), executor);
    const { output } = await engine.executeWorkflow(call);
    expect(output).toEqual({ n: 2, log: ["a", "b"], by: { a: true, b: true } });
  });

  it("conflict if both change a value, and both nodes are named", async () => {
    const gate = gates();
    const { engine } = setUp(workflow("s->a s->b"), gate.executor);
    const running = engine.executeWorkflow(call);
    await gate.until(1);
    gate.end("s", patch({ order: { total: 0 } }));
    await gate.until(3);
    gate.end("b", patch({ order: { total: 1 } }));
    gate.end("a", patch({ order: { total: 2 } }));
    const result = await running;
    expect(result).toMatchObject({ status: "failed", failure: { code: "CONTEXT_CONFLICT" }, canResume: true });
    const resuming = engine.resumeWorkflow({ executionId: result.executionId });
    await gate.until(4);
    const again = gate.started.at(-1) as string;
    gate.end(again, patch({ order: { total: 3 } }));
    expect(await resuming).toMatchObject({ status: "completed", output: { order: { total: 3 } } });
  });

  it("are committed together if they end together, each with a record of its own", async () => {
    const gate = gates();
    const { engine, commits } = setUp(workflow("s->a s->b s->c"), gate.executor);
    const running = engine.executeWorkflow(call);
    await gate.until(1);
    gate.end("s", patch({ s: 1 }));
    await gate.until(4);
    for (const id of ["c", "b", "a"]) gate.end(id, patch({ [id]: 1 }));
    await running;
    expect(commits.at(-1)?.nodes).toEqual(["delta a", "delta b", "delta c"]);
    expect(commits[0]).toEqual({ nodes: ["delta s"], begins: ['"a","b","c"'] });
  });

  it("keep running if another one fails for good; their results are committed, and no other node starts", async () => {
    const gate = gates();
    const { engine, commits, store } = setUp(workflow("s->a s->b a->d b->e"), (args) =>
      args.node.id === "a" ? Promise.reject(new Error("boom")) : gate.executor(args),
    );
    const running = engine.executeWorkflow({ ...call, executionId: "x" });
    await gate.until(1);
    gate.end("s", patch({ s: 1 }));
    await gate.until(2);
    while (commits.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await store.getExecution("x")).toMatchObject({
      status: "running",
      failure: { message: "boom", nodeId: "a" },
    });
    gate.end("b", patch({ b: 1 }));
    const result = await running;
    expect(result).toMatchObject({ status: "failed", failure: { message: "boom" }, output: { s: 1, b: 1 } });
    expect(gate.started).toEqual(["s", "b"]);
    expect(commits.map(({ nodes }) => nodes)).toEqual([["delta s"], ["error a"], ["delta b"], []]);
  });

  it("wait side by side, and are suspended once nothing else runs", async () => {
    const executor: NodeExecutor = async ({ node, resume }) => {
      if (node.id === "s" || node.id === "c") return patch({ [node.id]: 1 });
      return resume === undefined ? suspend({ reason: node.id }) : patch({ [node.id]: resume.data });
    };
    const { engine } = setUp(workflow("s->a s->b s->c"), executor);
    const first = await engine.executeWorkflow(call);
    expect(first).toMatchObject({ status: "suspended", output: { s: 1, c: 1 } });
    const { executionId } = first;
    expect(await engine.resumeWorkflow({ executionId, nodeId: "b", data: 2 })).toMatchObject({ status: "suspended" });
    const last = await engine.resumeWorkflow({ executionId, nodeId: "a", data: 1 });
    expect(last).toMatchObject({ status: "completed", output: { s: 1, c: 1, a: 1, b: 2 } });
  });

  it("take branches and joins as one after the other", async () => {
    const executor: NodeExecutor = async ({ node, context }) =>
      node.id === "if" ? route(context, "yes") : patch({ [node.id]: 1 });
    const text = "s->if s->x if:yes->a if:no->b a->j b->j x->j";
    const outputs = await Promise.all(
      [1, 4].map(async (nodeConcurrency) => {
        const { engine } = setUp(workflow(text), executor);
        return (await engine.executeWorkflow({ ...call, nodeConcurrency })).output;
      }),
    );
    expect(outputs[1]).toEqual(outputs[0]);
  });
});
