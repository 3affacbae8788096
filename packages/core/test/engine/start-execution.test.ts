import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineWorkflow, type NodeExecutor } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);
const fails: NodeExecutor = () => {
  throw new Error("boom");
};

describe("startExecution", () => {
  it("creates a pending execution that is due at once and has no owner, and runs nothing", async () => {
    let calls = 0;
    const { engine, store, clock, toEnd } = newWorld(WORKFLOW, (args) => {
      calls += 1;
      return append(args);
    });
    const { startExecution, recoverExecutions, getExecutionState } = engine();
    const metadata = { traceparent: "00-1-2-03", tag: "ü" };
    expect(await startExecution({ ...CALL, initialData: { at: new Date(7) }, metadata })).toEqual({
      executionId: "e1",
      created: true,
    });
    const head = await store.getExecution("e1");
    expect(head).toMatchObject({ status: "pending", wakeAt: clock.now(), version: 0, metadata, totalSteps: 2 });
    expect([head?.owner, head?.leaseUntil]).toEqual([undefined, undefined]);
    await settle();
    expect(calls).toBe(0);
    await toEnd(recoverExecutions());
    const state = await getExecutionState("e1");
    expect(state.getContext()).toEqual({ at: new Date(7), ran: ["n1", "n2"] });
    expect(state.getMetadata()).toEqual(metadata);
  });

  it("makes up an id of its own, another one each time", async () => {
    const { engine } = newWorld(WORKFLOW, append);
    const { startExecution } = engine();
    const ids = await Promise.all([1, 2].map(() => startExecution({ workflowId: "chain", userId: "u1" })));
    expect(new Set(ids.map(({ executionId }) => executionId)).size).toBe(2);
    expect(ids.every(({ created }) => created)).toBe(true);
  });

  it.each<[string, object, string]>([
    ["an unknown workflow", { workflowId: "none" }, "WORKFLOW_NOT_FOUND"],
    ["no user", { userId: "" }, "INVALID_ARGUMENT"],
    ["data that cannot be kept", { initialData: { f: () => 1 } }, "STATE_NOT_SERIALIZABLE"],
    ["limits of a run", { budgetMs: 5 }, "INVALID_ARGUMENT"],
    ["an option it does not know", { ifExist: "join" }, "INVALID_ARGUMENT"],
    ["metadata that is no text", { metadata: { n: 1 } }, "INVALID_ARGUMENT"],
    ["metadata of more than 4 KB", { metadata: { x: "x".repeat(4_096) } }, "INVALID_ARGUMENT"],
    ["a store that is none", { store: {} }, "INVALID_ARGUMENT"],
  ])("refuses %s, and creates nothing", async (_what, wrong, code) => {
    const { engine, store } = newWorld(WORKFLOW, append);
    await expect(engine().startExecution({ ...CALL, ...wrong } as never)).rejects.toMatchObject({ code });
    expect((await store.listExecutions()).items).toEqual([]);
  });

  it("checks the input of a workflow, and keeps what the schema makes of it", async () => {
    const workflow = defineWorkflow({ ...chain(1), input: z.object({ n: z.coerce.number() }) });
    const { engine, store } = newWorld(workflow, append);
    const { startExecution, getExecutionState } = engine();
    const refused = startExecution({ ...CALL, initialData: { n: "x" } });
    await expect(refused).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/: n: expected number, received NaN\.$/),
    });
    expect(await store.getExecution("e1")).toBeUndefined();
    await startExecution({ ...CALL, initialData: { n: "5" } });
    expect((await getExecutionState("e1")).getContext()).toEqual({ n: 5 });
  });

  it("writes through the store that it is given, and only there", async () => {
    const { engine, store } = newWorld(WORKFLOW, append);
    const { store: other } = newWorld(WORKFLOW, append);
    const methods: string[] = [];
    const view = interceptStore(other, (method, call) => {
      methods.push(method);
      return call();
    });
    expect(await engine().startExecution({ ...CALL, store: view })).toEqual({ executionId: "e1", created: true });
    expect(await store.getExecution("e1")).toBeUndefined();
    expect((await other.getExecution("e1"))?.status).toBe("pending");
    expect(methods).toEqual(["saveDefinition", "createExecution"]);
  });
});

describe("startExecution of an id that is there already", () => {
  it.each([undefined, "fail"] as const)("is refused with ifExists %s, whatever its status", async (ifExists) => {
    const { engine, store } = newWorld(WORKFLOW, append);
    const { startExecution } = engine();
    await startExecution(CALL);
    const before = await headIn(store, "e1");
    const call = { ...CALL, ...(ifExists === undefined ? {} : { ifExists }) };
    await expect(startExecution(call)).rejects.toMatchObject({ code: "EXECUTION_ALREADY_EXISTS", executionId: "e1" });
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it.each(["join", "resume"] as const)(
    "of another workflow or user is refused with ifExists %s too",
    async (ifExists) => {
      const { engine } = newWorld(WORKFLOW, append, { workflows: [WORKFLOW, { ...WORKFLOW, id: "other" }] });
      const { startExecution, forUser } = engine();
      await startExecution(CALL);
      const refused = { code: "EXECUTION_ALREADY_EXISTS" };
      await expect(startExecution({ ...CALL, userId: "u2", ifExists })).rejects.toMatchObject(refused);
      await expect(startExecution({ ...CALL, workflowId: "other", ifExists })).rejects.toMatchObject(refused);
      const { userId: _userId, ...call } = CALL;
      await expect(forUser("u2").startExecution({ ...call, ifExists } as never)).rejects.toMatchObject(refused);
    },
  );

  it("with join changes nothing; with resume makes one that has failed due, and no other", async () => {
    for (const ifExists of ["join", "resume"] as const) {
      const { engine, store, clock } = newWorld(WORKFLOW, fails);
      const { startExecution, executeWorkflow } = engine();
      await executeWorkflow(CALL);
      const before = await headIn(store, "e1");
      expect(await startExecution({ ...CALL, ifExists, initialData: { not: "compared" } })).toEqual({
        executionId: "e1",
        created: false,
      });
      const after = await headIn(store, "e1");
      if (ifExists === "join") expect(after).toEqual(before);
      else expect(after).toMatchObject({ status: "pending", wakeAt: clock.now() });
      await startExecution({ ...CALL, ifExists });
      expect((await headIn(store, "e1"))?.version).toBe(after?.version);
    }
  });

  it("with resume, while somebody else resumes it, is content with that", async () => {
    let calls = 0;
    const { engine, store, toEnd } = newWorld(WORKFLOW, (args) => {
      calls += 1;
      if (calls === 1) throw new Error("boom");
      return calls === 2 ? new Promise<never>(() => undefined) : append(args);
    });
    await engine().executeWorkflow(CALL);
    const other = engine();
    const late = interceptStore(store.reopen(), async (method, call) => {
      if (method === "claimExecution") {
        other.resumeWorkflow({ executionId: "e1" }).catch(() => undefined);
        await until(() => calls === 2);
      }
      return call();
    });
    const started = engine({ store: late }).startExecution({ ...CALL, ifExists: "resume" });
    expect(await toEnd(started)).toEqual({ executionId: "e1", created: false });
  });

  it("by ten calls at once is created once", async () => {
    const { engine } = newWorld(WORKFLOW, append);
    const engines = Array.from({ length: 10 }, () => engine());
    const started = await Promise.all(
      engines.map(({ startExecution }) => startExecution({ ...CALL, ifExists: "join" })),
    );
    expect(started.filter(({ created }) => created)).toHaveLength(1);
  });
});
