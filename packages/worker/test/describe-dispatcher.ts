import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Dispatcher } from "@waymark/core";
import { isThorough } from "tooling/thorough";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDispatcher, type QueuePlace, type QueueSettings } from "./dispatcher-under-test.ts";
import { serve } from "./serve.ts";
import { until } from "./until.ts";

/** A dispatcher to prove. */
export interface DispatcherUnderTest {
  name: string;
  /** Returns the place of a queue that nobody uses. */
  place: () => Promise<QueuePlace>;
  /** Removes everything that a queue has. */
  lose: (place: QueuePlace) => Promise<void>;
  hasTenants: boolean;
  /** The shortest time of `redeliverAfterMs`. */
  redeliverAfterMs: number;
  /** Lets the queue deliver the tick for the next full minute now, if it can. Otherwise the test waits for it. */
  hasten?: (place: QueuePlace) => Promise<void>;
}

/** The program that proves a dispatcher: the same for every queue. */
export function describeDispatcher({
  name,
  place,
  lose,
  hasTenants,
  redeliverAfterMs,
  hasten,
}: DispatcherUnderTest): void {
  async function open(at: QueuePlace, settings?: QueueSettings): Promise<Required<Dispatcher>> {
    const dispatcher = await openDispatcher(at, settings);
    onTestFinished(() => dispatcher.close());
    return dispatcher;
  }

  describe(name, () => {
    it("delivers what another handle has added, once", async () => {
      const at = await place();
      const delivered: string[] = [];
      serve(await open(at), async (id) => {
        delivered.push(id);
        return {};
      });
      const producer = await open(at);
      await Promise.all(["a", "b", "ä:{}€\n"].map((id) => producer.enqueue(id, {})));
      await until(() => delivered.length === 3);
      await producer.enqueue("last", {});
      await until(() => delivered.includes("last"));
      expect(delivered.toSorted()).toEqual(["a", "b", "last", "ä:{}€\n"]);
    });

    it("delivers again what the handler wants again or rejects, after what came in between", async () => {
      const dispatcher = await open(await place());
      const delivered: string[] = [];
      serve(dispatcher, async (id) => {
        delivered.push(id);
        const isFirst = delivered.filter((each) => each === id).length === 1;
        if (isFirst && id === "fails") throw new Error("boom");
        return isFirst && id === "waits" ? { againInMs: 600 } : {};
      });
      for (const id of ["waits", "fails", "other"]) await dispatcher.enqueue(id, {});
      await until(() => delivered.length === 5);
      expect(delivered.slice(0, 3)).toEqual(["waits", "fails", "other"]);
      expect(delivered.slice(3).toSorted()).toEqual(["fails", "waits"]);
    });

    it("keeps a job back until its time", async () => {
      const dispatcher = await open(await place());
      await dispatcher.enqueue("later", { delayMs: 1_500 });
      await dispatcher.enqueue("never", { delayMs: 40 * 86_400_000 });
      await dispatcher.enqueue("now", {});
      const delivered: string[] = [];
      serve(dispatcher, async (id) => {
        delivered.push(id);
        return {};
      });
      await until(() => delivered.length === 2);
      expect(delivered).toEqual(["now", "later"]);
    });

    it("delivers a higher priority first, and up to `concurrency` at a time", async () => {
      const dispatcher = await open(await place());
      for (const [id, priority] of [
        ["low", -1_000],
        ["middle", undefined],
        ["high", 1_000],
      ] as const) {
        await dispatcher.enqueue(id, { priority });
      }
      const delivered: string[] = [];
      const stop = serve(dispatcher, async (id) => {
        delivered.push(id);
        return {};
      });
      await until(() => delivered.length === 3);
      expect(delivered).toEqual(["high", "middle", "low"]);
      await stop();
      let [now, most] = [0, 0];
      const settled: string[] = [];
      serve(
        dispatcher,
        async (id) => {
          most = Math.max(most, ++now);
          await until(() => now === 3 || settled.length > 6);
          now--;
          settled.push(id);
          return {};
        },
        3,
      );
      for (let each = 0; each < 9; each++) await dispatcher.enqueue(`e${each}`, {});
      await until(() => settled.length === 9);
      expect(most).toBe(3);
    });

    it("adds a job with `atMostEveryMs` once in that time, for all handles", async () => {
      const at = await place();
      const [one, other] = [await open(at), await open(at)];
      for (const handle of [one, other, one]) await handle.enqueue("a", { atMostEveryMs: 3_600_000 });
      await one.enqueue("b", { atMostEveryMs: 3_600_000 });
      const delivered: string[] = [];
      serve(one, async (id) => {
        delivered.push(id);
        return {};
      });
      await until(() => delivered.includes("b"));
      await other.enqueue("a", { atMostEveryMs: 3_600_000 });
      await other.enqueue("last", {});
      await until(() => delivered.includes("last"));
      expect(delivered).toEqual(["a", "b", "last"]);
    });

    it("delivers nothing more once its signal aborts, and lets deliveries end", async () => {
      const dispatcher = await open(await place());
      const began: string[] = [];
      let release = (): void => undefined;
      const stop = serve(dispatcher, async (id) => {
        began.push(id);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return {};
      });
      for (const id of ["a", "b"]) await dispatcher.enqueue(id, {});
      await until(() => began.length === 1);
      let isOver = false;
      const stopped = stop().then(() => {
        isOver = true;
      });
      await dispatcher.schedules();
      expect(isOver).toBe(false);
      release();
      await stopped;
      expect(began).toEqual(["a"]);
      serve(dispatcher, async (id) => {
        began.push(id);
        return {};
      });
      await until(() => began.length === 2);
      expect(began).toEqual(["a", "b"]);
    });

    it("works again after it has lost everything", async () => {
      const at = await place();
      const dispatcher = await open(at);
      await dispatcher.enqueue("lost", { delayMs: 60_000 });
      const delivered: string[] = [];
      serve(dispatcher, async (id) => {
        delivered.push(id);
        return {};
      });
      await dispatcher.enqueue("before", {});
      await until(() => delivered.includes("before"));
      await lose(at);
      await dispatcher.enqueue("after", {});
      await until(() => delivered.includes("after"));
      expect(delivered).toEqual(["before", "after"]);
    });

    // pg-boss takes no shorter time than 20 seconds.
    const isShort = redeliverAfterMs <= 10_000;
    const again = `delivers a job again whose process was killed, within ${redeliverAfterMs} ms and a few seconds`;
    it.runIf(isThorough || isShort)(again, async () => {
      const at = await place();
      const settings = { redeliverAfterMs };
      const producer = await open(at, settings);
      await producer.enqueue("a", {});
      const script = fileURLToPath(new URL("taking-process.ts", import.meta.url));
      const child = spawn(process.execPath, [script, JSON.stringify({ place: at, settings })], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [taken] = await once(child.stdout, "data");
      expect(String(taken)).toBe("a\n");
      const killedAt = performance.now();
      child.kill("SIGKILL");
      let againAfterMs = 0;
      serve(producer, async () => {
        againAfterMs = performance.now() - killedAt;
        return {};
      });
      await until(() => againAfterMs > 0);
      // A job that a slow machine delivers late was not lost: the bound is a multiple of the stated time.
      expect(againAfterMs).toBeLessThan(3 * redeliverAfterMs);
    });

    it.runIf(hasTenants)(
      "runs hardly more jobs of a tenant at the same time than it may, over several handles",
      async () => {
        const at = await place();
        const handles = await Promise.all([1, 2, 3].map(() => open(at, { tenantConcurrency: 2 })));
        const [producer] = handles as [Required<Dispatcher>];
        await Promise.all(
          Array.from({ length: 30 }, (_, index) => producer.enqueue(`big-${index}`, { tenant: "big" })),
        );
        await producer.enqueue("small-0", { tenant: "small" });
        const running = new Set<string>();
        const settled: string[] = [];
        let most = 0;
        for (const handle of handles) {
          serve(
            handle,
            async (id) => {
              running.add(id);
              most = Math.max(most, [...running].filter((each) => each.startsWith("big")).length);
              // Others have time to begin meanwhile.
              await new Promise((resolve) => setTimeout(resolve, 50));
              running.delete(id);
              settled.push(id);
              return {};
            },
            8,
          );
        }
        await until(() => settled.length === 31);
        // Each handle keeps the limit; those that fetch at the same instant do not see each other.
        expect(most).toBeLessThanOrEqual(2 * handles.length);
        expect(settled.indexOf("small-0")).toBeLessThan(15);
      },
    );

    it("says how many jobs it has", async () => {
      const dispatcher = await open(await place());
      await dispatcher.enqueue("a", {});
      await dispatcher.enqueue("b", { delayMs: 60_000 });
      expect(await dispatcher.depth()).toEqual({ ready: 1, delayed: 1, active: 0 });
    });

    it("keeps schedules, lists and removes them, and refuses an expression that it cannot read", async () => {
      const at = await place();
      const dispatcher = await open(at);
      const onTick = async () => undefined;
      await dispatcher.schedule("nightly", "0 3 * * *", { timeZone: "Europe/Berlin" }, onTick);
      await dispatcher.schedule("hourly", "0 * * * *", {}, onTick);
      await dispatcher.schedule("hourly", "30 * * * *", {}, onTick);
      const other = await open(at);
      const listed = await other.schedules();
      expect(listed.toSorted((one, two) => one.id.localeCompare(two.id))).toEqual([
        { id: "hourly", cron: "30 * * * *", timeZone: "UTC" },
        { id: "nightly", cron: "0 3 * * *", timeZone: "Europe/Berlin" },
      ]);
      expect([await other.unschedule("hourly"), await other.unschedule("hourly")]).toEqual([true, false]);
      expect(await dispatcher.schedules()).toHaveLength(1);
      // H is another minute in each process.
      for (const cron of ["every day", "* * * * * *", "99 * * * *", "H * * * *", "0 h(0-7) * * *"]) {
        await expect(dispatcher.schedule("bad", cron, {}, onTick)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
      const nowhere = dispatcher.schedule("bad", "0 3 * * *", { timeZone: "Mars/Olympus" }, onTick);
      await expect(nowhere).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      const never = dispatcher.schedule("bad", "0 0 30 2 *", {}, onTick);
      await expect(never).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(await dispatcher.schedules()).toHaveLength(1);
    });

    it("delivers the ticks of a schedule to a process that knows it, with the time that the schedule names", async () => {
      const at = await place();
      const [ignorant, knowing] = [await open(at), await open(at)];
      const ticks: number[] = [];
      await knowing.schedule("minutely", "* * * * *", {}, async ({ dueAt }) => void ticks.push(dueAt));
      for (const each of [ignorant, knowing]) serve(each, async () => ({}));
      await hasten?.(at);
      await until(() => ticks.length > 0, 110_000);
      expect(ticks.map((dueAt) => dueAt % 60_000)).toEqual(ticks.map(() => 0));
    });
  });
}
