import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { headIn } from "../head-in.ts";
import { until } from "./turns.ts";
import { branches, callOf, newWorld } from "./world.ts";

/** Each node but the last asks, with its token noted as a mail would have it. */
function setUp(...ids: string[]) {
  const mails: string[] = [];
  const asks: NodeExecutor = ({ node, resume, waitToken }) => {
    if (node.id === "end") return patch({});
    if (resume !== undefined) return patch({ [node.id]: resume.data });
    mails.push(waitToken);
    return suspend();
  };
  return { ...newWorld(branches(...ids), asks), mails };
}

describe("answers that come at the same time as something else", () => {
  const slowly = (store: Parameters<typeof interceptStore>[0]) =>
    interceptStore(store, async (_method, call) => {
      await new Promise((resolve) => setImmediate(resolve));
      const result = await call();
      await new Promise((resolve) => setImmediate(resolve));
      return result;
    });

  it("as others, of the same engine, are all kept", async () => {
    const ids = ["a", "b", "c", "d"];
    const { engine, mails, store, toEnd } = setUp(...ids);
    const { executeWorkflow, answerWait, recoverExecutions } = engine({ store: slowly(store) });
    await executeWorkflow(callOf(branches()));
    await Promise.all(mails.map((waitToken) => answerWait({ waitToken, data: { ok: true } })));
    await toEnd(recoverExecutions());
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  it("as a recovery of the same engine are kept, or refused because the node has completed", async () => {
    const { engine, mails, store, pass } = setUp("a");
    const { executeWorkflow, answerWait, startRecovery } = engine({ store: slowly(store) });
    await executeWorkflow(callOf(branches()));
    const recovery = startRecovery();
    const clicks: string[] = [];
    for (let click = 0; click < 40; click++) {
      const answered = answerWait({ waitToken: mails[0] as string, data: { ok: click } });
      clicks.push(
        await answered.then(
          () => "kept",
          ({ code }) => code,
        ),
      );
    }
    await pass(1);
    await recovery.stop();
    expect(clicks[0]).toBe("kept");
    expect(clicks.at(-1)).toBe("NOT_WAITING");
    expect(new Set(clicks)).toEqual(new Set(["kept", "NOT_WAITING"]));
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  it("as a run of another process are refused with LEASE_HELD, and nothing of them is kept", async () => {
    const { engine, store, tokens, run, finish, toEnd } = await slowBranch();
    const before = await headIn(store, "e1");
    const answer = { waitToken: tokens[0] as string, data: "yes" };
    await expect(engine().answerWait(answer)).rejects.toMatchObject({ code: "LEASE_HELD" });
    expect(await headIn(store, "e1")).toEqual(before);
    finish();
    expect(await toEnd(run)).toMatchObject({ status: "suspended" });
  });

  it("as a run of another process that has the same answer already are content with that", async () => {
    const { engine, first, store, tokens, run, finish, toEnd } = await slowBranch();
    const answer = { waitToken: tokens[0] as string, data: { yes: new Date(7) } };
    await first.answerWait(answer);
    const before = await headIn(store, "e1");
    await engine().answerWait({ ...answer, data: { yes: new Date(7) } });
    expect(await headIn(store, "e1")).toEqual(before);
    await expect(engine().answerWait({ ...answer, data: "no" })).rejects.toMatchObject({ code: "LEASE_HELD" });
    finish();
    expect(await toEnd(run)).toMatchObject({ status: "completed" });
  });

  it.each([
    ["the same", () => "yes"],
    ["another one", (click: number) => `answer ${click}`],
  ])("ten times to an execution that has crashed, each time %s, do not count as crashes", async (_what, answer) => {
    const { engine, store, tokens, toEnd } = await slowBranch({ leaseMs: 0 });
    for (let click = 0; click < 10; click++) {
      await engine().answerWait({ waitToken: tokens[0] as string, data: answer(click) });
    }
    expect(await store.getExecution("e1")).toMatchObject({ status: "running", recoveries: 0 });
    await toEnd(engine().recoverExecutions());
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  it("as a run of the same engine that was taken over, without knowing it, are for the new owner", async () => {
    const { engine, first, store, tokens, toEnd } = await slowBranch({ leaseMs: 0 });
    expect(await toEnd(engine().resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "suspended" });
    await first.answerWait({ waitToken: tokens[0] as string, data: "yes" });
    expect((await store.getExecution("e1"))?.status).toBe("pending");
    await toEnd(engine().recoverExecutions());
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  /** An execution of which node `ask` waits, while node `slow` works. */
  async function slowBranch(options: { leaseMs?: number } = {}) {
    const tokens: string[] = [];
    let finish: (() => void) | undefined;
    let starts = 0;
    const executor: NodeExecutor = async ({ node, resume, waitToken }) => {
      if (node.id === "ask" && resume === undefined) {
        tokens.push(waitToken);
        return suspend();
      }
      if (node.id === "slow" && ++starts === 1) {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return patch({ [node.id]: true });
    };
    const workflow = branches("ask", "slow");
    const world = newWorld(workflow, executor);
    const first = world.engine(options);
    const run = first.executeWorkflow(callOf(workflow));
    await until(() => finish !== undefined);
    return { ...world, first, run, tokens, finish: () => finish?.() };
  }
});
