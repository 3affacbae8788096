import { describe, expect, it } from "vitest";
import { type CheckpointStore, isWorkflowError } from "../../src/index.ts";
import { interceptStore, type StoreMethod } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, type Family, type FamilyOptions, newFamily } from "./family-world.ts";

const RUNS = ["first", "child:one", "child:two", "last"];

/** The number of calls of each method that an undisturbed run makes. */
async function callsOf(options: FamilyOptions, act: Act): Promise<[StoreMethod, number][]> {
  const family = newFamily(options);
  const calls = new Map<StoreMethod, number>();
  const counted = interceptStore(family.data.reopen(), (method, call) => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    return call();
  });
  await act(family, counted);
  return [...calls];
}

type Act = (family: Family, store: CheckpointStore) => Promise<unknown>;

/** Lets a process die at each call of its store, before and after it. */
async function atEachCall(options: FamilyOptions, act: Act, check: (family: Family, where: string) => Promise<void>) {
  let points = 0;
  for (const [method, count] of await callsOf(options, act)) {
    for (const call of Array.from({ length: count }, (_, index) => index + 1)) {
      for (const when of ["before", "after"] as const) {
        const family = newFamily(options);
        const point = { method, call, when };
        const error = await act(family, crashAt(family.data.reopen(), point) as CheckpointStore).catch(
          (e: unknown) => e,
        );
        if (isWorkflowError(error) && error.code !== "STORE_UNAVAILABLE") throw error;
        await check(family, JSON.stringify(point));
        points += 1;
      }
    }
  }
  return points;
}

describe.each([1, 4])("a process that dies at any call of its store (nodeConcurrency: %d)", (nodeConcurrency) => {
  it.each([0, 30_000])("leaves a parent and a child that others complete (leases of %d ms)", async (leaseMs) => {
    const options = { nodeConcurrency, leaseMs, storeRetryMs: 0 };
    const points = await atEachCall(
      options,
      ({ engine, toEnd }, store) => toEnd(engine({ store }).executeWorkflow(CALL)),
      async (family, where) => {
        const { engine, data, runs, toEnd, children } = family;
        const living = engine();
        if ((await data.getExecution("p1")) === undefined) await living.startExecution(CALL);
        for (let round = 0; round < 4; round++) {
          // Without leases, two claims of one child would interrupt each other.
          await toEnd(living.recoverExecutions({ concurrency: leaseMs === 0 ? 1 : 8 }));
          family.clock.advance(leaseMs);
        }
        const head = await data.getExecution("p1");
        expect([where, head?.status, head?.failure]).toEqual([where, "completed", undefined]);
        const state = await living.getExecutionState("p1");
        expect(state.getContext()).toEqual({ first: true, one: true, two: true, last: true });
        expect((await children()).map(({ status }) => [where, status])).toEqual([[where, "completed"]]);
        for (const node of RUNS) {
          const times = runs.filter((each) => each === node).length;
          expect([where, node, times >= 1 && times <= 2]).toEqual([where, node, true]);
        }
        expect(runs.length).toBeLessThanOrEqual(RUNS.length + 1);
      },
    );
    expect(points).toBeGreaterThan(15);
  });
});

describe("a process that dies while it answers a question of a child", () => {
  const options: FamilyOptions = {
    workflows: [chainOf("parent", "first", "sub", "last"), chainOf("child", "ask", "two")],
    leaseMs: 0,
    storeRetryMs: 0,
  };
  const suspended = async ({ engine }: Family) => {
    const { waiting } = await engine().executeWorkflow(CALL);
    return waiting?.[0]?.waitToken as string;
  };

  it.each<[string, (family: Family, store: CheckpointStore, token: string) => Promise<unknown>]>([
    ["by the parent", ({ engine }, store) => engine({ store }).resumeWorkflow({ executionId: "p1", data: "yes" })],
    ["by the token", ({ engine }, store, token) => engine({ store }).answerWait({ waitToken: token, data: "yes" })],
  ])("%s loses no answer that was acknowledged", async (_how, answer) => {
    const act: Act = async (family, store) => {
      const token = await suspended(family);
      return family.toEnd(answer(family, store, token));
    };
    await atEachCall(options, act, async (family, where) => {
      const { engine, data, toEnd } = family;
      const living = engine();
      for (let round = 0; round < 4; round++) await toEnd(living.recoverExecutions());
      const open = await data.getExecution("p1");
      if (open?.status === "suspended") {
        await toEnd(living.resumeWorkflow({ executionId: "p1", data: "yes" }));
        for (let round = 0; round < 4; round++) await toEnd(living.recoverExecutions());
      }
      const head = await data.getExecution("p1");
      expect([where, head?.status]).toEqual([where, "completed"]);
      expect((await living.getExecutionState("p1")).getContext()).toMatchObject({
        answer: "yes",
        two: true,
        last: true,
      });
    });
  });
});
