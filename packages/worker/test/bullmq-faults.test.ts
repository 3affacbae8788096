import { Redis } from "ioredis";
import { startOwnRedis, startTcpProxy } from "tooling/test-servers";
import { afterAll, expect, it, onTestFinished, vi } from "vitest";
import { bullmqDispatcher } from "../src/bullmq/index.ts";
import { holdDelivery } from "./serve.ts";
import { until } from "./until.ts";
import { working } from "./working-bullmq.ts";

const server = await startOwnRedis();
const client = new Redis(server.url);
afterAll(async () => {
  await client.quit();
  await server.stop();
});

it.each(["killed", "frozen"] as const)("a worker stops and its dispatcher closes while Redis is %s", async (fault) => {
  const own = await startOwnRedis();
  onTestFinished(() => own.stop());
  const dispatcher = bullmqDispatcher({ connection: { url: own.url }, onError: () => undefined });
  const { stop } = await holdDelivery(dispatcher);
  if (fault === "killed") await own.kill();
  else own.pause();
  await stop();
  await dispatcher.close();
  if (fault === "frozen") own.resume();
});

it("jobs are added and delivered again after connections have broken silently", async () => {
  const { hostname, port } = new URL(server.url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  const { dispatcher, delivered } = working(proxy.urlFor(server.url));
  await dispatcher.enqueue("before", {});
  await until(() => delivered.includes("before"));
  proxy.muteServer();
  await dispatcher.enqueue("after", {});
  await until(() => delivered.includes("after"));
});

it("a Redis that has lost everything gets the schedules again", async () => {
  const { dispatcher } = working(server.url);
  await dispatcher.schedule("nightly", "0 3 * * *", {}, async () => undefined);
  await client.flushall();
  await until(async () => (await dispatcher.schedules()).length > 0);
  expect(await dispatcher.schedules()).toEqual([{ id: "nightly", cron: "0 3 * * *", timeZone: "UTC" }]);
});

it("a tick that is on time by the clock of Redis is served by a process whose own clock is an hour ahead", async () => {
  const { dispatcher, queue } = working(server.url);
  const ticks: number[] = [];
  await dispatcher.schedule("minutely", "* * * * *", {}, async ({ dueAt }) => void ticks.push(dueAt));
  const [scheduler] = await queue.getJobSchedulers(0, -1);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  await until(() => ticks.length > 0);
  expect(ticks[0]).toBe(scheduler?.next);
});
