import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnMongo, startOwnPostgres, startOwnRedis } from "../../../tooling/test-servers/index.ts";
import { KILLED_ONCE, processesOf, served } from "./served.ts";

let page: Awaited<ReturnType<typeof served>>;
beforeAll(async () => {
  page = await served();
});
afterAll(() => page[Symbol.asyncDispose]());

const KILLED = { disturbance: { kind: "kill", nodeId: "charge", moment: "during" } };

describe("a run that is killed at a chosen node", () => {
  it.each([
    ["postgres", startOwnPostgres],
    ["redis", startOwnRedis],
    ["mongo", startOwnMongo],
  ])("is recovered from the server of its URL, and shown by the inspector: %s", async (name, start) => {
    const { url, stop } = await start();
    try {
      const id = await page.start({ ...KILLED, store: { name, url } });
      const run = await page.until(id, ({ isOver }) => isOver);
      expect(run).toMatchObject({ equal: true, store: name });
      expect(processesOf(run)).toEqual(KILLED_ONCE);
      expect(run.v2.log.map(({ text }) => text).join("\n")).toMatch(/was killed with SIGKILL at "[^"]+"$/m);
      expect(run.v2.counters.nodesAgain).toBe(0);
      const shown = await page.get(`inspector/api/progress?id=${run.executionId}`);
      expect(shown).toMatchObject({ execution: { status: "completed", id: run.executionId } });
      expect(JSON.stringify(run)).not.toContain(url);
    } finally {
      await stop();
    }
  });

  it("is refused at a node that the workflow does not have", async () => {
    const order = { workflow: "bundled:order-fulfilment", store: { name: "pglite" }, paceMs: 0, input: "{}" };
    const answer = await page.post("api/runs", { ...order, disturbance: { ...KILLED.disturbance, nodeId: "nowhere" } });
    expect(await answer.json()).toMatchObject({ error: { code: "INVALID_ARGUMENT" } });
  });
});

it("a node that the run never comes to is said not to have failed, and none such is proposed", async () => {
  type Offered = { key: string; proposedNode?: string };
  const { items } = await page.get<{ items: Offered[] }>("api/workflows");
  const proposed = items.find(({ key }) => key === "bundled:order-fulfilment")?.proposedNode;
  expect(proposed).toBe("reserve");
  const id = await page.start({ store: { name: "memory" }, disturbance: { kind: "fail", nodeId: "fast-track" } });
  const run = await page.until(id, ({ isOver }) => isOver);
  expect(run.equal).toBe(true);
  for (const { log } of [run.v1, run.v2]) expect(log.at(-1)?.text).toMatch(/never came to .* where it was to fail/);
});

it("a store of a server is refused without its address", async () => {
  const order = { workflow: "bundled:order-fulfilment", disturbance: { kind: "none" }, paceMs: 0, input: "{}" };
  const answer = await page.post("api/runs", { ...order, store: { name: "redis" } });
  expect(await answer.json()).toMatchObject({ error: { code: "INVALID_ARGUMENT" } });
});

it("the memory store has no row for the inspector, and what fails in it is not resumed", async () => {
  const id = await page.start({ store: { name: "memory" }, disturbance: { kind: "fail", nodeId: "charge" } });
  const run = await page.until(id, ({ isOver }) => isOver);
  expect(run.executionId).toBeUndefined();
  expect(run.equal).toBeUndefined();
  expect(processesOf(run).v2).toEqual([["start", "failed"]]);
  expect(run.v1.status).toBe("completed");
});
