import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { mapWorkflow, type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, type FamilyOptions, newFamily } from "./family-world.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A parent that maps its list to children of one node. */
function mapping(work: NodeExecutor, map: Partial<Parameters<typeof mapWorkflow>[0]> = {}): FamilyOptions {
  return {
    workflows: [chainOf("parent", "map", "last"), chainOf("child", "work")],
    executors: { work, map: mapWorkflow({ workflowId: "child", items: "numbers", as: "number", ...map }) },
  };
}

const double: NodeExecutor = ({ context }) => ({ ...context, doubled: Number(context.number) * 2 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a node that maps a workflow", () => {
  it("runs it once per item, and keeps the results in the order of the items", async () => {
    const slow: NodeExecutor = async ({ context }) => {
      for (let turns = 10 - Number(context.number); turns > 0; turns--) await turn();
      return patch({ doubled: Number(context.number) * 2 });
    };
    const { engine, children } = newFamily(mapping(slow, { into: "results" }));
    const numbers = [1, 2, 3, 4, 5];
    const { output, currentStep } = await engine().executeWorkflow({ ...CALL, initialData: { numbers } });
    expect(output.results).toEqual(numbers.map((number) => ({ number, doubled: number * 2 })));
    expect([currentStep, output.last]).toEqual([2, true]);
    expect(await children()).toHaveLength(5);
  });

  it("keeps what output returns, under the id of the node unless told otherwise", async () => {
    const output = ({ doubled }: { doubled?: number }, { item, index }: { item: unknown; index: number }) => [
      index,
      item,
      doubled,
    ];
    const { engine } = newFamily(mapping(double, { output }));
    const result = await engine().executeWorkflow({ ...CALL, initialData: { numbers: [7, 8] } });
    expect(result.output.map).toEqual([
      [0, 7, 14],
      [1, 8, 16],
    ]);
    const empty = await engine().executeWorkflow({ ...CALL, executionId: "p2", initialData: { numbers: [] } });
    expect(empty.output.map).toEqual([]);
  });

  it("fails if there is no list", async () => {
    const { engine } = newFamily(mapping(double));
    const result = await engine().executeWorkflow({ ...CALL, initialData: { numbers: 5 } });
    expect(result).toMatchObject({ status: "failed", failure: { code: "NODE_FAILED", name: "NonRetryableError" } });
    expect(result.error).toContain('"numbers" holds a number, not a list');
  });

  it.each([1, 3])("runs up to itemConcurrency children at the same time: %d", async (itemConcurrency) => {
    let [running, most] = [0, 0];
    const counted: NodeExecutor = async ({ context }) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      return context;
    };
    const { engine } = newFamily(mapping(counted, { itemConcurrency }));
    await engine().executeWorkflow({ ...CALL, initialData: { numbers: [1, 2, 3, 4, 5, 6, 7] } });
    expect(most).toBe(itemConcurrency);
  });
});

describe("an item whose child fails", () => {
  const odd: NodeExecutor = ({ context }) => {
    if (Number(context.number) % 2 === 1) throw new Error(`${context.number} is odd`);
    return context;
  };

  it("fails the node; what runs then ends, and nothing else starts", async () => {
    const { engine, children } = newFamily(mapping(odd, { itemConcurrency: 2 }));
    const result = await engine().executeWorkflow({ ...CALL, initialData: { numbers: [2, 3, 4, 5, 6, 7, 8] } });
    expect(result).toMatchObject({ status: "failed", failure: { code: "CHILD_FAILED" } });
    expect(result.error).toContain("3 is odd");
    expect((await children()).length).toBeLessThan(5);
  });

  it("is one of the results with onItemError: collect", async () => {
    const { engine, children } = newFamily(mapping(odd, { onItemError: "collect" }));
    const { status, output } = await engine().executeWorkflow({ ...CALL, initialData: { numbers: [2, 3] } });
    const failed = (await children()).find((head) => head.status === "failed");
    expect([status, output.map]).toEqual([
      "completed",
      [
        { success: true, output: { number: 2 } },
        { success: false, error: { code: "NODE_FAILED", message: "3 is odd" }, executionId: failed?.id },
      ],
    ]);
  });

  it("is one of the results if its workflow refuses it as input", async () => {
    const validate = (value: unknown) =>
      (value as { number: number }).number === 2 ? { issues: [{ message: "no two" }] } : { value };
    const input = { "~standard": { version: 1, vendor: "test", validate } } as const;
    const options = mapping(({ context }) => context, { onItemError: "collect" });
    const workflows = (options.workflows ?? []).map((each) => (each.id === "parent" ? each : { ...each, input }));
    const { engine } = newFamily({ ...options, workflows } as typeof options);
    const { status, output } = await engine().executeWorkflow({ ...CALL, initialData: { numbers: [1, 2, 3] } });
    expect([status, output.map]).toMatchObject([
      "completed",
      [{ success: true }, { success: false, error: { code: "INPUT_INVALID" } }, { success: true }],
    ]);
  });

  it("is resumed with the failed parent; what has completed does not run again", async () => {
    const ran: unknown[] = [];
    let isMended = false;
    const flaky: NodeExecutor = ({ context }) => {
      ran.push(context.number);
      if (context.number === 2 && !isMended) throw new Error("503");
      return context;
    };
    const { engine } = newFamily(mapping(flaky, { itemConcurrency: 1 }));
    await engine().executeWorkflow({ ...CALL, initialData: { numbers: [1, 2, 3] } });
    isMended = true;
    const { output } = await engine().resumeWorkflow({ executionId: "p1" });
    expect(output.map).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
    expect(ran).toEqual([1, 2, 2, 3]);
  });
});

