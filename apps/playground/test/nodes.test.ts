import { isNonRetryableError, type Routed } from "@waymark/core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ifNode } from "../src/nodes/if.ts";
import { createIterate } from "../src/nodes/iterate.ts";
import { merge } from "../src/nodes/merge.ts";
import { switchNode } from "../src/nodes/switch.ts";
import { transform } from "../src/nodes/transform.ts";
import { wait } from "../src/nodes/wait.ts";
import { type ServiceServer, startServiceServer } from "../src/server/service-server.ts";
import { runNode } from "./run-node.ts";

const handlesOf = async (...call: Parameters<typeof runNode>) => {
  return [((await runNode(...call)) as Routed).handles].flat();
};

describe("transform", () => {
  it("writes one value, or several that all see the context before the node", async () => {
    expect(await runNode(transform, { data: { expression: "a + 1", as: "b" }, context: { a: 1 } })).toEqual({
      a: 1,
      b: 2,
    });
    const set = { a: "a + 1", b: "a * 10" };
    expect(await runNode(transform, { data: { set }, context: { a: 1 } })).toEqual({ a: 2, b: 10 });
  });

  it("needs exactly one of expression and set", async () => {
    await expect(runNode(transform, { data: {} })).rejects.toThrow("either");
    await expect(runNode(transform, { data: { expression: "1", set: {} } })).rejects.toThrow("either");
  });
});

describe("if and switch", () => {
  it.each([
    ["total > 250", "true"],
    ["total < 250", "false"],
    ["nothing", "false"],
    ["($x := total; $x = 300)", "true"],
  ])("%s takes %s", async (condition, handle) => {
    expect(await handlesOf(ifNode, { data: { condition }, context: { total: 300 } })).toEqual([handle]);
  });

  it("takes the first case that fits, or else the fallback", async () => {
    const cases = [
      { handle: "high", equals: 3 },
      { handle: "list", equals: ["a"] },
    ];
    const data = { value: "v", cases, fallback: "rest" };
    expect(await handlesOf(switchNode, { data, context: { v: 3 } })).toEqual(["high"]);
    expect(await handlesOf(switchNode, { data, context: { v: ["a"] } })).toEqual(["list"]);
    expect(await handlesOf(switchNode, { data, context: { v: "3" } })).toEqual(["rest"]);
  });

  it("fails if no case fits and there is no fallback", async () => {
    const data = { value: "v", cases: [{ handle: "a", equals: 1 }] };
    const error = await runNode(switchNode, { data, context: { v: 2 } }).catch((thrown: unknown) => thrown);
    expect(isNonRetryableError(error)).toBe(true);
  });
});

describe("merge", () => {
  const context = { b: { y: 2, z: 2 }, a: { x: 1, y: 1 }, l: [1], m: [2, 3] };

  it.each([
    ["first", ["none", "b", "a"], { y: 2, z: 2 }],
    ["first", ["none"], null],
    ["combine", ["a", "none", "b"], { x: 1, y: 2, z: 2 }],
    ["append", ["l", "none", "m"], [1, 2, 3]],
  ])("%s of %j", async (mode, from, expected) => {
    expect(await runNode(merge, { data: { mode, from, as: "r" }, context })).toEqual({ ...context, r: expected });
  });
});

describe("iterate", () => {
  let services: ServiceServer;
  beforeAll(async () => {
    services = await startServiceServer();
  });
  afterAll(() => services.close());
  beforeEach(() => services.reset());
  const iterate = () => createIterate({ baseUrl: services.url });

  it("evaluates the expression for every item, with its index and the context", async () => {
    const data = { items: "items", each: "n * $context.factor + $index", as: "out" };
    const context = { factor: 10, items: [{ n: 1 }, { n: 2 }] };
    expect(await runNode(iterate(), { data, context })).toEqual({ ...context, out: [10, 21] });
  });

  it("treats one value as a list of one, and no value as an empty list", async () => {
    expect(await runNode(iterate(), { data: { items: "one", each: "$" }, context: { one: 5 } })).toMatchObject({
      node: [5],
    });
    expect(await runNode(iterate(), { data: { items: "none", each: "$" } })).toEqual({ node: [] });
  });

  it("keeps the order of 200 requests, 8 at a time, each with its own key", async () => {
    const items = Array.from({ length: 200 }, (_, index) => ({ id: `c${index}` }));
    const request = { method: "POST", url: "/shop/coupons/{{id}}", body: { place: "{{$index}}" } };
    const run = () =>
      runNode(iterate(), { data: { items: "items", request, concurrency: 8, as: "out" }, context: { items } });
    const next = (await run()) as unknown as { out: { id: string }[] };
    const paths = services.ledger.entries.map(({ path }) => path);
    expect(paths.toSorted()).toEqual(items.map(({ id }) => `/shop/coupons/${id}`).toSorted());
    expect(new Set(services.ledger.entries.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(200);
    expect(next.out.map(({ id }) => id.split("_")[0])).toEqual(items.map(({ id }) => id));
    expect(await run()).toEqual(next);
  });

  it("stops at the first failure, and carries out only the rest when it runs again", async () => {
    services.reset([{ path: "/shop/coupons", after: 3, times: 1, delayMs: 0, status: 500 }]);
    const items = ["a", "b", "c", "d", "e"].map((id) => ({ id }));
    const request = { method: "POST", url: "/shop/coupons", body: { id: "{{id}}" } };
    const call = { data: { items: "items", request }, context: { items } };
    await expect(runNode(iterate(), call)).rejects.toThrow(/^Item 3: .*500/);
    await runNode(iterate(), call);
    const count = (outcome: string) => services.ledger.entries.filter((entry) => entry.outcome === outcome).length;
    expect({ applied: count("applied"), replayed: count("replayed"), refused: count("refused") }).toEqual({
      applied: 5,
      replayed: 3,
      refused: 1,
    });
  });
});

describe("wait", () => {
  it("waits, and passes the context on", async () => {
    expect(await runNode(wait, { data: { ms: 1 }, context: { a: 1 } })).toEqual({ a: 1 });
  });

  it("throws the reason of the signal at once", async () => {
    const controller = new AbortController();
    const waiting = runNode(wait, { data: { ms: 3_600_000 }, signal: controller.signal });
    controller.abort(new Error("the run was stopped"));
    await expect(waiting).rejects.toThrow("the run was stopped");
    await expect(runNode(wait, { data: { ms: 3_600_000 }, signal: controller.signal })).rejects.toThrow("stopped");
  });
});
