import { describe, expect, it } from "vitest";
import { type NodeExecutor, RetryAfterError, type RunOptions, suspend } from "../../src/index.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);
const ENDS = { "hand-over": "pending", cancel: "cancelled" } as const;

/** A run that is aborted while its first node works. */
async function aborted(executor: NodeExecutor, options: RunOptions, { finishes }: { finishes: boolean }) {
  const controller = new AbortController();
  let finish: (() => void) | undefined;
  const attempts: string[] = [];
  const world = newWorld(WORKFLOW, async (args) => {
    attempts.push(`${args.node.id}#${args.attempt}`);
    if (attempts.length === 1) {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    }
    return executor(args);
  });
  const run = world.engine().executeWorkflow({ ...CALL, ...options, signal: controller.signal });
  await until(() => finish !== undefined);
  controller.abort();
  if (finishes) finish?.();
  return { ...world, attempts, result: await world.toEnd(run) };
}

describe.each(["hand-over", "cancel"] as const)("an abort with onAbort %s", (onAbort) => {
  const status = ENDS[onAbort];

  it(`leaves the execution ${status} once the node in flight is committed, without a lease`, async () => {
    const { result, attempts, store } = await aborted(append, { onAbort }, { finishes: true });
    expect(result).toMatchObject({ status, currentStep: 1, canResume: onAbort === "hand-over" });
    const head = await store.getExecution("e1");
    expect(head).toMatchObject({ status, currentStep: 1 });
    expect([head?.owner, head?.leaseUntil]).toEqual([undefined, undefined]);
    expect(head?.wakeAt === undefined).toBe(onAbort === "cancel");
    expect(attempts).toEqual(["n1#1"]);
  });

  it(`leaves it ${status} if the node does not end within its grace`, async () => {
    const { result, store, clock } = await aborted(append, { onAbort }, { finishes: false });
    expect(result).toMatchObject({ status, currentStep: 0 });
    expect(clock.elapsed()).toBe(5_000);
    expect(await store.getExecution("e1")).toMatchObject({ status });
  });

  it(`leaves it ${onAbort === "cancel" ? status : "suspended"} if the node then waits`, async () => {
    const { result, store } = await aborted(() => suspend(), { onAbort }, { finishes: true });
    const expected = onAbort === "cancel" ? "cancelled" : "suspended";
    expect(result).toMatchObject({ status: expected });
    const head = await store.getExecution("e1");
    expect(head).toMatchObject({ status: expected });
    expect(head?.waitingCount).toBe(onAbort === "cancel" ? undefined : 1);
  });

  it(`before the run leaves it ${status}, and nothing runs`, async () => {
    const { engine, store, toEnd } = newWorld(WORKFLOW, append);
    const result = await toEnd(engine().executeWorkflow({ ...CALL, onAbort, signal: AbortSignal.abort() }));
    expect(result).toMatchObject({ status, currentStep: 0 });
    expect((await store.getExecution("e1"))?.status).toBe(status);
  });

  it(`in a wait for the next attempt leaves it ${status}`, async () => {
    const fails: NodeExecutor = () => {
      throw new RetryAfterError("429", { retryAfterMs: 60_000 });
    };
    const { engine, store, toEnd, clock } = newWorld(WORKFLOW, fails, { retry: { maxAttempts: 2 } });
    const controller = new AbortController();
    const run = engine().executeWorkflow({ ...CALL, onAbort, signal: controller.signal });
    await settle();
    controller.abort();
    expect(await toEnd(run)).toMatchObject({ status });
    expect(clock.elapsed()).toBe(0);
    expect((await store.getExecution("e1"))?.wakeAt).toBe(onAbort === "cancel" ? undefined : clock.now() + 60_000);
  });
});

describe("an abort", () => {
  it("that hands over is continued by a recovery, and the node that was cut off has not failed", async () => {
    const { engine, attempts, store, toEnd } = await aborted(append, {}, { finishes: false });
    await toEnd(engine().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
    expect(attempts).toEqual(["n1#1", "n1#2", "n2#1"]);
  });

  it("that comes too late changes nothing", async () => {
    const controller = new AbortController();
    const { engine } = newWorld(WORKFLOW, append);
    const call = { ...CALL, signal: controller.signal, onAbort: "cancel" as const };
    const result = await engine().executeWorkflow(call);
    controller.abort();
    expect(result).toMatchObject({ status: "completed" });
  });

  it("whose onAbort is unknown is refused", async () => {
    const { engine, store } = newWorld(WORKFLOW, append);
    const wrong = engine().executeWorkflow({ ...CALL, onAbort: "stop" as never });
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await store.getExecution("e1")).toBeUndefined();
  });
});
