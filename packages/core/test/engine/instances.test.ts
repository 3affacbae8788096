import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, patch } from "../../src/index.ts";
import { assertExact } from "../state/exact.ts";
import { anyContext } from "../state/values.ts";
import { chain } from "./chain.ts";

type Mode = "frozen" | "copy";

/** Runs nodes that each add to the context, the second one by a patch. Returns the contexts they got. */
async function run(contextMode: Mode, made: readonly object[], change: (context: object) => void = () => {}) {
  const store = new MemoryCheckpointStore();
  const seen: unknown[] = [];
  const add: NodeExecutor = ({ context, node }) => {
    seen.push(context);
    change(context);
    const added = made[Number(node.id.slice(1)) - 1] as Record<string, unknown>;
    return node.id === "n2" ? patch(added) : { ...context, ...added };
  };
  const engineOn = () =>
    createWorkflowEngine({ store, contextMode, workflows: [chain(made.length)], executors: { default: add } });
  const result = await engineOn().executeWorkflow({ workflowId: "chain", userId: "u1" });
  return { result, seen, state: () => engineOn().getExecutionState(result.executionId) };
}

describe.each<Mode>(["frozen", "copy"])("in the context mode %s, values of all kinds", (mode) => {
  it("reach the next node, the caller and another process exactly", async () => {
    await fc.assert(
      fc.asyncProperty(anyContext, anyContext, async (first, second) => {
        const { result, seen, state } = await run(mode, [first, second, {}]);
        const whole = { ...first, ...second };
        expect(result.success).toBe(true);
        assertExact(seen[1], first);
        assertExact(seen[2], whole);
        assertExact(result.output, whole);
        const stored = await state();
        assertExact(stored.getContext(), whole);
        assertExact(stored.getCheckpoints()[0]?.context, first);
      }),
      { numRuns: 100 },
    );
  });

  it("are copies: a node changes its own only", async () => {
    const made = {
      pattern: /a/g,
      link: new URL("http://a/"),
      floats: new Float32Array(1),
      error: Object.assign(new Error("no", { cause: new Error("deep") }), { at: new Date(0) }),
    };
    const change = (context: object) => {
      if (!("pattern" in context)) return;
      const { pattern, link, floats, error } = context as typeof made;
      pattern.lastIndex = 5;
      link.pathname = "/changed";
      floats[0] = 7;
      error.message = "changed";
      error.at.setTime(7);
      (error.cause as Error).message = "changed";
    };
    const { seen, result, state } = await run(mode, [made, {}], change);
    expect(result.success).toBe(true);
    expect((seen[1] as typeof made).floats[0]).toBe(7);
    const stored = (await state()).getContext() as typeof made;
    expect([stored.link.href, stored.floats[0], stored.error.message]).toEqual(["http://a/", 0, "no"]);
    expect([stored.error.at, (stored.error.cause as Error).message]).toEqual([new Date(0), "deep"]);
    expect(made.error.message).toBe("no");
  });
});

describe("what an error in a context holds", () => {
  const made = { error: Object.assign(new AggregateError([{ a: 1 }]), { details: { list: [1] } }) };

  it.each<[Mode, boolean]>([
    ["frozen", true],
    ["copy", false],
  ])("is frozen in the mode %s: %s", async (mode, isFrozen) => {
    const { seen } = await run(mode, [made, {}]);
    const { error } = seen[1] as typeof made;
    const parts = [error.errors, error.errors[0], error.details, error.details.list];
    expect(parts.map(Object.isFrozen)).toEqual(parts.map(() => isFrozen));
  });
});
