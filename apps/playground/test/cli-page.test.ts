import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verdict } from "../src/page/verdict.ts";
import { KILLED_ONCE, processesOf, served } from "./served.ts";

let page: Awaited<ReturnType<typeof served>>;
beforeAll(async () => {
  page = await served();
});
afterAll(() => page[Symbol.asyncDispose]());

describe("a run of the page", () => {
  it("runs both executors in processes of their own, and compares their outputs", async () => {
    const id = await page.start();
    const run = await page.until(id, ({ isOver }) => isOver);
    expect(run).toMatchObject({ equal: true, v1: { status: "completed" }, v2: { status: "completed" } });
    expect(run.v2.counters.checkpoints).toBe(run.v2.ran.length);
    expect(run.v1.processes[0]?.pid).not.toBe(run.v2.processes[0]?.pid);
    const outputs = await page.get(`api/run/outputs?id=${id}`);
    expect(outputs).toMatchObject({ operations: [], v1: { order: { id: "A-1042" } }, v2: { order: { id: "A-1042" } } });
  });

  it("is killed by a person; V1 starts over, and another process recovers V2 without being asked", async () => {
    const id = await page.start({ paceMs: 500 });
    await page.until(id, ({ v1, v2 }) => v1.ran.length > 2 && v2.ran.length > 2);
    expect((await page.post("api/run/kill", { id })).status).toBe(200);
    const run = await page.until(id, ({ isOver }) => isOver);
    expect(run.equal).toBe(true);
    expect(processesOf(run)).toEqual(KILLED_ONCE);
    expect(run.v2.log.map(({ text }) => text)).toContainEqual(expect.stringContaining("nobody names one"));
    expect(run.v1.counters.nodesAgain).toBeGreaterThan(0);
    expect(run.v2.counters).toMatchObject({ nodesAgain: 0, effectsTwice: 0 });
    const shown = await page.get(`inspector/api/progress?id=${run.executionId}`);
    expect(shown).toMatchObject({ execution: { status: "completed", id: run.executionId } });
    expect((await page.post("api/run/kill", { id })).status).toBe(409);
  });

  it("fails at a node; V1 does its effect twice, and V2 is resumed", async () => {
    const id = await page.start({ disturbance: { kind: "fail", nodeId: "charge" } });
    const run = await page.until(id, ({ isOver }) => isOver);
    expect(processesOf(run).v2).toEqual([
      ["start", "failed"],
      ["resume", "completed"],
    ]);
    expect(run.v2.counters).toMatchObject({ nodesAgain: 0, effectsTwice: 0 });
    expect(run.v1.counters.nodesAgain).toBeGreaterThan(0);
  });

  it("is the only one at a time, and has its store for itself", async () => {
    const id = await page.start({ paceMs: 200 });
    const second = await page.post("api/runs", {
      ...{ workflow: "bundled:order-fulfilment", store: { name: "memory" }, disturbance: { kind: "none" } },
      ...{ paceMs: 0, input: "{}" },
    });
    expect(second.status).toBe(409);
    expect(await page.get("inspector/api/executions")).toMatchObject({ error: { code: "STORE_UNAVAILABLE" } });
    await page.until(id, ({ isOver }) => isOver);
  });
});

describe("the server of the page", () => {
  it.each([
    ["a foreign Origin", { origin: "http://evil.example" }, 403],
    ["no proof", { "x-waymark-token": "" }, 403],
  ])("refuses an action with %s", async (_, headers, status) => {
    expect((await page.post("api/rollout", {}, headers)).status).toBe(status);
  });

  it.each(["", "api/workflows", "inspector/", "nowhere"])("protects its answer: /%s", async (path) => {
    const { headers } = await fetch(page.url + path);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  it("refuses a foreign Host", async () => {
    const { request } = await import("node:http");
    const status = await new Promise((resolve) => {
      request(`${page.url}api/workflows`, { headers: { host: "evil.example" } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it("refuses a body that is too large", async () => {
    const answer = await page.post("api/workflows", { name: "x", text: "x".repeat(5_000_000) });
    expect(answer.status).toBe(413);
  });

  it.each([
    ["no JSON", "{", "WORKFLOW_INVALID"],
    ["nesting without end", "[".repeat(10_000), "WORKFLOW_INVALID"],
    ["no workflow", "[1]", "WORKFLOW_INVALID"],
  ])("refuses a file with %s, with a code", async (_, text, code) => {
    const answer = await page.post("api/workflows", { name: "x.json", text });
    expect(await answer.json()).toMatchObject({ error: { code } });
  });

  it("takes an n8n export, and says what it leaves out", async () => {
    const { N8N } = await import("./n8n-page-export.ts");
    const answer = await page.post("api/workflows", { name: "crm.json", text: JSON.stringify(N8N) });
    const { items } = (await answer.json()) as { items: { key: string; format: string; notes: string[] }[] };
    expect(items).toMatchObject([{ format: "n8n", notes: [expect.stringContaining("slack")] }]);
    const id = await page.start({ workflow: items[0]?.key, input: "{}" });
    expect(await page.until(id, ({ isOver }) => isOver)).toMatchObject({ equal: true });
    expect(page.problems).toEqual([]);
  });

  it("has the dropped files again after a start, by the same keys, and says of one that is damaged", async () => {
    type Items = { items: { key: string }[] };
    const keysOf = ({ items }: Items) => items.map(({ key }) => key).filter((key) => key.startsWith("own:"));
    const drawing = (id: string) => ({ id, nodes: [{ id: "a" }], edges: [] });
    for (let count = 1; count <= 22; count++) {
      await page.post("api/workflows", { name: `${count}.json`, text: JSON.stringify(drawing(`mine-${count}`)) });
    }
    const before = await page.get<Items>("api/workflows");
    expect(keysOf(before)).toHaveLength(20);
    const files = join(page.folder, "dropped");
    expect(await readdir(files)).toHaveLength(20);
    await page.restart(() => writeFile(join(files, "1.json"), "{"));
    expect(await page.get("api/workflows")).toEqual(before);
    expect(page.problems).toHaveLength(1);
    await page.post("api/workflows", { name: "new.json", text: JSON.stringify(drawing("new")) });
    expect(keysOf(await page.get<Items>("api/workflows"))).toEqual([
      expect.any(String),
      ...keysOf(before).slice(0, 19),
    ]);
  });
});

it("a run that V1 refuses says so in its verdict, and V2 completes it", async () => {
  const id = await page.start({ workflow: "bundled:price-update", store: { name: "memory" } });
  const run = await page.until(id, ({ isOver }) => isOver);
  expect(run.v2.status).toBe("completed");
  expect(verdict(run)).toMatch(
    /not two outputs to compare\. V1: .*which the old executor cannot run.* V2: 0 completed/,
  );
});
