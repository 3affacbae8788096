import { describe, expect, it } from "vitest";
import {
  type CheckpointStore,
  isWorkflowError,
  type NodeExecutor,
  type RetryPolicy,
  WorkflowError,
} from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, type FamilyOptions, newFamily } from "./family-world.ts";
import { settle } from "./turns.ts";

const LEASE_MS = 30_000;

/** A parent whose node tries its child twice, and a child whose second node fails a number of times. */
function retried({ failures, retry, ...others }: FamilyOptions & { failures: number; retry?: RetryPolicy }) {
  const parent = chainOf("parent", "first", "sub", "last");
  const nodes = parent.nodes.map((node) =>
    node.id === "sub" ? { ...node, retry: { maxAttempts: 2, backoffMs: 10_000, ...retry } } : node,
  );
  const tried = { times: 0 };
  const two: NodeExecutor = ({ context }) => {
    tried.times += 1;
    if (tried.times <= failures) throw new Error("503");
    return context;
  };
  const workflows = [{ ...parent, nodes }, chainOf("child", "one", "two")];
  return { tried, ...newFamily({ ...others, workflows, executors: { two }, leaseMs: LEASE_MS, storeRetryMs: 0 }) };
}

type Retried = ReturnType<typeof retried>;

/** Recovers as other processes would, until nothing is left to do. */
async function recovered({ engine, clock, data, toEnd }: Retried) {
  const living = engine();
  if ((await data.getExecution("p1")) === undefined) await living.startExecution(CALL);
  for (let round = 0; round < 6; round++) {
    await toEnd(living.recoverExecutions());
    clock.advance(LEASE_MS);
  }
  return data.getExecution("p1");
}

/** Lets the process of the parent die before or after each commit, and returns the ends of the executions and the tries. */
async function atEachCommit(options: Parameters<typeof retried>[0]) {
  const whole = retried(options);
  let commits = 0;
  const counted = interceptStore(whole.data.reopen(), (method, call) => {
    if (method === "commit") commits += 1;
    return call();
  });
  await whole.toEnd(whole.engine({ store: counted }).executeWorkflow(CALL));
  const ends: [where: string, status: string | undefined, tries: number][] = [];
  for (const call of Array.from({ length: commits }, (_, index) => index + 1)) {
    for (const when of ["before", "after"] as const) {
      const family = retried(options);
      const store = crashAt(family.data.reopen(), { call, when }) as CheckpointStore;
      const died = await family.toEnd(family.engine({ store }).executeWorkflow(CALL)).catch((error: unknown) => error);
      if (isWorkflowError(died) && died.code !== "STORE_UNAVAILABLE") throw died;
      const head = await recovered(family);
      ends.push([`${when} commit ${call}`, head?.status, family.tried.times]);
    }
  }
  return ends;
}

describe.each([1, 4])("a node that tries its child again after a crash (nodeConcurrency: %d)", (nodeConcurrency) => {
  it("resumes the child that has failed before, wherever the process of the parent has died", async () => {
    const ends = await atEachCommit({ failures: 1, nodeConcurrency });
    expect(ends.length).toBeGreaterThan(10);
    // A node of the child that the crash has cut off runs again.
    expect(ends.filter(([, status, tries]) => status !== "completed" || tries > 3)).toEqual([]);
  });

  it("tries a child that always fails no more often than its policy says", async () => {
    const ends = await atEachCommit({ failures: Number.POSITIVE_INFINITY, nodeConcurrency });
    expect(ends.filter(([, status, tries]) => status !== "failed" || tries < 2 || tries > 3)).toEqual([]);
  });

  it("resumes the child when its process was killed during the wait for the attempt", async () => {
    for (const waitedMs of [1_000, 9_999, 60_000]) {
      const family = retried({ failures: 1, nodeConcurrency });
      const { engine, data, clock, tried } = family;
      const own = data.reopen();
      const dying = engine({ store: own });
      void dying.executeWorkflow(CALL).catch(() => undefined);
      while ((await data.getExecution("p1"))?.failure === undefined) await settle();
      await own.close();
      clock.advance(waitedMs);
      expect(await recovered(family)).toMatchObject({ status: "completed" });
      expect(tried.times).toBe(2);
    }
  });

  it("resumes the child if it must not start twice, and the wait for the attempt has ended the run", async () => {
    const family = retried({ failures: 1, nodeConcurrency, retry: { onCrash: "fail" } });
    await family.engine().startExecution(CALL);
    expect(await recovered(family)).toMatchObject({ status: "completed" });
    expect(family.tried.times).toBe(2);
  });

  it("resumes the child after the store stayed away when the attempt looked for it", async () => {
    const family = retried({ failures: 1, nodeConcurrency });
    const { engine, data, clock, toEnd, tried, child } = family;
    await engine().startExecution(CALL);
    await toEnd(engine().recoverExecutions());
    const { id } = await child();
    expect(await data.getExecution("p1")).toMatchObject({ status: "pending", failure: { code: "CHILD_FAILED" } });
    clock.advance(10_000);
    const store = data.reopen();
    const getExecution = store.getExecution.bind(store);
    store.getExecution = async (asked) => {
      if (asked === id) throw new WorkflowError("STORE_UNAVAILABLE", "The server has gone away.");
      return getExecution(asked);
    };
    await toEnd(engine({ store }).resumeWorkflow({ executionId: "p1" }));
    expect(await recovered(family)).toMatchObject({ status: "completed" });
    expect(tried.times).toBe(2);
  });
});
