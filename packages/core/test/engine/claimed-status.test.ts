import { describe, expect, it } from "vitest";
import type { CheckpointStore, NodeExecutor } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { append, chain } from "./chain.ts";
import { until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);

/** An execution in whose first node a run works, and a call that ends the run just before somebody else claims. */
async function running(how: "pending" | "failed") {
  let finish: (() => void) | undefined;
  const controller = new AbortController();
  const attempts: number[] = [];
  const executor: NodeExecutor = async (args) => {
    attempts.push(args.attempt);
    if (attempts.length === 1) {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      if (how === "failed") throw new Error("boom");
    }
    return append(args);
  };
  const world = newWorld(WORKFLOW, executor, { retry: { onCrash: "fail" } });
  const first = world.engine().executeWorkflow({ ...callOf(WORKFLOW), signal: controller.signal });
  await until(() => finish !== undefined);
  const endingFirst: CheckpointStore = interceptStore(world.store.reopen(), async (method, call) => {
    if (method === "claimExecution") {
      if (how === "pending") controller.abort();
      finish?.();
      await first;
    }
    return call();
  });
  return { ...world, first, attempts, second: world.engine({ store: endingFirst }) };
}

describe("a resume that read the execution as running, and claims it after its run has ended", () => {
  it("as pending does not take the run's end for a crash, and continues", async () => {
    const { first, second, attempts } = await running("pending");
    expect(await second.resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "completed", currentStep: 2 });
    expect(await first).toMatchObject({ status: "pending", currentStep: 1 });
    expect(attempts).toEqual([1, 1]);
  });

  it("as failed starts the node again, as any resume of a failed execution", async () => {
    const { first, second, attempts } = await running("failed");
    expect(await second.resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "completed", currentStep: 2 });
    expect(await first).toMatchObject({ status: "failed" });
    expect(attempts).toEqual([1, 2, 1]);
  });

  it("as failed leaves it failed, and not due, if its answer is refused", async () => {
    const { second, store } = await running("failed");
    const refused = second.resumeWorkflow({ executionId: "e1", data: "yes" });
    await expect(refused).rejects.toMatchObject({ code: "NOT_WAITING" });
    const head = await store.getExecution("e1");
    expect(head).toMatchObject({ status: "failed", failure: { message: "boom" } });
    expect(head?.wakeAt).toBeUndefined();
  });
});
