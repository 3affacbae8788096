import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { bullmqDispatcher } from "../src/bullmq/index.ts";
import { KeptSchedules } from "../src/bullmq/kept-schedules.ts";
import { describeDispatcher } from "./describe-dispatcher.ts";
import type { QueuePlace } from "./dispatcher-under-test.ts";
import { until } from "./until.ts";

const server = await startOwnRedis();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let places = 0;

describeDispatcher({
  name: "bullmqDispatcher",
  place: async () => ({ kind: "bullmq", url: server.url, prefix: `queue-${++places}` }),
  lose: async () => void (await client.flushall()),
  hasTenants: false,
  redeliverAfterMs: 6_000,
  hasten: deliverTickNow,
});

/** A dispatcher that works, and a queue of BullMQ in the same place. */
function working() {
  const prefix = `queue-${++places}`;
  const dispatcher = bullmqDispatcher({ connection: { url: server.url }, prefix, onError: () => undefined });
  const queue = new Queue("waymark", { connection: { url: server.url }, prefix });
  const delivered: string[] = [];
  const stopping = new AbortController();
  const handler = async (id: string) => {
    delivered.push(id);
    return {};
  };
  const work = dispatcher.work(handler, { concurrency: 1, signal: stopping.signal });
  ends.push(async () => {
    stopping.abort();
    await work;
    await dispatcher.close();
    await queue.close();
  });
  return { dispatcher, queue, delivered };
}

it("jobs with data that is not the dispatcher's are done with, and those after them delivered", async () => {
  const { dispatcher, queue, delivered } = working();
  for (const data of [null, "text", [], { other: 1 }]) await queue.add("by hand", data);
  await dispatcher.enqueue("e1", {});
  await until(async () => {
    const { ready, delayed, active } = await dispatcher.depth();
    return ready + delayed + active === 0;
  });
  expect(delivered).toEqual(["e1"]);
});

it.each(["killed", "frozen"] as const)("a worker stops and its dispatcher closes while Redis is %s", async (fault) => {
  const own = await startOwnRedis();
  ends.push(() => own.stop());
  const dispatcher = bullmqDispatcher({ connection: { url: own.url }, onError: () => undefined });
  const stopping = new AbortController();
  const began: string[] = [];
  let release = (): void => undefined;
  const handler = async (id: string) => {
    began.push(id);
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return {};
  };
  const work = dispatcher.work(handler, { concurrency: 2, signal: stopping.signal });
  await dispatcher.enqueue("e1", {});
  await until(() => began.length === 1);
  if (fault === "killed") await own.kill();
  else own.pause();
  stopping.abort();
  release();
  await work;
  await dispatcher.close();
  if (fault === "frozen") own.resume();
});

it("a Redis that has lost everything gets the schedules again", async () => {
  const { dispatcher } = working();
  await dispatcher.schedule("nightly", "0 3 * * *", {}, async () => undefined);
  await client.flushall();
  await until(async () => (await dispatcher.schedules()).length > 0);
  expect(await dispatcher.schedules()).toEqual([{ id: "nightly", cron: "0 3 * * *", timeZone: "UTC" }]);
});

it("a schedule that another process has removed is not among those that are added again", async () => {
  const { queue } = working();
  const kept = new KeptSchedules();
  for (const id of ["stays", "goes"]) {
    const add = () => queue.upsertJobScheduler(id, { pattern: "0 3 * * *" });
    await add();
    await kept.keep(queue, id, add);
  }
  const listed = async () => (await queue.getJobSchedulers(0, -1)).map(({ key }) => key);
  await queue.removeJobScheduler("goes");
  await kept.restore(queue);
  expect(await listed()).toEqual(["stays"]);
  await client.flushall();
  await kept.restore(queue);
  expect(await listed()).toEqual(["stays"]);
});

it("a tick that is on time by the clock of Redis is served by a process whose own clock is an hour ahead", async () => {
  const { dispatcher, queue } = working();
  const ticks: number[] = [];
  await dispatcher.schedule("minutely", "* * * * *", {}, async ({ dueAt }) => void ticks.push(dueAt));
  const [scheduler] = await queue.getJobSchedulers(0, -1);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  ends.push(async () => void vi.useRealTimers());
  await until(() => ticks.length > 0);
  expect(ticks[0]).toBe(scheduler?.next);
});

/** Delivers the tick that a queue keeps for the next full minute. That BullMQ keeps a job until its time is its own. */
async function deliverTickNow(place: QueuePlace): Promise<void> {
  if (place.kind !== "bullmq") throw new Error("This is no queue of BullMQ.");
  const queue = new Queue("waymark", { connection: { url: place.url }, prefix: place.prefix });
  try {
    const [tick] = await queue.getDelayed();
    expect(((tick?.timestamp ?? 0) + (tick?.delay ?? 0)) % 60_000).toBe(0);
    // Nothing is there if the minute has turned meanwhile: the queue delivers it by itself.
    await tick?.promote().catch(() => undefined);
  } finally {
    await queue.close();
  }
}
