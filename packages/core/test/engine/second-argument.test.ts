import { describe, expect, it } from "vitest";
import { append, chain } from "./chain.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(1);
const CALL = callOf(WORKFLOW);

const MEMBERS = (
  "executeWorkflow executeWorkflowV2 executeWorkflowSync resumeWorkflow startExecution answerWait recoverExecutions " +
  "recoverExecution startRecovery inspectExecution listExecutions cancelExecution forkExecution deleteExecution " +
  "pruneExecutions pruneDefinitions drain"
).split(" ");

type Member = (...given: unknown[]) => unknown;

/** A member as a caller without types sees it. */
function memberOf(engine: object, name: string): Member {
  return (engine as Record<string, Member>)[name] as Member;
}

const newEngine = () => newWorld(WORKFLOW, append).engine();

const REFUSAL = { code: "INVALID_ARGUMENT", message: expect.stringContaining("was given a second one") };

describe("a second object", () => {
  it.each(MEMBERS)("is refused by %s", async (name) => {
    const call = async () => memberOf(newEngine(), name)({ executionId: "e1" }, { userId: "u1" });
    await expect(call()).rejects.toMatchObject(REFUSAL);
  });

  it.each(["watchExecution", "executions"])("is refused by %s, when it is read", async (name) => {
    const list = memberOf(newEngine(), name)({ executionId: "e1" }, { userId: "u1" }) as AsyncIterable<unknown>;
    await expect(list[Symbol.asyncIterator]().next()).rejects.toMatchObject(REFUSAL);
  });

  it("deletes nothing: a guard in it would not count", async () => {
    const { engine, store, toEnd } = newWorld(WORKFLOW, append);
    await toEnd(engine().executeWorkflow(CALL));
    for (const members of [engine(), engine().forUser("u1")]) {
      const call = async () => memberOf(members, "deleteExecution")({ executionId: "e1" }, { userId: "another" });
      await expect(call()).rejects.toMatchObject(REFUSAL);
    }
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
  });
});

it("what Array.prototype.map hands on behind an item is ignored", async () => {
  const { engine, toEnd } = newWorld(WORKFLOW, append);
  const calls = ["a", "b"].map((executionId) => ({ ...CALL, executionId }));
  const results = await toEnd(Promise.all(calls.map(engine().executeWorkflow)));
  expect(results.map(({ status }) => status)).toEqual(["completed", "completed"]);
});
