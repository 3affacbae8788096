import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CheckpointStore, mapWorkflow, type NodeExecutor, patch, subWorkflow, suspend } from "../../src/index.ts";
import { STORE_METHODS, type StoreMethod } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, type Family, newFamily } from "./family-world.ts";

const LEASE_MS = 1_000;
const OUTPUT = { list: [1, 2, 3], map: [2, 4, 6], sub: ["yes", 10], last: true };

/** A map and, inside another workflow, a question. */
function family(nodeConcurrency: number) {
  const ran: string[] = [];
  const work: NodeExecutor = ({ context, executionId }) => {
    ran.push(executionId);
    return patch({ doubled: Number(context.item) * 2 });
  };
  const ask: NodeExecutor = ({ resume }) => (resume === undefined ? suspend() : patch({ answer: resume.data }));
  const made = newFamily({
    workflows: [
      chainOf("parent", "map", "sub", "last"),
      chainOf("item", "work"),
      chainOf("outer", "inner", "ten"),
      chainOf("question", "ask"),
    ],
    executors: {
      work,
      ask,
      ten: () => patch({ ten: 10 }),
      map: mapWorkflow({ workflowId: "item", items: "list", itemConcurrency: 2, output: ({ doubled }) => doubled }),
      sub: subWorkflow({
        ...{ workflowId: "outer", input: () => ({}) },
        output: ({ answer, ten }) => patch({ sub: [answer, ten] }),
      }),
      inner: subWorkflow({ workflowId: "question" }),
    },
    ...{ nodeConcurrency, leaseMs: LEASE_MS, storeRetryMs: 0 },
  });
  return { ...made, ran };
}

/** Answers the question, if it is asked: by its token, or by the parent. */
async function answer({ engine, data, toEnd }: Family, store: CheckpointStore, how: "token" | "parent"): Promise<void> {
  const [asked] = (await data.listExecutions({ workflowId: "question", status: "suspended" })).items;
  if (asked === undefined) return;
  const [wait] = (await engine().getExecutionState(asked.id)).getWaiting();
  const own = engine({ store });
  const given: Promise<unknown> =
    how === "token"
      ? own.answerWait({ waitToken: wait?.waitToken as string, data: "yes" })
      : own.resumeWorkflow({ executionId: "p1", data: "yes" });
  await toEnd(given.catch(() => undefined));
}

const crash = fc.record({
  method: fc.constantFrom(...(Object.keys(STORE_METHODS) as StoreMethod[]), "commit" as const, "commit" as const),
  call: fc.integer({ min: 1, max: 14 }),
  when: fc.constantFrom("before" as const, "after" as const),
});
const how = fc.constantFrom("token" as const, "parent" as const);

describe("parents and children of processes that die anywhere, one after the other", () => {
  it("complete, with one child for each item and node, and no more runs of a node than processes that died", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(crash, how), { maxLength: 4 }),
        fc.constantFrom(1, 3),
        async (crashes, together) => {
          const made = family(together);
          const { engine, data, clock, toEnd, ran } = made;
          const died = new Set<number>();
          await engine().startExecution({ ...CALL, initialData: { list: [1, 2, 3] } });
          for (const [index, [point, by]] of crashes.entries()) {
            const store = crashAt(data.reopen(), point);
            await toEnd(
              engine({ store: store as CheckpointStore })
                .recoverExecutions()
                .catch(() => undefined),
            );
            await answer(made, store as CheckpointStore, by);
            if (store.crashed) died.add(index);
            clock.advance(LEASE_MS);
          }
          for (let round = 0; round < 8; round++) {
            await toEnd(engine().recoverExecutions());
            await answer(made, data.reopen() as CheckpointStore, "token");
            clock.advance(LEASE_MS);
          }
          const state = await engine().getExecutionState("p1");
          expect([state.getStatus(), state.getContext()]).toEqual(["completed", OUTPUT]);
          const { items } = await data.listExecutions({});
          expect(items.map(({ workflowId, status }) => `${workflowId} ${status}`).sort()).toEqual(
            ["item", "item", "item", "outer", "parent", "question"].map((id) => `${id} completed`),
          );
          for (const id of new Set(ran)) {
            expect(ran.filter((each) => each === id).length).toBeLessThanOrEqual(1 + died.size);
          }
          expect(new Set(ran).size).toBe(3);
        },
      ),
      { numRuns: 60 },
    );
  });
});
