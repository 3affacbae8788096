import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  type NodeExecutor,
  patch,
  route,
  suspend,
  type WorkflowContext,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { createRecorder, createRollout, type ShadowOutcome } from "../../src/migration/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { type Executors, LINE, shadowed, V1 } from "./shadowed.ts";

describe("a comparison of V2 with a recorded run", () => {
  it("finds nothing if there is nothing, runs live nodes only, and has no side effect", async () => {
    const ran: string[] = [];
    const noting = Object.fromEntries(
      Object.entries(V1).map(([type, run]): [string, NodeExecutor] => [
        type,
        (args) => {
          ran.push(type);
          return run(args);
        },
      ]),
    );
    const { result, shadow } = await shadowed(noting);
    expect(result).toMatchObject({ success: true, output: { total: 5, sent: true } });
    expect(shadow).toEqual({
      ...{ kind: "shadow", at: expect.any(String), workflowId: "line", userId: "u1" },
      ...{ result: "equal", liveNodes: 1, recordedNodes: 2 },
      ...{ recordingMs: expect.any(Number), durationMs: expect.any(Number) },
    });
    expect(ran).toEqual(["sum"]);
  });

  const sumOf = (change: (total: number) => unknown): Executors => ({
    sum: ({ context }) => patch({ total: change((context.orders as { price: number }[]).length * 2.5) }),
  });

  it.each<[string, Executors, object]>([
    ["another value", sumOf((total) => total + 1), { path: "total", v1: "5", v2: "6" }],
    ["another type", sumOf(String), { path: "total", v1: "5", v2: "'5'" }],
    ["a missing key", { sum: ({ context }) => context }, { path: "total", v1: "5", v2: "undefined" }],
    ["one key too many", { sum: ({ context }) => ({ ...context, total: 5, extra: 1 }) }, { path: "extra", v2: "1" }],
    [
      "a value deep inside",
      { sum: ({ context }) => ({ ...context, total: 5, orders: [{ price: 2 }, { price: 4 }] }) },
      { path: "orders.*.price", v1: "3", v2: "4" },
    ],
    [
      "a change in place that V2 does not keep",
      {
        sum: ({ context }) => {
          (context as Record<string, unknown>).total = 5;
          return patch({});
        },
      },
      { path: "total", v1: "5", v2: "undefined" },
    ],
  ])("finds %s after the node, with path and both values", async (_what, changes, difference) => {
    const { result, shadow } = await shadowed(changes);
    expect(shadow).toMatchObject({
      result: "different",
      difference: { kind: "context", nodeId: "sum", ...difference },
    });
    expect(result.success).toBe(true);
  });

  it("finds a node that fails, or that waits", async () => {
    const failing = await shadowed({ sum: () => Promise.reject(new Error("no total")) });
    expect(failing.shadow.difference).toEqual({ kind: "failure", nodeId: "sum", v2: "no total" });
    const waiting = await shadowed({ sum: () => suspend() });
    expect(waiting.shadow.difference).toMatchObject({ kind: "waits", nodeId: "sum" });
  });

  it("finds nothing if a node fails alike in both, and another message", async () => {
    const fail = (text: string): Executors => ({ sum: () => Promise.reject(new Error(text)) });
    const v1 = { ...V1, ...fail("no total") };
    expect((await shadowed(fail("no total"), { v1 })).shadow.result).toBe("equal");
    expect((await shadowed(fail("no sum"), { v1 })).shadow.difference).toEqual({
      ...{ kind: "failure", nodeId: "sum", v1: "no total", v2: "no sum" },
    });
    expect((await shadowed({}, { v1, compare: {} })).shadow.result).toBe("equal");
  });

  it("finds another node, another type and other data in V2's definition", async () => {
    const [load, sum, send] = LINE.nodes as [WorkflowDefinition["nodes"][0], WorkflowDefinition["nodes"][0], object];
    const other = (nodes: unknown[]) => ({ ...LINE, nodes }) as WorkflowDefinition;
    const found = async (nodes: unknown[], edges = LINE.edges) =>
      (await shadowed({}, { v1Workflow: LINE, workflow: { ...other(nodes), edges } })).shadow.difference;
    expect(await found([{ ...load, data: { table: "carts" } }, sum, send])).toEqual({
      ...{ kind: "definition", nodeId: "load", path: "data.table", v1: "'orders'", v2: "'carts'" },
    });
    expect(await found([load, { ...sum, type: "send" }, send])).toEqual({
      ...{ kind: "definition", nodeId: "sum", path: "type", v1: "sum", v2: "send" },
    });
    expect(await found([load, send], [{ source: "load", target: "send" }])).toEqual({
      ...{ kind: "node", nodeId: "sum", v1: "sum", v2: "send" },
    });
    expect(await found([load, sum], [{ source: "load", target: "sum" }])).toEqual({
      ...{ kind: "node", nodeId: "send", v1: "send" },
    });
    const extra = [...LINE.edges, { source: "send", target: "log" }];
    expect(await found([load, sum, send, { id: "log", type: "send" }], extra)).toEqual({
      ...{ kind: "node", nodeId: "log", v2: "log" },
    });
  });

  it("finds a node that leads past the next one of V1, if V1's results choose no edges", async () => {
    const edges = LINE.edges.map((edge) => ({ ...edge, sourceHandle: "true" }));
    const load: NodeExecutor = ({ context }) => route(V1.load?.({ context } as never) as WorkflowContext, "false");
    const { shadow } = await shadowed({ load }, { workflow: { ...LINE, edges }, compare: { live: ["load"] } });
    expect(shadow.difference).toEqual({ kind: "route", nodeId: "load", v1: "sum" });
  });

  it("finds a context that V2 cannot keep, and a workflow that it cannot run", async () => {
    const v1: Executors = { ...V1, sum: ({ context }) => ({ ...context, format: () => "5" }) };
    expect((await shadowed({}, { v1, compare: {} })).shadow.difference).toMatchObject({
      kind: "failure",
      nodeId: "sum",
    });
    const { shadow } = await shadowed({}, { v1Workflow: LINE, workflow: { ...LINE, nodes: [] } });
    expect(shadow.difference).toMatchObject({ kind: "failure", v2: expect.stringMatching(/no nodes/) });
  });

  it("finds times and random values by itself, and nothing that follows from them", async () => {
    const stamp: NodeExecutor = ({ context }) => ({
      ...context,
      ...{ at: new Date().toISOString(), id: crypto.randomUUID(), seed: Math.random(), ms: Date.now() },
    });
    const after: NodeExecutor = ({ context }) => ({ ...context, copy: `${context.id} ${context.seed}` });
    const v1 = { load: stamp, sum: after, send: after };
    const { shadow } = await shadowed({}, { v1, compare: { live: ["load", "sum"] } });
    expect(shadow).toMatchObject({ result: "equal", liveNodes: 2 });
    expect(shadow.varying).toEqual(expect.arrayContaining(["id", "seed"]));
    expect(shadow.varying).not.toContain("copy");
  });

  it("takes a wrong time and a wrong id for a difference", async () => {
    const at = (ms: number): Executors => ({ load: ({ context }) => ({ ...context, at: Date.now() + ms }) });
    const compare = { live: ["load"] };
    expect((await shadowed(at(3_600_000), { v1: { ...V1, ...at(0) }, compare })).shadow.difference).toMatchObject({
      ...{ kind: "context", nodeId: "load", path: "at" },
    });
    const text: Executors = { load: ({ context }) => ({ ...context, at: new Date().toISOString() }) };
    expect((await shadowed(text, { v1: { ...V1, ...at(0) }, compare })).shadow.difference).toMatchObject({
      path: "at",
    });
    const [right, wrong] = [crypto.randomUUID(), crypto.randomUUID()];
    const id = (value: string): Executors => ({ load: ({ context }) => ({ ...context, customer: value }) });
    expect((await shadowed(id(wrong), { v1: { ...V1, ...id(right) }, compare })).shadow.difference).toMatchObject({
      ...{ path: "customer", v1: `'${right}'`, v2: `'${wrong}'` },
    });
  });

  it("leaves out the places that are named", async () => {
    const one = (n: number): Executors => ({
      sum: ({ context }) => ({ ...context, total: 5, meta: { run: n, x: 1 } }),
    });
    const given = { v1: { ...V1, ...one(1) } };
    const named = await shadowed(one(2), { ...given, compare: { live: ["sum"], ignore: ["meta.run"] } });
    expect(named.shadow).toMatchObject({ result: "equal", recordedNodes: 2 });
    expect((await shadowed(one(2), { ...given })).shadow.difference).toMatchObject({ path: "meta.run" });
  });

  it("does not show what the engine redacts", async () => {
    const card = (number: string): Executors => ({
      sum: ({ context }) => ({ ...context, pay: { Token: number } }),
    });
    const v1 = { ...V1, ...card("4111") };
    const { shadow } = await shadowed(card("4222"), { v1, redact: ["token"] });
    expect(shadow.difference).toMatchObject({ path: "pay.Token", v1: "[redacted]", v2: "[redacted]" });
    const whole = await shadowed({ sum: ({ context }) => context }, { v1, redact: ["token"] });
    expect(whole.shadow.difference).toMatchObject({ path: "pay", v1: "{ Token: '[redacted]' }", v2: "undefined" });
  });

  it("keeps dates, maps and the like apart from their texts", async () => {
    const v1 = {
      ...V1,
      sum: (({ context }) => ({ ...context, at: new Date(5), m: new Map([[1, 2]]) })) as NodeExecutor,
    };
    expect((await shadowed({}, { v1 })).shadow.result).toBe("equal");
    const text: Executors = {
      sum: ({ context }) => ({ ...context, at: new Date(5).toISOString(), m: new Map([[1, 2]]) }),
    };
    expect((await shadowed(text, { v1 })).shadow.difference).toMatchObject({ nodeId: "sum", path: "at" });
  });
});

