import { describe, expect, it } from "vitest";
import { type CheckpointStore, type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { interceptStore, type StoreMethod } from "../../src/store/intercept-store.ts";
import { chain } from "./chain.ts";
import { until } from "./turns.ts";
import { branches, callOf, newWorld } from "./world.ts";

/** A handle before whose first call of a method something else happens to the data. */
function overtaken(store: CheckpointStore, at: StoreMethod, what: () => Promise<unknown>): CheckpointStore {
  let isBefore = true;
  return interceptStore(store, async (method, call) => {
    if (method === at && isBefore) {
      isBefore = false;
      await what();
    }
    return call();
  });
}

describe("a call that takes over a crashed execution, which another process has ended as failed just before its claim", () => {
  const WORKFLOW = chain(1);

  /** A node that hangs in its first process, whose lease lapses, and fails in the next. */
  async function crashed() {
    let starts = 0;
    const executor: NodeExecutor = () => {
      starts += 1;
      if (starts > 1) throw new Error("boom");
      return new Promise(() => undefined);
    };
    const world = newWorld(WORKFLOW, executor, { leaseMs: 1_000 });
    void world.engine().executeWorkflow(callOf(WORKFLOW));
    await until(() => starts === 1);
    const head = await world.store.getExecution("e1");
    const { token = 0, version = 0 } = head ?? {};
    await world.store.commit("e1", { commitId: "lapsed", token, version, leaseMs: 0 });
    const second = world.engine({
      store: overtaken(world.store.reopen(), "claimExecution", () => world.engine().recoverExecutions()),
    });
    return { ...world, second, starts: () => starts };
  }

  it("recoverExecutions leaves it failed, and starts no node", async () => {
    const { second, store, starts } = await crashed();
    expect(await second.recoverExecutions()).toEqual({ resumed: 0, left: [] });
    expect(await store.getExecution("e1")).toMatchObject({ status: "failed", failure: { message: "boom" } });
    expect(starts()).toBe(2);
  });

  it('executeWorkflow with ifExists "join" returns the failure, and starts no node', async () => {
    const { second, starts, toEnd } = await crashed();
    const joined = second.executeWorkflow({ ...callOf(WORKFLOW), ifExists: "join" });
    expect(await toEnd(joined)).toMatchObject({ status: "failed", error: "boom" });
    expect(starts()).toBe(2);
  });

  it('executeWorkflow with ifExists "resume" resumes it', async () => {
    const { second, starts } = await crashed();
    const resumed = await second.executeWorkflow({ ...callOf(WORKFLOW), ifExists: "resume" });
    expect(resumed).toMatchObject({ status: "failed", error: "boom" });
    expect(starts()).toBe(3);
  });
});

describe("answerWait, overtaken by another process", () => {
  const WORKFLOW = branches("ask", "slow");
  const OTHER = { claimId: "claim", owner: "other", leaseMs: 60_000, force: true };

  /** An execution that is suspended at node `ask`; or whose node `slow` still runs, if that hangs. */
  async function asked({ hangs = false } = {}) {
    let [token, isSlow] = ["", false];
    const executor: NodeExecutor = ({ node, resume, waitToken }) => {
      if (node.id === "slow") isSlow = true;
      if (node.id === "slow" && hangs) return new Promise(() => undefined);
      if (node.id !== "ask" || resume !== undefined) return patch({ [node.id]: resume?.data });
      token = waitToken;
      return suspend();
    };
    const world = newWorld(WORKFLOW, executor);
    const first = world.engine();
    const run = first.executeWorkflow(callOf(WORKFLOW));
    await (hangs ? until(() => isSlow) : run);
    const takeOver = () => world.store.claimExecution("e1", { ...OTHER, from: ["running"] });
    return { ...world, first, run, takeOver, answer: { waitToken: token, data: "late" } };
  }

  it("is NOT_WAITING if the execution has ended before its claim", async () => {
    const { engine, store, answer } = await asked();
    const end = () => engine().resumeWorkflow({ executionId: "e1", data: "early" });
    const late = engine({ store: overtaken(store.reopen(), "claimExecution", end) });
    await expect(late.answerWait(answer)).rejects.toMatchObject({ code: "NOT_WAITING" });
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
  });

  it("is LEASE_HELD if another owner claims before its commit, and keeps nothing", async () => {
    const { engine, store, answer, takeOver } = await asked();
    const { seq } = (await store.getExecution("e1")) ?? {};
    const late = engine({ store: overtaken(store.reopen(), "commit", takeOver) });
    await expect(late.answerWait(answer)).rejects.toMatchObject({ code: "LEASE_HELD" });
    expect(await store.getExecution("e1")).toMatchObject({ status: "running", owner: "other", seq });
  });

  it("is LEASE_HELD if the run of its own engine has lost the execution", async () => {
    const { first, run, answer, takeOver, toEnd } = await asked({ hangs: true });
    await takeOver();
    await expect(first.answerWait(answer)).rejects.toMatchObject({ code: "LEASE_HELD" });
    expect(await toEnd(run)).toMatchObject({ status: "lost" });
  });
});
