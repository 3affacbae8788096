import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it, vi } from "vitest";
import { KeptSchedules } from "../src/bullmq/kept-schedules.ts";
import { describeDispatcher } from "./describe-dispatcher.ts";
import type { QueuePlace } from "./dispatcher-under-test.ts";
import { until } from "./until.ts";
import { working } from "./working-bullmq.ts";

const server = await startOwnRedis();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

let places = 0;

const TICK = { schedule: "daily", missed: "once" };
const DAY_MS = 86_400_000;

describeDispatcher({
  name: "bullmqDispatcher",
  place: async () => ({ kind: "bullmq", url: server.url, prefix: `queue-${++places}` }),
  lose: async () => void (await client.flushall()),
  hasTenants: false,
  redeliverAfterMs: 6_000,
  hasten: deliverTickNow,
});

it("jobs with data that is not the dispatcher's are done with, and those after them delivered", async () => {
  const { dispatcher, queue, delivered } = working(server.url);
  for (const data of [null, "text", [], { other: 1 }, { schedule: 5 }, { schedule: {} }, { schedule: null }])
    await queue.add("by hand", data);
  await dispatcher.enqueue("e1", {});
  await until(async () => {
    const { ready, delayed, active } = await dispatcher.depth();
    return ready + delayed + active === 0;
  });
  expect(delivered).toEqual(["e1"]);
});

it("a schedule that another process has removed is not among those that are added again", async () => {
  const { queue } = working(server.url);
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

it("after an outage, `once` starts the last tick that was due, by a process that knows the schedule", async () => {
  const { dispatcher, queue } = working(server.url);
  const ticks: number[] = [];
  // None of its own ticks comes now.
  const cron = `0 ${(new Date().getUTCHours() + 12) % 24} * * *`;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3 * DAY_MS });
  try {
    await queue.upsertJobScheduler("daily", { pattern: cron, tz: "UTC" }, { name: "tick", data: TICK });
  } finally {
    vi.useRealTimers();
  }
  // The dispatcher does not know the schedule yet, and keeps the tick.
  await until(async () => (await queue.getJobs()).some(({ data }) => data.dueAt !== undefined));
  await dispatcher.schedule("daily", cron, { missed: "once" }, async ({ dueAt }) => void ticks.push(dueAt));
  await until(() => ticks.length > 0);
  const [next] = await queue.getDelayed();
  expect(ticks).toEqual([Number(next?.opts.prevMillis) - DAY_MS]);
  expect(next?.data).toEqual(TICK);
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