describe("items whose children wait for answers", () => {
  const asking: NodeExecutor = ({ context, resume }) => {
    if (Number(context.number) % 2 === 0) return context;
    return resume === undefined ? suspend({ reason: `ok ${context.number}?` }) : patch({ answer: resume.data });
  };

  it("make the node wait for the first of them, once all others are done", async () => {
    const { engine, children, toEnd } = newFamily(mapping(asking));
    const first = await engine().executeWorkflow({ ...CALL, initialData: { numbers: [1, 2, 3, 4] } });
    expect(first.waiting).toMatchObject([{ nodeId: "map", reason: "ok 1?" }]);
    expect((await children()).map(({ status }) => status).sort()).toEqual([
      "completed",
      "completed",
      "suspended",
      "suspended",
    ]);
    const third = (await children()).find(({ waiting }) => waiting?.[0]?.reason === "ok 3?");
    // The others are answered by their own tokens.
    const [wait] = (await engine().getExecutionState(third?.id as string)).getWaiting();
    await engine().answerWait({ waitToken: wait?.waitToken as string, data: "three" });
    await toEnd(engine().recoverExecutions());
    const second = await engine().resumeWorkflow({ executionId: "p1", data: "one" });
    expect(second).toMatchObject({
      status: "completed",
      output: { map: [{ number: 1, answer: "one" }, { number: 2 }, { number: 3, answer: "three" }, { number: 4 }] },
    });
  });
});

describe("a node that is woken while children still wait", () => {
  it("reads no results of those that have completed", async () => {
    const work: NodeExecutor = ({ context, resume }) =>
      Number(context.number) > 2 || resume !== undefined ? context : suspend({ reason: `ok ${context.number}?` });
    const { engine, children, data, toEnd } = newFamily(mapping(work));
    const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
    await engine().executeWorkflow({ ...CALL, initialData: { numbers } });
    const [second] = (await children()).filter(({ waiting }) => waiting?.[0]?.reason === "ok 2?");
    const [wait] = (await engine().getExecutionState(second?.id as string)).getWaiting();
    await engine().answerWait({ waitToken: wait?.waitToken as string, data: "yes" });
    let calls = 0;
    const store = interceptStore(data.reopen(), (_method, call) => {
      calls += 1;
      return call();
    });
    const result = await toEnd(engine({ store }).resumeWorkflow({ executionId: "p1" }));
    expect(result).toMatchObject({ status: "suspended", waiting: [{ reason: "ok 1?" }] });
    expect(calls).toBeLessThan(50);
    const done = await toEnd(engine().resumeWorkflow({ executionId: "p1", data: "yes" }));
    expect(done.output?.map).toHaveLength(100);
  });
});

describe("a process that dies in a map, at any commit", () => {
  it.each([1, 3])(
    "leaves what others complete; each item has one child (itemConcurrency: %d)",
    async (itemConcurrency) => {
      for (let call = 1; call < 12; call++) {
        for (const when of ["before", "after"] as const) {
          const ran: unknown[] = [];
          const work: NodeExecutor = ({ context }) => {
            ran.push(context.number);
            return patch({ doubled: Number(context.number) * 2 });
          };
          const family = newFamily({ ...mapping(work, { itemConcurrency }), leaseMs: 0, storeRetryMs: 0 });
          const { engine, data, toEnd, children } = family;
          const store = crashAt(data.reopen(), { call, when });
          await toEnd(
            engine({ store })
              .executeWorkflow({ ...CALL, initialData: { numbers: [1, 2, 3] } })
              .catch(() => undefined),
          );
          for (let round = 0; round < 3; round++) await toEnd(engine().recoverExecutions({ concurrency: 1 }));
          const where = { call, when };
          const state = await engine().getExecutionState("p1");
          expect([where, state.getStatus()]).toEqual([where, "completed"]);
          expect(state.getContext().map).toEqual([1, 2, 3].map((number) => ({ number, doubled: number * 2 })));
          expect(await children()).toHaveLength(3);
          expect(ran.length).toBeLessThanOrEqual(3 + itemConcurrency);
        }
      }
    },
  );
});

describe("a map of 10,000 items", () => {
  it("holds the contexts of the children that run, and no others", async () => {
    const alive: WeakRef<object>[] = [];
    let most = 0;
    const work: NodeExecutor = async ({ context }) => {
      // A WeakRef holds its object until the end of the turn.
      await turn();
      alive.push(new WeakRef(context));
      if (alive.length % 2_500 === 0) {
        collect();
        most = Math.max(most, alive.filter((each) => each.deref() !== undefined).length);
      }
      return context;
    };
    const map = { itemConcurrency: 20, output: ({ number }: { number?: number }) => number };
    const { engine } = newFamily(mapping(work, map));
    const numbers = Array.from({ length: 10_000 }, (_, index) => index);
    const { output, status } = await engine().executeWorkflow({ ...CALL, initialData: { numbers } });
    expect(status).toBe("completed");
    expect(output.map).toEqual(numbers);
    expect(alive).toHaveLength(10_000);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(200);
  });
});
