import { expect, it } from "vitest";
import { type NodeExecutor, suspend } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { chain } from "./chain.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(1);

it.each([
  ["a wait", (() => suspend({ forMs: 1_000 })) satisfies NodeExecutor],
  [
    "a backoff",
    (() => {
      throw new Error("boom");
    }) satisfies NodeExecutor,
  ],
])("%s that begins after an answer of the store was long on its way is not short", async (_what, executor) => {
  const retry = { maxAttempts: 2, backoffMs: 1_000, jitter: 0 };
  const { store, clock, engine } = newWorld(WORKFLOW, executor, { retry });
  const slow = interceptStore(store.reopen(), async (method, call) => {
    const answer = await call();
    // The process is frozen, or the network slow: the store's clock goes on meanwhile.
    if (method === "createExecution") clock.advance(700);
    return answer;
  });
  await engine({ store: slow }).executeWorkflow({ ...callOf(WORKFLOW), budgetMs: 900 });
  const { wakeAt = 0 } = (await store.getExecution("e1")) ?? {};
  expect(wakeAt - clock.now()).toBeGreaterThanOrEqual(1_000);
});