describe("V1 is unharmed, and the comparison left out,", () => {
  it("if it takes too long", async () => {
    const { result, shadow } = await shadowed(
      {
        sum: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
      { compare: { live: ["sum"], timeoutMs: 20 } },
    );
    expect(result.success).toBe(true);
    expect(shadow).toMatchObject({ result: "skipped", reason: "timeout" });
  });

  it("if more recordings wait than may", async () => {
    const { result, shadow } = await shadowed({}, { compare: { maxPendingBytes: 10 } });
    expect(result.success).toBe(true);
    expect(shadow).toMatchObject({ result: "skipped", reason: "too-many" });
  });

  it("if V1's executors are not wrapped", async () => {
    const outcomes: ShadowOutcome[] = [];
    const { executeWorkflow, settled } = createRollout({
      v1: async () => ({ success: true, output: {} }),
      v2: createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [LINE], executors: V1 }),
      percent: 0,
      shadow: createRecorder(),
      onOutcome: (outcome) => void (outcome.kind === "shadow" && outcomes.push(outcome)),
    });
    await executeWorkflow({ workflowId: "line", userId: "u1" });
    await settled();
    expect(outcomes).toMatchObject([{ result: "skipped", reason: "no-nodes" }]);
  });
});

it("a rollout stops after the mismatches that stopIf allows", async () => {
  const shadow = createRecorder();
  const executors = { ...V1, sum: (({ context }) => ({ ...context, total: 0 })) as NodeExecutor };
  const registry = Object.fromEntries(Object.entries(V1).map(([type, run]) => [type, shadow.wrap(type, run)]));
  const rollout = createRollout({
    v1: createWorkflowExecutor({ workflows: [LINE], executors: registry }).executeWorkflowSync,
    v2: createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [LINE], executors }),
    percent: 0,
    shadow,
    compare: { live: ["sum"] },
    stopIf: { mismatches: 2 },
  });
  for (let i = 0; i < 2; i++) {
    expect(rollout.stopped).toBeUndefined();
    await rollout.executeWorkflow({ workflowId: "line", userId: "u1" });
    await rollout.settled();
  }
  expect(rollout.stopped).toEqual({ limit: "mismatches", value: 2, allowed: 2 });
});
