import { createWorkflowEngine, patch } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { createInspector } from "../src/index.ts";
import { browserOf } from "./requests.ts";

const numbers = Array.from({ length: 200 }, (_, n) => n);
const wide = Object.fromEntries(numbers.map((n) => [`w${n}`, n]));
const LARGE = {
  map: new Map(numbers.map((n) => [`k${n}`, n])),
  set: new Set(numbers),
  digits: 10n ** 3_000n,
  wide: { $type: "mine", ...wide },
};

/** An engine whose first node returns a context, and whose second one changes it. */
async function setUp(first: Record<string, unknown>, second: Record<string, unknown> = {}, redact: string[] = []) {
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [{ id: "w", nodes: [{ id: "a" }, { id: "b" }], edges: [{ source: "a", target: "b" }] }],
    executors: { default: ({ node }) => patch(node.id === "a" ? first : second) },
  });
  await engine.executeWorkflow({ workflowId: "w", userId: "u", executionId: "e" });
  const browser = browserOf(createInspector({ engine, redact, authorize: () => ({ actions: true }) }));
  await browser.open();
  return { engine, ...browser };
}

describe("a large value that JSON does not have", () => {
  it.each([
    ["map", "array", 200, "Map"],
    ["set", "array", 200, "Set"],
    ["digits", "string", 3_001, "bigint"],
    ["wide", "object", 201, "Object"],
  ])("is cut as a whole, and keeps its name: %s", async (key, of, size, name) => {
    const { get } = await setUp(LARGE);
    const { after } = (await get("change", { id: "e", seq: "1" })).json;
    const { $type, value } = after[key];
    expect([$type, value.of, value.size, value.start.$type]).toEqual(["waymark:cut", of, size, name]);
    expect(Object.keys(value.start.value).length).toBeGreaterThanOrEqual(100);
    // Its whole is found by the place at which it was cut.
    const { value: whole } = (await get("value", { id: "e", seq: "1", side: "after", path: JSON.stringify([key]) }))
      .json;
    expect([whole.$type, Object.keys(whole.value).length]).toEqual([name, size]);
  });

  it("is kept by a fork with an edit beside it", async () => {
    const { engine, get, post } = await setUp(LARGE, { end: true });
    const { before } = (await get("change", { id: "e", seq: "2" })).json;
    const context = JSON.stringify({ ...before, edited: true });
    const { json } = await post("fork", { id: "e", seq: 2, definition: "original", context });
    expect((await engine.getExecutionState(json.executionId)).getContext()).toEqual({ ...LARGE, edited: true });
  });
});

it("a redacted list that was spliced shows where and how much, and no item", async () => {
  const first = { secrets: ["s1", "s2", "s3", "s4"], tags: ["t1", "t2", "t3", "t4"] };
  const { get } = await setUp(first, { secrets: ["s1", "s9"], tags: ["t1", "t9"] }, ["secrets"]);
  const { json, text } = await get("change", { id: "e", seq: "2" });
  const [secrets, tags] = json.operations;
  expect(tags.slice(0, 4)).toEqual(["splice", ["tags"], expect.any(Number), expect.any(Number)]);
  expect(secrets.slice(2, 4)).toEqual(tags.slice(2, 4));
  expect(text).not.toMatch(/s\d/);
});
