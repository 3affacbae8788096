import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { definitionJson, hashDefinition } from "../../src/definition/hash.ts";
import { createWorkflowEngine, defineWorkflow, isWorkflowError, type WorkflowDefinition } from "../../src/index.ts";

/** Runs a definition with executors for all its types, and returns the data that its nodes got. */
async function run(definition: unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: () => definition as WorkflowDefinition,
    executors: () => (args) => {
      seen.push(args.data);
      return args.context;
    },
  });
  expect(await engine.executeWorkflow({ workflowId: "w", userId: "u" })).toMatchObject({ status: "completed" });
  return seen;
}

const withData = (data: unknown) => ({ id: "w", nodes: [{ id: "a", data }], edges: [] });
const withInput = (input: unknown) => ({ id: "w", nodes: [{ id: "a" }], edges: [], input });
const throwing = (key: string, value: object = {}) =>
  Object.defineProperty(value, key, {
    enumerable: true,
    get() {
      throw new Error("gotcha");
    },
  });

function nested(levels: number): object {
  let data: Record<string, unknown> = {};
  for (let level = 1; level < levels; level++) data = { inner: data };
  return data;
}

function cyclic(): object {
  const data: Record<string, unknown> = { list: [1] };
  (data.list as unknown[]).push(data);
  return data;
}

