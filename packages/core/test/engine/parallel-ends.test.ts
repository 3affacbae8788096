import { describe, expect, it } from "vitest";
import { createWorkflowEngine, type NodeExecutor, NonRetryableError, patch } from "../../src/index.ts";
import { crashAt, ManualClock } from "../../src/testing/index.ts";
import { call, gates, setUp, workflow } from "./side-by-side.ts";
import { settle } from "./turns.ts";
import "./preloaded.ts";

/** A run of which "s" has completed, and "a" and "b" are in flight. */
async function twoInFlight(options: object = {}, run: object = {}) {
  const gate = gates();
  const world = setUp(workflow("s->a s->b a->c b->d"), gate.executor, options);
  const running = world.engine.executeWorkflow({ ...call, executionId: "x", ...run });
  await gate.until(1);
  gate.end("s", patch({ s: 1 }));
  await gate.until(3);
  return { ...world, gate, running };
}

describe("nodes in flight", () => {
  it("finish and are committed if the engine drains; the execution is pending, and no other node starts", async () => {
    const { engine, gate, running } = await twoInFlight();
    const drained = engine.drain();
    gate.end("a", patch({ a: 1 }));
    gate.end("b", patch({ b: 1 }));
    expect(await running).toMatchObject({ status: "pending", output: { s: 1, a: 1, b: 1 } });
    await drained;
    expect(gate.started).toEqual(["s", "a", "b"]);
  });

  it("are cut off by an abort, and start again with the next attempt", async () => {
    const controller = new AbortController();
    const attempts: string[] = [];
    const executor: NodeExecutor = ({ node, attempt, signal }) => {
      attempts.push(`${node.id} ${attempt}`);
      if (node.id === "s" || attempt > 1) return patch({ [node.id]: 1 });
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        if (attempts.length === 3) controller.abort();
      });
    };
    const { engine } = setUp(workflow("s->a s->b"), executor);
    const stopped = await engine.executeWorkflow({ ...call, signal: controller.signal });
    expect(stopped).toMatchObject({ status: "pending", output: { s: 1 } });
    const { executionId } = stopped;
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
    expect(attempts).toEqual(["s 1", "a 1", "b 1", "a 2", "b 2"]);
  });

  it.each(["before", "after"])(
    "keep their numbers if they are cut off %s another one has failed for good",
    async (when) => {
      const controller = new AbortController();
      const attempts: string[] = [];
      const executor: NodeExecutor = ({ node, attempt, signal }) => {
        const isFirst = !attempts.some((each) => each.startsWith(node.id));
        attempts.push(`${node.id} ${attempt}`);
        if (!isFirst || node.id === "c") return patch({ [node.id]: 1 });
        if (node.id === "b") {
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
        }
        return settle().then(() => {
          if (when === "before") controller.abort();
          else void settle().then(() => controller.abort());
          throw new NonRetryableError("never");
        });
      };
      const { engine } = setUp(workflow("a->c b->c"), executor);
      const { executionId, status } = await engine.executeWorkflow({ ...call, signal: controller.signal });
      expect(status).toBe(when === "before" ? "pending" : "failed");
      expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
      expect(attempts).toEqual(["a 1", "b 1", "a 2", "b 2", "c 1"]);
    },
  );

  it("fail if the time of the run is up", async () => {
    const clock = new ManualClock();
    const { running, engine } = await twoInFlight({ clock }, { timeoutMs: 1_000 });
    clock.advance(1_000);
    const result = await running;
    expect(result).toMatchObject({ status: "failed", failure: { code: "EXECUTION_TIMEOUT" }, output: { s: 1 } });
    const errors = (await engine.getExecutionState("x")).getCheckpoints().filter(({ error }) => error !== undefined);
    expect(errors.map(({ nodeId }) => nodeId)).toEqual(["a", "b"]);
  });

  it("end as lost if the execution is cancelled", async () => {
    const { engine, running } = await twoInFlight();
    await engine.cancelExecution({ executionId: "x" });
    expect(await running).toMatchObject({ status: "cancelled", output: { s: 1 } });
  });

  it("are not tried again once another one has failed for good, and nothing turns in a circle until the rest end", async () => {
    const clock = new ManualClock();
    const gate = gates();
    const attempts: string[] = [];
    const executor: NodeExecutor = (args) => {
      attempts.push(args.node.id);
      if (args.node.id === "a") throw new Error("not yet");
      if (args.node.id === "b") throw new NonRetryableError("never");
      return gate.executor(args);
    };
    const retry = { maxAttempts: 3, backoffMs: 100, jitter: 0 };
    const { engine } = setUp(workflow("a->d b->d c->d"), executor, { clock, retry });
    const running = engine.executeWorkflow(call);
    await gate.until(1);
    await settle();
    clock.advance(200);
    await settle();
    // The heartbeat is all that is due.
    expect(clock.nextMs).toBeGreaterThan(1_000);
    gate.end("c", patch({ c: 1 }));
    expect(await running).toMatchObject({ status: "failed", failure: { message: "never" }, output: { c: 1 } });
    expect(attempts).toEqual(["a", "b", "c"]);
  });

  it("are tried again while others run", async () => {
    const clock = new ManualClock();
    const gate = gates();
    const attempts: number[] = [];
    const executor: NodeExecutor = (args) => {
      if (args.node.id !== "a") return gate.executor(args);
      attempts.push(args.attempt);
      if (args.attempt < 3) throw new Error("not yet");
      return patch({ a: 1 });
    };
    const retry = { maxAttempts: 3, backoffMs: 100, jitter: 0 };
    const { engine, commits } = setUp(workflow("s->a s->b"), executor, { clock, retry });
    const running = engine.executeWorkflow(call);
    await gate.until(1);
    gate.end("s", patch({ s: 1 }));
    await gate.until(2);
    const errors = () => commits.filter(({ nodes }) => nodes.includes("error a")).length;
    while (errors() < 1) await new Promise((resolve) => setImmediate(resolve));
    while (attempts.length < 2) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (attempts.length < 3) {
      clock.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
    gate.end("b", patch({ b: 1 }));
    expect(await running).toMatchObject({ status: "completed", output: { s: 1, a: 1, b: 1 } });
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("all count as cut off by a crash", async () => {
    const attempts: string[] = [];
    const gate = gates();
    const executor: NodeExecutor = (args) => {
      attempts.push(`${args.node.id} ${args.attempt}`);
      return args.attempt > 1 || args.node.id === "s" ? patch({ [args.node.id]: 1 }) : gate.executor(args);
    };
    const { engine, store } = setUp(workflow("s->a s->b"), executor, { leaseMs: 0 });
    void engine.executeWorkflow({ ...call, executionId: "x" });
    await gate.until(2);
    const other = createWorkflowEngine({
      store: store.reopen(),
      workflows: [workflow("s->a s->b")],
      executors: { default: executor },
    });
    expect(await other.resumeWorkflow({ executionId: "x" })).toMatchObject({ status: "completed" });
    expect(attempts).toEqual(["s 1", "a 1", "b 1", "a 2", "b 2"]);
  });
});

describe("an execution whose process died after a failure for good, with another node in flight", () => {
  async function failing() {
    const gate = gates();
    const started: string[] = [];
    const attempts: string[] = [];
    const executor: NodeExecutor = (args) => {
      started.push(args.node.id);
      attempts.push(`${args.node.id} ${args.attempt}`);
      if (args.node.id === "a") return Promise.reject(new Error("boom"));
      return args.node.id === "b" && started.length < 4 ? gate.executor(args) : patch({ [args.node.id]: 1 });
    };
    const definition = workflow("s->a s->b b->c");
    const { store, engine } = setUp(definition, executor, { leaseMs: 0 });
    void engine.executeWorkflow({ ...call, executionId: "x" });
    await gate.until(1);
    while ((await store.getExecution("x"))?.failure === undefined)
      await new Promise((resolve) => setImmediate(resolve));
    started.length = 4;
    const options = { workflows: [definition], executors: { default: executor }, nodeConcurrency: 2 };
    return { other: createWorkflowEngine({ ...options, store: store.reopen() }), started, attempts, store };
  }

  it("is ended by a recovery, which starts no node", async () => {
    const { other, started, store } = await failing();
    expect(await other.recoverExecutions()).toMatchObject({ resumed: 1 });
    expect(await store.getExecution("x")).toMatchObject({
      status: "failed",
      failure: { message: "boom", nodeId: "a" },
    });
    expect(started.slice(4)).toEqual([]);
  });

  it.each([false, true])("continues if a person resumes it (a recovery has ended it: %s)", async (isEnded) => {
    const { other, started, attempts } = await failing();
    if (isEnded) await other.recoverExecutions();
    const result = await other.resumeWorkflow({ executionId: "x" });
    expect(result).toMatchObject({ status: "failed", failure: { message: "boom" }, output: { s: 1, b: 1 } });
    expect(started.slice(4)).toEqual(expect.arrayContaining(["a", "b"]));
    expect(attempts.filter((each) => each.startsWith("b"))).toEqual(["b 1", "b 2"]);
  });
});

describe("an execution whose processes die too often, with several nodes in flight", () => {
  it("counts the attempts of all of them when a person resumes it", async () => {
    const attempts: string[] = [];
    let isMended = false;
    const executor: NodeExecutor = ({ node, attempt }) => {
      attempts.push(`${node.id} ${attempt}`);
      return isMended ? patch({ [node.id]: 1 }) : new Promise(() => undefined);
    };
    const definition = workflow("a->c b->c");
    const { store, engine } = setUp(definition, executor, { leaseMs: 0 });
    void engine.executeWorkflow({ ...call, executionId: "x" });
    await settle();
    const options = { workflows: [definition], executors: { default: executor }, nodeConcurrency: 2 };
    const other = createWorkflowEngine({ ...options, store: store.reopen(), maxRecoveries: 0 });
    await other.recoverExecutions();
    expect(await store.getExecution("x")).toMatchObject({ status: "failed", failure: { code: "RECOVERY_LIMIT" } });
    isMended = true;
    expect(await other.resumeWorkflow({ executionId: "x" })).toMatchObject({ status: "completed" });
    expect(attempts.slice(0, 2)).toEqual(["a 1", "b 1"]);
    expect(new Set(attempts).size).toBe(attempts.length);
  });
});

describe("a run that is to start several nodes", () => {
  it("starts none of them before it is on record that they may be in flight", async () => {
    const started: string[] = [];
    const executor: NodeExecutor = ({ node }) => {
      started.push(node.id);
      return patch({ [node.id]: 1 });
    };
    const { store } = setUp(workflow("a->c b->d"), executor);
    const options = { workflows: [workflow("a->c b->d")], executors: { default: executor }, nodeConcurrency: 2 };
    const engine = createWorkflowEngine({
      ...options,
      store: crashAt(store.reopen(), { call: 1, when: "before" }),
      storeRetryMs: 0,
    });
    await expect(engine.executeWorkflow(call)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(started).toEqual([]);
  });
});
