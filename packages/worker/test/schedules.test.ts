import { WorkflowError } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { createWorker } from "../src/index.ts";
import { opened, QuickQueue } from "./quick-queue.ts";
import { until } from "./until.ts";

describe("schedules", () => {
  it("start one execution per tick, however often the tick comes, with an id made of schedule and time", async () => {
    const queue = new QuickQueue();
    const { engine, isCompleted } = opened(queue);
    const worker = createWorker({ engine, sweepIntervalMs: 20 });
    await worker.schedule("nightly", "0 3 * * *", { workflowId: "w", userId: "u1", initialData: { kind: "report" } });
    const dueAt = Date.UTC(2026, 0, 2, 3);
    await Promise.all([1, 2, 3].map(() => queue.onTick.get("nightly")?.({ dueAt })));
    const id = "nightly@2026-01-02T03:00:00.000Z";
    await until(() => isCompleted(id));
    const { items } = await engine.listExecutions();
    expect(items.map((item) => item.id)).toEqual([id]);
    expect((await engine.getExecutionState(id)).getContext()).toEqual({ kind: "report" });
    expect(await worker.schedules()).toEqual([{ id: "nightly", cron: "* * * * *", timeZone: "UTC" }]);
    expect([await worker.unschedule("nightly"), await worker.unschedule("nightly")]).toEqual([true, false]);
    await worker.stop();
  });

  it("are done with a tick that another version of the schedule has served", async () => {
    const queue = new QuickQueue();
    const { engine } = opened(queue);
    const worker = createWorker({ engine });
    const dueAt = Date.UTC(2026, 0, 2, 3);
    for (const userId of ["u1", "u2"]) {
      await worker.schedule("nightly", "0 3 * * *", { workflowId: "w", userId });
      await queue.onTick.get("nightly")?.({ dueAt });
    }
    const { items } = await engine.listExecutions();
    expect(items.map((item) => [item.id, item.userId])).toEqual([["nightly@2026-01-02T03:00:00.000Z", "u1"]]);
    await worker.stop();
  });

  it("need a dispatcher that keeps them, a workflow, a user and a time zone that exists", async () => {
    const target = { workflowId: "w", userId: "u1" };
    const without = createWorker({ engine: opened().engine });
    const plain = { enqueue: async () => undefined, work: async () => undefined, close: async () => undefined };
    const cannot = createWorker({ engine: opened(plain).engine });
    const able = createWorker({ engine: opened(new QuickQueue()).engine });
    for (const call of [
      () => without.schedule("a", "* * * * *", target),
      () => without.schedules(),
      () => cannot.schedule("a", "* * * * *", target),
      () => able.schedule("a b", "* * * * *", target),
      () => able.schedule("a", "", target),
      () => able.schedule("a", "* * * * *", { ...target, userId: "" }),
      () => able.schedule("a", "* * * * *", { ...target, initialData: 5 as never }),
      () => able.schedule("a", "* * * * *", { ...target, initialData: [] as never }),
      () => able.schedule("a", "* * * * *", { ...target, timezone: "UTC" } as never),
      () => able.stop({ drainMS: 5 } as never),
      () => able.stop({ drainMs: -1 }),
      () => able.schedule("a", "* * * * *", { ...target, timeZone: "Mars/Base" }),
      () => able.schedule("a", "* * * * *", { ...target, missed: "all" as never }),
      () => able.schedule("a", "* * * * *", { ...target, zone: "UTC" } as never),
    ]) {
      await expect(call()).rejects.toSatisfy(
        (error) => error instanceof WorkflowError && error.code === "INVALID_ARGUMENT",
      );
    }
    await Promise.all([without, cannot, able].map((worker) => worker.stop()));
  });
});