describe("a definition with getters, proxies or odd data", () => {
  it.each<[string, unknown]>([
    ["that throws for its id", throwing("id", { nodes: [], edges: [] })],
    ["that throws for its nodes", throwing("nodes", { id: "w", edges: [] })],
    ["that throws for a node's type", { id: "w", nodes: [throwing("type", { id: "a" })], edges: [] }],
    ["that throws for a node's data", { id: "w", nodes: [throwing("data", { id: "a" })], edges: [] }],
    ["that throws for a retry policy", { id: "w", nodes: [{ id: "a", retry: throwing("maxAttempts") }], edges: [] }],
    ["that throws for an edge", { id: "w", nodes: [{ id: "a" }], edges: [throwing("source")] }],
    ["that throws for its input", throwing("input", { id: "w", nodes: [{ id: "a" }], edges: [] })],
    ["whose input is a JSON Schema", withInput({ type: "object" })],
    ["whose input is null", withInput(null)],
    ["whose input is a schema without a function", withInput({ "~standard": { version: 1 } })],
    ["whose input throws when it is read", withInput(throwing("~standard"))],
    [
      "that throws for every property",
      new Proxy({}, { get: (_, key) => (key === "then" ? undefined : expect.unreachable()) }),
    ],
    ["that throws inside its data", withData({ deep: [throwing("x")] })],
    ["with data that contains itself", withData(cyclic())],
    ["with data nested 1,001 levels deep", withData(nested(1_001))],
    ["with data nested 3,000 levels deep", withData(nested(3_000))],
    ["with data nested 100,000 levels deep", withData(nested(100_000))],
    ["with a bigint in its data", withData({ n: 1n })],
    ["with a function in its data", withData({ run: () => 1 })],
    ["with a symbol in a list in its data", withData({ list: [Symbol("x")] })],
    [
      "with a hidden toJSON in its data",
      withData(Object.defineProperty({ x: 1 }, "toJSON", { value: () => ({ x: 2 }) })),
    ],
    ["with an own toJSON in its data", withData({ x: { toJSON: () => 2 } })],
    ["with data whose toJSON throws", withData({ at: Object.create({ toJSON: () => expect.unreachable() }) })],
  ])("%s is refused with a code", async (_what, definition) => {
    const error: unknown = await run(definition).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "WORKFLOW_INVALID" });
    expect(String(error).length).toBeLessThan(500);
  });

  it("is refused by defineWorkflow if its input is not a schema", () => {
    for (const input of [{ type: "object" }, null, "text"]) {
      expect(() => defineWorkflow(withInput(input) as never)).toThrow(
        expect.objectContaining({ code: "WORKFLOW_INVALID", message: expect.stringContaining("Standard Schema") }),
      );
    }
  });

  it("is read once, so the values that were checked are those that run", async () => {
    let reads = 0;
    const definition = { id: "w", edges: [], nodes: [{ id: "a", data: { kept: 1 } }] };
    Object.defineProperty(definition.nodes[0], "data", { enumerable: true, get: () => ({ reads: ++reads }) });
    expect(await run(definition)).toEqual([{ reads: 1 }]);
    let inner = 0;
    const data = Object.defineProperty({}, "n", { enumerable: true, get: () => ++inner });
    expect(await run(withData(data))).toEqual([{ n: 1 }]);
  });

  it("has its data written as JSON.stringify writes it", async () => {
    const data = {
      at: new Date(0),
      url: new URL("http://x/"),
      none: undefined,
      list: [undefined, Number.NaN, -0],
      boxed: [Object("s"), Object(1), Object(false)],
      bytes: Buffer.from("a"),
      deep: nested(998),
      10: "ten",
      b: 1,
    };
    const [seen] = await run(withData(data));
    expect(seen).toEqual(JSON.parse(JSON.stringify(data)));
    expect(JSON.stringify(seen)).toBe(JSON.stringify(data));
  });

  it("has its data written as JSON even if a library has added toJSON to the built-in prototypes", () => {
    const prototypes = [Object.prototype, Array.prototype] as unknown as { toJSON?: () => unknown }[];
    const definition: WorkflowDefinition = { id: "w", nodes: [{ id: "a", data: { list: [{ x: 1 }] } }], edges: [] };
    const expected = [definitionJson(definition), hashDefinition(definitionJson(definition))];
    try {
      for (const prototype of prototypes) {
        Object.defineProperty(prototype, "toJSON", { value: () => "gotcha", configurable: true });
        expect([definitionJson(definition), hashDefinition(definitionJson(definition))]).toEqual(expected);
      }
    } finally {
      for (const prototype of prototypes) delete prototype.toJSON;
    }
  });

  it("is accepted or refused with a code for any random value", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true }),
          fc.record({ id: fc.constant("w"), nodes: fc.anything(), edges: fc.anything() }),
          fc.record({
            id: fc.constant("w"),
            nodes: fc.array(fc.record({ id: fc.string(), data: fc.anything({ withBigInt: true, maxDepth: 4 }) })),
            edges: fc.array(fc.anything()),
          }),
        ),
        async (definition) => {
          const error: unknown = await run(definition).catch((thrown: unknown) => thrown);
          expect(Array.isArray(error) || isWorkflowError(error)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a refused definition", () => {
  const refusalOf = (definition: object): string => {
    try {
      defineWorkflow(definition as WorkflowDefinition & { id: "w" });
    } catch (error) {
      if (isWorkflowError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "accepted";
  };
  const long = "x".repeat(5_000_000);
  const ids = Array.from({ length: 100_000 }, (_, index) => ({ id: `n${index}` }));

  it.each<[string, string, object]>([
    [
      "of 50,000 malformed nodes",
      "WORKFLOW_INVALID",
      { id: "w", nodes: ids.slice(0, 50_000).map(() => ({})), edges: [] },
    ],
    ["of 20,000 bad nodes", "WORKFLOW_INVALID", { id: "w", nodes: ids.slice(0, 20_000).map(() => 1), edges: [] }],
    ["of a sparse list", "WORKFLOW_INVALID", { id: "w", nodes: new Array(4_000_000_000), edges: [] }],
    ["of a long id", "WORKFLOW_INVALID", { id: long, nodes: [{ id: "a" }], edges: [] }],
    ["of a long node id", "WORKFLOW_INVALID", { id: "w", nodes: [{ id: long }], edges: [] }],
    ["of a long edge", "UNKNOWN_EDGE_NODE", { id: "w", nodes: [{ id: "a" }], edges: [{ source: long, target: long }] }],
    ["of a long unknown field", "WORKFLOW_INVALID", { id: "w", nodes: [{ id: "a\0", [long]: 1 }], edges: [] }],
    ["of no nodes and a raw id", "WORKFLOW_EMPTY", { id: "\u001b[31mred\n", nodes: [], edges: [] }],
    ["of raw ids twice", "DUPLICATE_NODE_ID", { id: "w", nodes: [{ id: "\n\u0007" }, { id: "\n\u0007" }], edges: [] }],
  ])("%s has a bounded message without control characters", (_what, code, definition) => {
    const refusal = refusalOf(definition);
    expect(refusal).toContain(code);
    expect(refusal.length).toBeLessThan(1_500);
    expect(refusal).not.toMatch(/\p{Cc}/u);
  });

  it("is refused for an id or name that is too long in bytes, although not in characters", () => {
    const node = (id: string) => ({ id: "w", nodes: [{ id }], edges: [] });
    expect(refusalOf(node("x".repeat(512)))).toBe("accepted");
    expect(refusalOf(node("ä".repeat(256)))).toBe("accepted");
    expect(refusalOf(node("ä".repeat(257)))).toContain("512 bytes");
    expect(refusalOf({ ...node("a"), id: "€".repeat(171) })).toContain("512 bytes");
    expect(refusalOf({ id: "w", nodes: [{ id: "a", type: "😀".repeat(129) }], edges: [] })).toContain("512 bytes");
    const named = (name: string) => ({ id: "w", nodes: [{ id: "a", name }], edges: [] });
    expect(refusalOf(named("€".repeat(1_365)))).toBe("accepted");
    expect(refusalOf(named("€".repeat(1_366)))).toContain("4096 bytes");
  });
});
